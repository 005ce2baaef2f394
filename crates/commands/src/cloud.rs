//! Registries of clouds, whose users are those of the cloud.

/// A cloud with a registry of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon's Elastic Container Registry, private.
    Aws,
    /// Azure Container Registry.
    Azure,
    /// Google's Container and Artifact Registry.
    Google,
}

/// The cloud that a registry's host belongs to. Only ends of names count: a host that
/// just contains one gets nobody's credentials.
pub fn cloud_of(host: &str) -> Option<Cloud> {
    let host = host.split(':').next().unwrap_or_default();
    let ends = |end: &str| host.strip_suffix(end).is_some_and(|rest| !rest.is_empty());
    let aws = ends(".amazonaws.com") || ends(".amazonaws.com.cn");
    if aws && host.split('.').skip(1).take(2).eq(["dkr", "ecr"]) {
        Some(Cloud::Aws)
    } else if ends(".azurecr.io") || ends(".azurecr.cn") || ends(".azurecr.us") {
        Some(Cloud::Azure)
    } else if host == "gcr.io" || ends(".gcr.io") || ends("-docker.pkg.dev") {
        Some(Cloud::Google)
    } else {
        None
    }
}

impl Cloud {
    /// As people call it.
    const fn name(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Google => "Google",
        }
    }

    /// How to get a password from the cloud.
    const fn login(self) -> &'static str {
        match self {
            Self::Aws => "aws ecr get-login-password, user AWS",
            Self::Azure => "az acr login --expose-token, user 00000000-0000-0000-0000-000000000000",
            Self::Google => "gcloud auth print-access-token, user oauth2accesstoken",
        }
    }

    /// What to do when there are no credentials for its registry.
    pub fn lacks(self, host: &str) -> String {
        format!(
            "no credentials for {host}: those of {} are not asked for by the operator; \
             give a pull secret, or a file in registryCredentials ({})",
            self.name(),
            self.login()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_are_told_by_the_ends_of_hosts() {
        for (host, cloud) in [
            (
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
                Some(Cloud::Aws),
            ),
            ("1.dkr.ecr.cn-north-1.amazonaws.com.cn", Some(Cloud::Aws)),
            ("acme.azurecr.io", Some(Cloud::Azure)),
            ("eu.gcr.io", Some(Cloud::Google)),
            ("gcr.io:443", Some(Cloud::Google)),
            ("europe-docker.pkg.dev", Some(Cloud::Google)),
            ("1.dkr.ecr.evil.example", None),
            ("s3.amazonaws.com", None),
            (".azurecr.io", None),
            ("gcr.io.evil.example", None),
            ("notgcr.io", None),
            ("docker.io", None),
        ] {
            assert_eq!(cloud_of(host), cloud, "{host}");
        }
        assert!(
            Cloud::Azure
                .lacks("acme.azurecr.io")
                .contains("az acr login")
        );
    }
}
