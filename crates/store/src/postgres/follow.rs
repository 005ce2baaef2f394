//! What other replicas write, brought to the watchers of this one: they ring,
//! and the log says what happened. A ring that gets lost costs at most one poll;
//! a connection that gets lost is made again, and the log goes on where it was.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_postgres::{AsyncMessage, Statement};

use super::link::{Link, pg};
use super::read;
use crate::error::Error;
use crate::hub::Hub;

/// The shortest and the longest wait for the next try to connect.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

pub(crate) struct Follower {
    pub(crate) link: Arc<Link>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) poll: Duration,
    /// Rung by the replica itself.
    pub(crate) kick: Arc<Notify>,
}

impl Follower {
    /// Without end: whoever started it ends it.
    pub(crate) async fn run(self) {
        let mut wait = WAITS.0;
        loop {
            let _ = self.session(&mut wait).await;
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAITS.1);
        }
    }

    /// One connection, until it breaks.
    async fn session(&self, wait: &mut Duration) -> Result<(), Error> {
        let (client, mut connection) = self.link.connect().await?;
        let bell = Arc::new(Notify::new());
        let ring = Arc::clone(&bell);
        // Ends with the session.
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
                match message {
                    Ok(AsyncMessage::Notification(_)) => ring.notify_one(),
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
        });
        let listen = format!("LISTEN {}", self.link.channel());
        self.link
            .within(async { client.batch_execute(&listen).await.map_err(pg) })
            .await?;
        let statement = self.link.within(read::prepare_news(&client)).await?;
        loop {
            self.link.within(self.catch_up(&client, &statement)).await?;
            *wait = WAITS.0;
            tokio::select! {
                () = bell.notified() => {}
                () = self.kick.notified() => {}
                () = tokio::time::sleep(self.poll) => {}
                _ = driver.join_next() => return Err(Error::unavailable("connection lost")),
            }
        }
    }

    /// Publishes what the log has beyond what was published.
    async fn catch_up(
        &self,
        client: &tokio_postgres::Client,
        statement: &Statement,
    ) -> Result<(), Error> {
        loop {
            let after = self.hub.published();
            match read::news(client, statement, after, &self.hub).await? {
                read::News::None => return Ok(()),
                read::News::Gone { oldest } => self.hub.skip_to(oldest),
                read::News::Events { events, upto, more } => {
                    self.hub.publish_after(after, events, upto);
                    if !more {
                        return Ok(());
                    }
                }
            }
        }
    }
}
