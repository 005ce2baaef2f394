//! Where a backend is and who we are there, as the chart mounts it: the reply of
//! service discovery, and a Secret's files. (control-plane reference §1, §6.1)

use std::io::Read as _;
use std::path::Path;

use crate::Secret;
use crate::config::{ConfigFile, Env, Problem, Problems, Reader, Severity};

/// Where the reply of service discovery is mounted.
pub const SERVICES: &str = "/etc/config/services.json";

/// Where `account` and `accessKey` are mounted.
pub const CREDENTIALS: &str = "/etc/credentials";

/// Most bytes of a credential.
const CREDENTIAL_BYTES: u64 = 4096;

/// The event receiver's URL in a reply of service discovery, `http(s)://…` without a
/// slash at its end; a bare host means https. `None` when there is none.
pub fn event_receiver(file: ConfigFile, env: &Env, problems: &mut Problems) -> Option<String> {
    const KEY: &str = "event-receiver-http";
    let mut reader = Reader::new(file, env, problems);
    let direct: Option<String> = reader.field(KEY).get();
    let inner = reader.object("response");
    let url = match inner {
        Some(mut inner) => inner.field(KEY).get().or(direct),
        None => direct,
    };
    let url = url.filter(|url: &String| !url.is_empty())?;
    Some(with_scheme(&url))
}

/// The URL without slashes at its end; a bare host means https.
pub fn with_scheme(url: &str) -> String {
    let bare = url.trim_end_matches('/');
    if url.contains("://") {
        bare.to_owned()
    } else {
        format!("https://{bare}")
    }
}

/// Who we are.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The account.
    pub account: Option<String>,
    /// Its key.
    pub access_key: Option<Secret<String>>,
}

impl Credentials {
    /// From a folder with `account` and `accessKey`, with `KS_ACCOUNT_ID` and
    /// `KS_ACCESS_KEY` over it. A file need not be there, but be readable if it is.
    pub fn read(folder: &Path, env: &Env, problems: &mut Problems) -> Self {
        let mut part = |file: &str, variable: &str| {
            let path = folder.join(file);
            let from_file = raw_file(&path).unwrap_or_else(|error| {
                problems.push(Problem {
                    severity: Severity::Error,
                    source: path.display().to_string(),
                    field: String::new(),
                    text: format!("cannot be read ({error})"),
                    remedy: "mount the Secret so that this user may read it".to_owned(),
                });
                None
            });
            env.get(variable).map(str::to_owned).or(from_file)
        };
        Self {
            account: part("account", "KS_ACCOUNT_ID"),
            access_key: part("accessKey", "KS_ACCESS_KEY").map(Secret::new),
        }
    }
}

/// A file's text without one newline at its end; `None` when it is empty or not there.
///
/// # Errors
///
/// It is there and cannot be read, or is no text.
pub fn raw_file(path: &Path) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(CREDENTIAL_BYTES).read_to_string(&mut text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(text: &str) -> Option<String> {
        let file = ConfigFile::parse("services.json", text.as_bytes());
        let mut problems = Problems::default();
        let found = event_receiver(file, &Env::default(), &mut problems);
        assert!(problems.all().is_empty(), "{:?}", problems.all());
        found
    }

    #[test]
    fn the_event_receiver_is_found_in_replies_of_all_versions() {
        let v2 = r#"{"version":"v2","response":{"event-receiver-http":"https://er/","event-receiver-ws":"wss://er"}}"#;
        assert_eq!(receiver(v2).as_deref(), Some("https://er"));
        let bare = r#"{"event-receiver-http":"er.example.com:8443"}"#;
        assert_eq!(
            receiver(bare).as_deref(),
            Some("https://er.example.com:8443")
        );
        assert_eq!(receiver(r#"{"response":{"gateway":"wss://gw"}}"#), None);
        assert_eq!(receiver(""), None);
    }

    #[test]
    fn variables_win_over_files_and_keys_do_not_print() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("account"), "from-file\n").unwrap();
        std::fs::write(folder.path().join("accessKey"), "hunter2\n").unwrap();
        let env = Env::from_pairs([("KS_ACCOUNT_ID", "from-env")]);
        let mut problems = Problems::default();
        let read = Credentials::read(folder.path(), &env, &mut problems);
        assert_eq!(read.account.as_deref(), Some("from-env"));
        assert!(!format!("{read:?}").contains("hunter2"));
        assert_eq!(read.access_key.unwrap().reveal(), "hunter2");
        assert!(problems.all().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("account")).unwrap();
        let mut problems = Problems::default();
        let read = Credentials::read(folder.path(), &Env::default(), &mut problems);
        assert!(read.account.is_none() && read.access_key.is_none());
        let [problem] = problems.all() else {
            panic!("{:?}", problems.all());
        };
        assert!(problem.source.ends_with("/account"), "{problem}");
    }
}
