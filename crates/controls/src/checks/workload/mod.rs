//! How a workload runs: privileges, volumes, images, resources, secrets.

use std::iter::Peekable;

use kubescape_engine::Value;

pub(crate) mod capabilities;
pub(crate) mod credentials;
pub(crate) mod environment;
pub(crate) mod host_access;
pub(crate) mod host_path;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod lifecycle;
pub(crate) mod privileges;
pub(crate) mod registries;
pub(crate) mod resources;
pub(crate) mod root_user;
pub(crate) mod seccomp;
pub(crate) mod security_context;
pub(crate) mod windows;

/// The places in a list of the values that `is_meant` is about; `peek` tells
/// whether there are any.
fn places<'a>(
    list: &'a [Value<'a>],
    is_meant: impl Fn(Value<'a>) -> bool,
) -> Peekable<impl Iterator<Item = usize>> {
    let numbered = list.iter().enumerate();
    numbered
        .filter_map(move |(index, value)| is_meant(*value).then_some(index))
        .peekable()
}
