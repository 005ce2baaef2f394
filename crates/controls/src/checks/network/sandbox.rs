//! Templates of agent sandboxes (`SandboxTemplate` of agents.x-k8s.io): pods
//! that run code nobody has read.

use std::fmt;

use kubescape_engine::{Object, Out, Value};

use crate::image_reference::ImageReference;
use crate::quantity::Quantity;

/// A container of the template; prints its path.
#[derive(Clone, Copy)]
struct Member<'a> {
    value: Value<'a>,
    list: &'static str,
    index: usize,
}

impl fmt::Display for Member<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "spec.podTemplate.spec.{}[{}]", self.list, self.index)
    }
}

pub(super) fn is_template(object: &Object<'_>) -> bool {
    object.kind == "SandboxTemplate"
}

fn pod<'a>(template: &Object<'a>) -> Value<'a> {
    template.spec().at("podTemplate").at("spec")
}

/// The containers of a template; none of anything else.
fn containers<'a>(object: &Object<'a>) -> impl Iterator<Item = Member<'a>> + use<'a> {
    let pod = if is_template(object) {
        pod(object)
    } else {
        Value::Absent
    };
    ["initContainers", "containers"]
        .into_iter()
        .flat_map(move |list| {
            let items = pod.at(list).items().iter().enumerate();
            items.map(move |(index, value)| Member {
                value: *value,
                list,
                index,
            })
        })
}

/// The sandbox does not run under one of the approved, hardened runtimes.
pub(crate) fn soft_runtime<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if !is_template(object) {
        return;
    }
    let class = pod(object).at("runtimeClassName");
    let approved = out.inputs.list("hardenedSandboxRuntimeClasses");
    if !approved.iter().any(|name| class.is(name)) {
        out.fail(object)
            .failed("spec.podTemplate.spec.runtimeClassName")
            .message(format_args!(
                "SandboxTemplate {} names no hardened runtime class",
                object.name
            ));
    }
}

/// An image comes from none of the allowed registries or repositories.
pub(crate) fn foreign_registry<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let allowed = out.inputs.list("imageRepositoryAllowList");
    if allowed.is_empty() {
        return;
    }
    for container in containers(object) {
        let Some(image) = container.value.at("image").as_str() else {
            continue;
        };
        let reference = ImageReference::parse(image);
        if !allowed.iter().any(|place| reference.is_within(place)) {
            report_image(object, container, "is not from an allowed registry", out);
        }
    }
}

/// An image may be another one tomorrow: no digest, and no tag or a tag that moves.
pub(crate) fn moving_tag<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let floating = out.inputs.list("floatingImageTags");
    for container in containers(object) {
        let Some(image) = container.value.at("image").as_str() else {
            continue;
        };
        if ImageReference::parse(image).moves(floating) {
            report_image(object, container, "may change: its tag moves", out);
        }
    }
}

fn report_image<'a>(object: &'a Object<'a>, container: Member<'a>, flaw: &str, out: &mut Out<'a>) {
    out.fail(object)
        .failed(format_args!("{container}.image"))
        .message(format_args!(
            "SandboxTemplate {}: image {} {flaw}",
            object.name,
            container.value.at("image").str()
        ));
}

/// A container has no CPU limit, or one above the ceiling.
pub(crate) fn cpu_limit<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    limit(object, "cpu", "sandbox_cpu_limit_max", out);
}

/// A container has no memory limit, or one above the ceiling.
pub(crate) fn memory_limit<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    limit(object, "memory", "sandbox_memory_limit_max", out);
}

fn limit<'a>(object: &'a Object<'a>, resource: &str, input: &str, out: &mut Out<'a>) {
    if !is_template(object) {
        return;
    }
    let ceiling = out.inputs.first(input).and_then(Quantity::parse);
    for container in containers(object) {
        let limit = container.value.dig(&["resources", "limits", resource]);
        let path = format_args!("{container}.resources.limits.{resource}");
        if limit.is_empty() {
            out.fail(object)
                .fix(path, "YOUR_VALUE")
                .message(format_args!(
                    "SandboxTemplate {}: a container has no {resource} limit",
                    object.name
                ));
        } else if let (Some(limit), Some(ceiling)) = (Quantity::of(limit), ceiling)
            && limit > ceiling
        {
            out.fail(object).review(path).message(format_args!(
                "SandboxTemplate {}: the {resource} limit of a container is above the ceiling",
                object.name
            ));
        }
    }
}
