//! The backend: `services.json` and the account.

use std::io::Read as _;
use std::path::Path;

use kubescape_runtime::Secret;
use kubescape_runtime::config::{ConfigFile, Env, Problems, Reader};

/// Where reports of jobs go.
#[derive(Clone, Debug)]
pub struct Backend {
    /// `https://…` of the event receiver.
    pub event_receiver: String,
    /// The account.
    pub account: String,
    /// Its key.
    pub access_key: Secret<String>,
}

/// A raw file without one newline at its end; `None` when it is not there.
pub(super) fn raw(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(4096).read_to_string(&mut text).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    (!text.is_empty()).then(|| text.to_owned())
}

impl Backend {
    /// `None` without an event receiver.
    pub(super) fn read(
        file: ConfigFile,
        account: Option<String>,
        access_key: Option<Secret<String>>,
        env: &Env,
        problems: &mut Problems,
    ) -> Option<Self> {
        const KEY: &str = "event-receiver-http";
        let mut reader = Reader::new(file, env, problems);
        let direct: Option<String> = reader.field(KEY).get();
        let inner = reader.object("response");
        let url = match inner {
            Some(mut inner) => inner.field(KEY).get().or(direct),
            None => direct,
        };
        let url = url.filter(|url: &String| !url.is_empty())?;
        let event_receiver = if url.contains("://") {
            url
        } else {
            format!("https://{url}")
        };
        let Some(account) = account else {
            let remedy = "mount the Secret with account and accessKey at /etc/credentials";
            reader.error(KEY, "is given, but no account", remedy);
            return None;
        };
        Some(Self {
            event_receiver: event_receiver.trim_end_matches('/').to_owned(),
            account,
            access_key: access_key.unwrap_or_default(),
        })
    }
}
