//! The backend: `services.json` and the account.

use kubescape_runtime::Secret;
use kubescape_runtime::backend::event_receiver;
use kubescape_runtime::config::{ConfigFile, Env, Problem, Problems, Severity};

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

impl Backend {
    /// `None` without an event receiver.
    pub(super) fn read(
        file: ConfigFile,
        account: Option<String>,
        access_key: Option<Secret<String>>,
        env: &Env,
        problems: &mut Problems,
    ) -> Option<Self> {
        let source = file.source().to_owned();
        let event_receiver = event_receiver(file, env, problems)?;
        let Some(account) = account else {
            problems.push(Problem {
                severity: Severity::Error,
                source,
                field: "event-receiver-http".to_owned(),
                text: "is given, but no account".to_owned(),
                remedy: "mount the Secret with account and accessKey at /etc/credentials"
                    .to_owned(),
            });
            return None;
        };
        Some(Self {
            event_receiver,
            account,
            access_key: access_key.unwrap_or_default(),
        })
    }
}
