//! Where reports go, from flags, the environment and the files that the chart mounts.
//! (config-scanning reference §8, control-plane reference §1)

use std::path::Path;

use kubescape_runtime::Secret;
use kubescape_runtime::backend::{Credentials, SERVICES, event_receiver};
use kubescape_runtime::config::{ConfigFile, Env, Presence, Problem, Problems, Severity};

use crate::account::Account;
use crate::backend::Backend;
use crate::send::Destination;

/// What the command line says; it wins over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// A server that tells where its event receiver is.
    pub server: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// Its key.
    pub access_key: Option<Secret<String>>,
}

impl Destination {
    /// The destination that is configured: a server (`--server`, `KS_SERVER`), or else
    /// the event receiver in the service-discovery file
    /// (`KS_SERVICE_DISCOVERY_FILE_PATH`); `None` without any. The account is that of
    /// `--account`, `KS_ACCOUNT_ID` or the file `account` in `credentials`, its key that
    /// of `--access-key`, `KS_ACCESS_KEY` or the file `accessKey`.
    pub fn read(
        flags: Flags,
        credentials: &Path,
        env: &Env,
        problems: &mut Problems,
    ) -> Option<Self> {
        let backend = read_backend(flags.server.as_deref(), env, problems)?;
        let found = Credentials::read(credentials, env, problems);
        let account = flags.account.or(found.account).unwrap_or_default();
        let key = flags.access_key.or(found.access_key).unwrap_or_default();
        match Account::new(&account, &key) {
            Ok(account) => Some(Self { backend, account }),
            Err(error) => {
                problems.push(problem("credentials", "account", &error));
                None
            }
        }
    }
}

fn read_backend(flag: Option<&str>, env: &Env, problems: &mut Problems) -> Option<Backend> {
    let server = flag.map(|server| ("flags", "--server", server));
    let variable = || Some(("environment", "KS_SERVER", env.get("KS_SERVER")?));
    let (source, name, read) = if let Some((source, name, server)) = server.or_else(variable) {
        (source.to_owned(), name, Backend::server(server))
    } else {
        let path = env
            .get("KS_SERVICE_DISCOVERY_FILE_PATH")
            .unwrap_or(SERVICES);
        let file = ConfigFile::read(Path::new(path), Presence::Optional);
        let url = event_receiver(file, env, problems)?;
        (
            path.to_owned(),
            "event-receiver-http",
            Backend::receiver(&url),
        )
    };
    match read {
        Ok(backend) => Some(backend),
        Err(error) => {
            problems.push(problem(&source, name, &error));
            None
        }
    }
}

/// Errors here say what is wrong, a colon, and what to do.
fn problem(source: &str, field: &str, error: &dyn std::error::Error) -> Problem {
    let said = error.to_string();
    let (text, remedy) = said.rsplit_once(": ").unwrap_or((&said, "correct it"));
    Problem {
        severity: Severity::Error,
        source: source.to_owned(),
        field: field.to_owned(),
        text: text.to_owned(),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "5d1f3a9e-0c2b-4b7e-9a53-1f0c2d3e4b5a";

    fn read(flags: Flags, folder: &Path, pairs: &[(&str, &str)]) -> (Option<Destination>, String) {
        let services = folder.join("services.json").display().to_string();
        let env = [("KS_SERVICE_DISCOVERY_FILE_PATH", services.as_str())];
        let env = Env::from_pairs(env.into_iter().chain(pairs.iter().copied()));
        let mut problems = Problems::default();
        let found = Destination::read(flags, folder, &env, &mut problems);
        let said: Vec<_> = problems.all().iter().map(ToString::to_string).collect();
        (found, said.join("\n"))
    }

    #[test]
    fn without_a_backend_there_is_no_destination_and_nothing_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let pairs = [("KS_ACCOUNT_ID", "whatever")];
        let (found, said) = read(Flags::default(), folder.path(), &pairs);
        assert!(found.is_none() && said.is_empty(), "{said}");
    }

    #[test]
    fn flags_win_over_variables_and_these_over_files() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write(
            "services.json",
            r#"{"response":{"event-receiver-http":"er"}}"#,
        )
        .unwrap();
        write("account", ACCOUNT).unwrap();
        write("accessKey", "from-file").unwrap();

        let (found, _) = read(Flags::default(), folder.path(), &[]);
        let found = found.unwrap();
        assert_eq!(found.backend, Backend::Receiver("https://er".to_owned()));
        assert_eq!(found.account.id(), ACCOUNT);
        assert_eq!(found.account.key().reveal(), "from-file");

        let other = ACCOUNT.replace('5', "6");
        let pairs = [
            ("KS_SERVER", "api.example.com"),
            ("KS_ACCOUNT_ID", &*other),
            ("KS_ACCESS_KEY", "from-env"),
        ];
        let (found, _) = read(Flags::default(), folder.path(), &pairs);
        let found = found.unwrap();
        let server = "https://api.example.com".to_owned();
        assert_eq!(found.backend, Backend::Server(server));
        assert_eq!(found.account.id(), other);
        assert_eq!(found.account.key().reveal(), "from-env");

        let flags = Flags {
            server: Some("http://127.0.0.1:1".to_owned()),
            account: Some(ACCOUNT.to_owned()),
            access_key: Some(Secret::new("from-flag".to_owned())),
        };
        let (found, _) = read(flags, folder.path(), &pairs);
        let found = found.unwrap();
        let server = "http://127.0.0.1:1".to_owned();
        assert_eq!(found.backend, Backend::Server(server));
        assert_eq!(found.account.id(), ACCOUNT);
        assert!(!format!("{found:?}").contains("from-flag"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        for (pairs, said) in [
            (&[("KS_SERVER", "ftp://x")][..], "environment: KS_SERVER: "),
            (
                &[("KS_SERVER", "x"), ("KS_ACCOUNT_ID", "hunter2")],
                "credentials: account: the account is not a UUID",
            ),
            (
                &[("KS_SERVER", "x"), ("KS_ACCESS_KEY", "hunter2 hunter2")],
                "credentials: account: the access key has characters",
            ),
        ] {
            let (found, text) = read(Flags::default(), folder.path(), pairs);
            assert!(found.is_none());
            assert!(text.starts_with(said), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        std::fs::write(folder.path().join("services.json"), "{").unwrap();
        let (found, text) = read(Flags::default(), folder.path(), &[]);
        assert!(found.is_none() && text.contains("ends too early"), "{text}");
    }
}
