//! The way to the database: connections, their settings, their errors.

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::options::PostgresOptions;
use super::tls;
use crate::error::Error;

/// An error of PostgreSQL in our words. The codes:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn pg(error: tokio_postgres::Error) -> Error {
    let Some(found) = error.as_db_error() else {
        let detail = error.to_string();
        let source = std::error::Error::source(&error);
        let detail = source.map_or(detail.clone(), |source| format!("{detail}: {source}"));
        // A column that does not hold what we wrote into it.
        if detail.starts_with("error deserializing") {
            return Error::Corrupt { detail };
        }
        return Error::Unavailable { detail };
    };
    let code = found.code().code();
    let detail = format!("{} ({code})", found.message());
    let busy = Error::Busy {
        retry_after_seconds: 1,
    };
    match (code, code.get(..2).unwrap_or("")) {
        ("53100", _) => Error::Full { detail },
        // Somebody holds a lock for too long, or two hold each other's.
        ("55P03", _) | (_, "40") => busy,
        // Cancelled by a timeout or by its administrator; a standby; no rights.
        ("57014" | "25006" | "25P03" | "42501", _)
        | (_, "08" | "28" | "3D" | "53" | "57" | "58") => Error::Unavailable { detail },
        ("XX001" | "XX002", _) => Error::Corrupt { detail },
        _ => Error::Internal(detail),
    }
}

/// A connection whose messages somebody has to take.
pub(crate) type Listening =
    Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// Connections of one replica.
pub(crate) struct Link {
    pool: Pool,
    config: Config,
    tls: MakeRustlsConnect,
    pub(crate) schema: String,
    patience: Duration,
    timeout: Duration,
}

impl Link {
    pub(crate) fn new(options: &PostgresOptions) -> Result<Self, Error> {
        let mut config = configure(options)?;
        let tls = tls::connector(&mut config, options.roots.as_deref())?;
        let manager = Manager::from_config(
            config.clone(),
            tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            // One is the writer's.
            .max_size(options.connections.max(2))
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .wait_timeout(Some(options.patience))
            .create_timeout(Some(options.patience))
            .recycle_timeout(Some(options.patience))
            .build()
            .map_err(|e| Error::Internal(format!("pool: {e}")))?;
        Ok(Self {
            pool,
            config,
            tls,
            schema: options.schema.clone(),
            patience: options.patience,
            timeout: options.timeout,
        })
    }

    /// A connection for a while.
    pub(crate) async fn client(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => pg(error),
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Error::Busy {
                retry_after_seconds: 1,
            },
            PoolError::Closed => Error::Closed,
            other => Error::unavailable(other),
        })
    }

    /// A connection of its own for listening.
    pub(crate) async fn connect(&self) -> Result<(Client, Listening), Error> {
        let connected = self.config.connect(self.tls.clone());
        tokio::time::timeout(self.patience, connected)
            .await
            .map_err(|_| Error::unavailable("PostgreSQL does not answer"))?
            .map_err(pg)
    }

    /// Gives up what takes too long: the server may be gone without a word.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        // The server's own timeout comes first, if the server lives.
        tokio::time::timeout(self.timeout + self.patience, work)
            .await
            .map_err(|_| Error::unavailable("PostgreSQL does not answer"))?
    }

    /// What replicas of this store ring on.
    pub(crate) fn channel(&self) -> String {
        format!("kubescape_store_{}", self.schema)
    }

    /// Advisory locks of this store, by what they are for.
    pub(crate) fn lock(&self, purpose: &str) -> i64 {
        let name = format!("kubescape-store/{}/{purpose}", self.schema);
        i64::from(crc32fast::hash(name.as_bytes())) << 8
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// Each statement has an index that it is meant for. Before a growing table is
/// analysed again, up to a minute late, the planner would scan and sort instead.
const PLANS: &str = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off -c jit=off";

fn configure(options: &PostgresOptions) -> Result<Config, Error> {
    let schema = &options.schema;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    // The rest of PostgreSQL's 63 bytes is for the name of the channel.
    if schema.is_empty()
        || schema.len() > 40
        || !schema.chars().all(plain)
        || schema.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(Error::unavailable(format!(
            "{schema:?} is no name for a schema: use up to 40 lower-case letters, digits and _"
        )));
    }
    // The error of the parser does not repeat the text, which may hold a password.
    let mut config: Config = options
        .connection
        .parse()
        .map_err(|e| Error::unavailable(format!("the connection of PostgreSQL: {e}")))?;
    let timeout = options.timeout.as_millis().max(1);
    // A replica that hangs while it holds the counter must not stop the others.
    let settings = format!(
        "{} -c search_path={schema} -c statement_timeout={timeout} \
         -c idle_in_transaction_session_timeout={timeout} {PLANS}",
        config.get_options().unwrap_or_default()
    );
    config.options(settings.trim());
    if config.get_application_name().is_none() {
        config.application_name("kubescape-storage");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(options.patience);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(options.timeout);
    }
    Ok(config)
}
