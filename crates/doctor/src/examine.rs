//! All checks, at once and each within its time.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use kubescape_live::{Access, Connection, Patience};

use crate::api::Api;
use crate::checks::{
    api_service, certificate, clock, connection, data_dir, endpoints, rights, scanner, served,
    storage, workloads,
};
use crate::finding::{Finding, Said};

/// What to look at.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which cluster.
    pub access: Access,
    /// The namespace of the platform.
    pub namespace: String,
    /// Whose rights are looked at, as namespace and name; else those of whoever asks.
    pub service_account: Option<(String, String)>,
    /// The data folder of `up` or of a storage, to look at, too.
    pub data_dir: Option<PathBuf>,
    /// How long one check may take.
    pub patience: Duration,
}

/// What checks share.
pub(crate) struct Clinic {
    pub(crate) api: Api,
    pub(crate) options: Options,
}

type Check<'c> = (
    &'static str,
    Pin<Box<dyn Future<Output = Said> + Send + 'c>>,
);

/// Makes all checks. What they found comes in a fixed order.
pub async fn examine(options: Options) -> Vec<Finding> {
    let (data_dir, patience) = (options.data_dir.clone(), options.patience);
    let api = Api::open(&options.access, patience).await;
    let local = async {
        match data_dir {
            None => Said::skipped("no data folder was named with --data-dir"),
            Some(folder) => blocking(move || data_dir::check(&folder)).await,
        }
    };
    let (mut findings, local) = match api {
        Ok(api) => {
            let clinic = Clinic { api, options };
            futures_util::join!(of_cluster(&clinic), within(patience, local))
        }
        Err(error) => {
            let said = connection::unusable(&error);
            let mut findings = vec![named("connection", said)];
            findings.extend(
                NAMES[1..]
                    .iter()
                    .map(|name| named(name, Said::skipped("there is no connection"))),
            );
            (findings, local.await)
        }
    };
    findings.push(named("data-dir", local));
    findings
}

/// The checks of a cluster, in their order.
const NAMES: [&str; 10] = [
    "connection",
    "clock",
    "api-service",
    "endpoints",
    "certificate",
    "served-kinds",
    "storage",
    "rights",
    "workloads",
    "scanner",
];

async fn of_cluster(clinic: &Clinic) -> Vec<Finding> {
    let patience = clinic.options.patience;
    // Whoever does not answer does not answer ten questions either.
    let first = within(patience, connection::check(clinic)).await;
    if first.state == crate::State::Fail {
        let mut findings = vec![named(NAMES[0], first)];
        let skipped = |name: &&'static str| named(name, Said::skipped("there is no connection"));
        findings.extend(NAMES[1..].iter().map(skipped));
        return findings;
    }
    let checks: [Check<'_>; 9] = [
        ("clock", Box::pin(clock::check(clinic))),
        ("api-service", Box::pin(api_service::check(clinic))),
        ("endpoints", Box::pin(endpoints::check(clinic))),
        ("certificate", Box::pin(certificate::check(clinic))),
        ("served-kinds", Box::pin(served::check(clinic))),
        ("storage", Box::pin(storage::check(clinic))),
        ("rights", Box::pin(rights::check(clinic))),
        ("workloads", Box::pin(workloads::check(clinic))),
        ("scanner", Box::pin(scanner::check(clinic))),
    ];
    let made =
        checks.map(|(name, check)| async move { named(name, within(patience, check).await) });
    let mut findings = vec![named(NAMES[0], first)];
    findings.extend(join_all(made).await);
    findings
}

fn named(check: &'static str, said: Said) -> Finding {
    let Said {
        state,
        found,
        remedy,
    } = said;
    Finding {
        check,
        state,
        found,
        remedy,
    }
}

async fn within(patience: Duration, check: impl Future<Output = Said>) -> Said {
    let late = |_| {
        let found = format!("it did not end within {} s", patience.as_secs_f32());
        Said::fail(found, "give it longer with --timeout, or see what is slow")
    };
    // One question has `patience`, and a check may have to ask twice.
    let checked = tokio::time::timeout(patience * 2, check).await;
    checked.unwrap_or_else(late)
}

async fn blocking(check: impl FnOnce() -> Said + Send + 'static) -> Said {
    let checked = tokio::task::spawn_blocking(check).await;
    checked.unwrap_or_else(|error| Said::fail(format!("the check failed: {error}"), "report a bug"))
}

impl Clinic {
    /// A connection that knows kinds.
    pub(crate) async fn connect(&self) -> Result<Connection, String> {
        let patience = Patience {
            tries: 1,
            answer: self.options.patience,
            connect: self.options.patience,
            ..Patience::default()
        };
        let opened = Connection::open(&self.options.access, patience).await;
        opened.map_err(|error| error.to_string())
    }
}
