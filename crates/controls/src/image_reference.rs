//! The parts of an image reference, completed as Docker does.

use std::borrow::Cow;

/// `registry.k8s.io/ingress-nginx/controller:v1.9.0@sha256:…` in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageReference<'a> {
    /// Registry and repository as written, without tag and digest.
    pub(crate) name: &'a str,
    /// Host and port; `docker.io` when none is named.
    pub(crate) registry: &'a str,
    /// What follows the registry, as written: `python`, `library/python`.
    pub(crate) repository: &'a str,
    /// The tag, when there is one.
    pub(crate) tag: Option<&'a str>,
    /// The digest with its algorithm, when there is one.
    pub(crate) digest: Option<&'a str>,
}

/// The registry of images that name none.
const DOCKER_HUB: &str = "docker.io";

impl<'a> ImageReference<'a> {
    /// Takes a reference apart. Any text has an answer.
    pub(crate) fn parse(text: &'a str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path),
            _ => (DOCKER_HUB, name),
        };
        let registry = match registry {
            "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
            other => other,
        };
        Self {
            name,
            registry,
            repository,
            tag,
            digest,
        }
    }

    /// The last part of the repository: `controller`.
    pub(crate) fn short_name(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// Whether the reference may mean another image tomorrow: no digest, and no
    /// tag, `latest` or one of `floating`.
    pub(crate) fn moves(&self, floating: &[String]) -> bool {
        let tag_moves = |tag: &str| tag == "latest" || floating.iter().any(|other| other == tag);
        self.digest.is_none() && self.tag.is_none_or(tag_moves)
    }

    /// Whether the image is in `place`: a registry, or a registry with the
    /// beginning of a repository. Parts between slashes count as wholes.
    pub(crate) fn is_within(&self, place: &str) -> bool {
        let place = place.trim_end_matches('/');
        let Some((registry, path)) = place.split_once('/') else {
            return self.registry == place;
        };
        // `python` is short for `library/python`.
        let short = self.registry == DOCKER_HUB && !self.repository.contains('/');
        let path = match path.strip_prefix("library") {
            Some("") if short => return registry == DOCKER_HUB,
            Some(rest) if short => rest.strip_prefix('/').unwrap_or(path),
            _ => path,
        };
        self.registry == registry && starts_with_parts(self.repository, path)
    }
}

/// What stands before the first slash is a registry only if it can be no
/// account of Docker Hub.
fn is_host(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase)
}

fn starts_with_parts(text: &str, start: &str) -> bool {
    text.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The reference with the registry spelled out, as Docker does: `redis` is
/// `docker.io/library/redis`. Borrowed when it already names its registry.
pub(crate) fn with_registry(image: &str) -> Cow<'_, str> {
    match image.split_once('/') {
        Some((registry, rest)) if is_host(registry) => {
            if registry != "index.docker.io" {
                return Cow::Borrowed(image);
            }
            Cow::Owned(format!("docker.io/{rest}"))
        }
        Some(_) => Cow::Owned(format!("docker.io/{image}")),
        None => Cow::Owned(format!("docker.io/library/{image}")),
    }
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
        let parts = |text| {
            let image = ImageReference::parse(text);
            (image.registry, image.repository, image.tag, image.digest)
        };
        assert_eq!(parts("python"), ("docker.io", "python", None, None));
        assert_eq!(
            parts("acme/app:1"),
            ("docker.io", "acme/app", Some("1"), None)
        );
        assert_eq!(
            parts("quay.io/acme/app:1@sha256:ab"),
            ("quay.io", "acme/app", Some("1"), Some("sha256:ab"))
        );
        assert_eq!(parts("hub:5000/app"), ("hub:5000", "app", None, None));
        assert_eq!(
            parts("localhost/app:x"),
            ("localhost", "app", Some("x"), None)
        );
        assert_eq!(parts(""), ("docker.io", "", None, None));
        assert_eq!(parts("index.docker.io/a/b").0, "docker.io");
    }

    #[test]
    fn places() {
        let within = |image, place| ImageReference::parse(image).is_within(place);
        assert!(within("quay.io/acme/app:1", "quay.io"));
        assert!(within("quay.io/acme/app:1", "quay.io/acme/"));
        assert!(!within("quay.io/acme/app:1", "quay.io/ac"));
        assert!(!within("quay.io:443/acme/app", "quay.io"));
        assert!(within("python:3", "docker.io"));
        assert!(within("python:3", "docker.io/library"));
        assert!(within("python:3", "docker.io/library/python"));
        assert!(!within("python:3", "docker.io/acme"));
        assert!(!within("python:3", "quay.io/library"));
        assert!(!within("python:3", "docker.io/librarypython"));
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
