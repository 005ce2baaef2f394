//! Resource IDs of objects in files. (config-scanning reference §4.)

use std::fmt::Write as _;

use kubescape_engine::Object;

/// `path=<hash>/api=<ID>`. The hash is of `<path>`, so that equal objects in
/// different files stay apart.
pub(crate) fn resource_id(path: &str, object: &Object<'_>) -> String {
    format!("path={}/api={}", fnv1a(path), object.resource_id())
}

/// The ID of an object whose ID is taken: the same with a number, so that no
/// two resources of a report share one.
pub(crate) fn of_twin(id: &str, number: u32) -> Box<str> {
    format!("{id}#{number}").into()
}

/// 32-bit FNV-1a, in decimal.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to memory cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
