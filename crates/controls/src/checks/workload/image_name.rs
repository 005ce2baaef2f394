//! The parts of an image reference.

use std::borrow::Cow;

/// An image reference taken apart; the parts are as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageName<'a> {
    /// Registry and repository.
    pub(crate) name: &'a str,
    /// The tag, when one is given.
    pub(crate) tag: Option<&'a str>,
    /// The digest with its algorithm, when one is given.
    pub(crate) digest: Option<&'a str>,
}

impl<'a> ImageName<'a> {
    /// Takes a reference apart. A colon before the last slash is a port.
    pub(crate) fn parse(image: &'a str) -> Self {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        Self { name, tag, digest }
    }
}

/// The reference with the registry spelled out, as Docker does: `redis` is
/// `docker.io/library/redis`. Borrowed when it already names its registry.
pub(crate) fn with_registry(image: &str) -> Cow<'_, str> {
    match image.split_once('/') {
        Some((registry, rest)) if is_registry(registry) => {
            if registry != "index.docker.io" {
                return Cow::Borrowed(image);
            }
            Cow::Owned(format!("docker.io/{rest}"))
        }
        Some(_) => Cow::Owned(format!("docker.io/{image}")),
        None => Cow::Owned(format!("docker.io/library/{image}")),
    }
}

/// What stands before the first slash is a registry only if it can be no
/// account of Docker Hub.
fn is_registry(text: &str) -> bool {
    text == "localhost"
        || text.contains(['.', ':'])
        || text.chars().any(|letter| letter.is_ascii_uppercase())
}

/// Whether `image` lies below `prefix`, a registry or a repository: equal to
/// it or going on with one of `/ : @`. `gcr.io` does not cover `gcr.io.example`.
pub(crate) fn is_below(image: &str, prefix: &str) -> bool {
    let Some(rest) = image.strip_prefix(prefix) else {
        return false;
    };
    !prefix.is_empty()
        && (rest.is_empty()
            || prefix.ends_with(['/', ':', '@'])
            || rest.starts_with(['/', ':', '@']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let parts = |image| {
            let ImageName { name, tag, digest } = ImageName::parse(image);
            (name, tag, digest)
        };
        assert_eq!(parts("redis"), ("redis", None, None));
        assert_eq!(parts("redis:7"), ("redis", Some("7"), None));
        assert_eq!(parts("hub:5000/redis"), ("hub:5000/redis", None, None));
        assert_eq!(
            parts("hub:5000/redis:7@sha256:ab"),
            ("hub:5000/redis", Some("7"), Some("sha256:ab"))
        );
        assert_eq!(parts(""), ("", None, None));
    }

    #[test]
    fn registries() {
        assert_eq!(with_registry("redis:7"), "docker.io/library/redis:7");
        assert_eq!(with_registry("team/app"), "docker.io/team/app");
        assert_eq!(
            with_registry("index.docker.io/team/app"),
            "docker.io/team/app"
        );
        assert_eq!(with_registry("quay.io/team/app"), "quay.io/team/app");
        assert_eq!(with_registry("hub:5000/app"), "hub:5000/app");
        assert_eq!(with_registry("localhost/app"), "localhost/app");
    }

    #[test]
    fn below() {
        assert!(is_below("gcr.io/app", "gcr.io"));
        assert!(is_below("gcr.io/app:1", "gcr.io/app"));
        assert!(is_below("gcr.io/app", "gcr.io/"));
        assert!(!is_below("gcr.io.example/app", "gcr.io"));
        assert!(!is_below("gcr.io/app", ""));
    }
}
