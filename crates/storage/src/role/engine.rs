//! The store behind the server: one file, or a database that replicas share.

use std::sync::Arc;
use std::time::Duration;

use kubescape_runtime::HealthCheck;
use kubescape_store::{Error, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store};

use crate::config::Config;
use crate::operations::DATABASE;

/// Between tries to reach a database.
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) enum Engine {
    Embedded(Arc<SqliteStore>),
    Shared(Arc<PostgresStore>),
}

impl Engine {
    /// Opens the store, which may take a while: the server answers discovery
    /// meanwhile. A database that cannot be reached yet is waited for.
    pub(super) async fn open(config: &Config, ready: &HealthCheck) -> Result<Self, Error> {
        let engine = match &config.database {
            None => Self::Embedded(embedded(config).await?),
            Some(connection) => {
                let mut options = PostgresOptions::new(connection.reveal().clone());
                options.roots.clone_from(&config.database_ca);
                options.budgets = config.budgets.clone();
                options.max_body = config.settings.largest_body();
                Self::Shared(shared(options, ready).await?)
            }
        };
        ready.ok();
        Ok(engine)
    }

    /// Whether other replicas may use it, too.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(store) => store.clone(),
            Self::Shared(store) => store.clone(),
        }
    }

    /// Ends it after what already waits.
    pub(super) async fn shutdown(self) {
        match self {
            Self::Embedded(store) => store.shutdown().await,
            Self::Shared(store) => store.shutdown().await,
        }
    }
}

async fn embedded(config: &Config) -> Result<Arc<SqliteStore>, Error> {
    let mut options = SqliteOptions::new(config.data_dir.join(DATABASE));
    options.max_body = config.settings.largest_body();
    options.budgets = config.budgets.clone();
    options.max_bytes = config.max_database_bytes;
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(options)).await;
    let store = opened.map_err(|error| Error::Internal(error.to_string()))??;
    if let Some(recovery) = store.recovery() {
        tracing::error!(
            reason = recovery.reason,
            saved = recovery.saved,
            lost = recovery.lost,
            kept = %recovery.kept.display(),
            "the database was damaged and was recovered"
        );
    }
    Ok(Arc::new(store))
}

async fn shared(
    options: PostgresOptions,
    ready: &HealthCheck,
) -> Result<Arc<PostgresStore>, Error> {
    loop {
        match PostgresStore::open(options.clone()).await {
            Ok(store) => return Ok(Arc::new(store)),
            Err(error @ (Error::Unavailable { .. } | Error::Busy { .. })) => {
                ready.failing(error.to_string());
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}
