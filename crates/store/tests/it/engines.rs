//! The engines, as the suite sees them.

use std::sync::Arc;

use kubescape_store::{
    Budgets, PostgresOptions, PostgresStore, Retention, SqliteOptions, SqliteStore, Store,
    WatchLimits,
};
use tempfile::TempDir;

use crate::postgres::server::Database;

/// What a test may want to be small.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) retention: Retention,
    pub(crate) budgets: Budgets,
    pub(crate) watch: WatchLimits,
    pub(crate) max_body: Option<u64>,
}

/// A place for one store.
pub(crate) enum Engine {
    Sqlite(TempDir),
    Postgres(Database),
}

/// An open store.
pub(crate) enum Opened {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
}

impl Engine {
    pub(crate) fn sqlite() -> Self {
        Engine::Sqlite(tempfile::tempdir().unwrap())
    }

    /// None where there is no PostgreSQL.
    pub(crate) fn postgres() -> Option<Self> {
        Database::new().map(Engine::Postgres)
    }

    pub(crate) async fn open(&self, settings: &Settings) -> Opened {
        match self {
            Engine::Sqlite(folder) => {
                let mut options = SqliteOptions {
                    reserve: 0,
                    deletion_reserve: 0,
                    retention: settings.retention,
                    budgets: settings.budgets.clone(),
                    watch: settings.watch,
                    ..SqliteOptions::new(folder.path().join("store.db"))
                };
                options.max_body = settings.max_body.unwrap_or(options.max_body);
                Opened::Sqlite(Arc::new(SqliteStore::open(options).unwrap()))
            }
            Engine::Postgres(database) => {
                let mut options = PostgresOptions {
                    retention: settings.retention,
                    budgets: settings.budgets.clone(),
                    watch: settings.watch,
                    ..database.options()
                };
                options.max_body = settings.max_body.unwrap_or(options.max_body);
                Opened::Postgres(Arc::new(PostgresStore::open(options).await.unwrap()))
            }
        }
    }
}

impl Opened {
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Opened::Sqlite(store) => Arc::clone(store) as _,
            Opened::Postgres(store) => Arc::clone(store) as _,
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Opened::Sqlite(store) => store.shutdown().await,
            Opened::Postgres(store) => store.shutdown().await,
        }
    }
}

/// Makes a test of each function for each engine. A function gets the engine.
macro_rules! on_every_engine {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::engines::Engine::sqlite()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(engine) = crate::engines::Engine::postgres() {
                    super::$name(engine).await;
                }
            })*
        }
    };
}
