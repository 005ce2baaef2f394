//! Images whose content may change without the workload saying so.

use kubescape_engine::{Out, Workload};

use crate::image_reference::{ImageReference, is_below};

/// An image that moves (`latest`, no tag, or a tag that the user lists) is not
/// pulled anew for every pod, so that two pods may run different code.
///
/// Without a policy Kubernetes itself pulls such images always.
pub(crate) fn moving_but_not_always_pulled<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let floating = out.inputs.list("floatingImageTags");
    for container in workload.containers() {
        let policy = container.at("imagePullPolicy");
        if policy.is_nothing() || policy.is("Always") {
            continue;
        }
        let Some(image) = container.at("image").as_str() else {
            continue;
        };
        if ImageReference::parse(image).moves(floating) {
            out.fail(workload.object)
                .review(format_args!("{container}.image"))
                .review(format_args!("{container}.imagePullPolicy"));
        }
    }
}

/// The image is not named by its digest.
pub(crate) fn not_pinned<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let exempt = out.inputs.list("imageDigestExemptRepositories");
    for container in workload.all_containers() {
        let Some(image) = container.at("image").as_str() else {
            continue;
        };
        let pinned = ImageReference::parse(image).digest.is_some_and(is_digest);
        if !pinned && !exempt.iter().any(|prefix| is_below(image, prefix)) {
            out.fail(workload.object)
                .review(format_args!("{container}.image"));
        }
    }
}

/// Whether `text` is a digest as the OCI image specification has it. The
/// algorithms it registers have fixed lengths.
fn is_digest(text: &str) -> bool {
    let Some((algorithm, encoded)) = text.split_once(':') else {
        return false;
    };
    let hex = |length| {
        encoded.len() == length
            && encoded
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    match algorithm {
        "sha256" | "blake3" => hex(64),
        "sha512" => hex(128),
        _ => {
            let plain = |part: &str| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            };
            let encodes = |byte: u8| byte.is_ascii_alphanumeric() || b"=_-".contains(&byte);
            algorithm.split(['+', '.', '_', '-']).all(plain)
                && !encoded.is_empty()
                && encoded.bytes().all(encodes)
        }
    }
}
