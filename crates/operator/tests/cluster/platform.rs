//! An operator between a gateway and a backend, as a dashboard sees it.

use futures_util::{SinkExt as _, StreamExt as _};
use kubescape_operator::{Backend, Config};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{Heard, Operator, StandIn};
use crate::world::World;

/// A gateway that the operator has dialled, a backend that hears reports, and the
/// operator between them.
pub(crate) struct Platform {
    pub(crate) operator: Operator,
    gateway: WebSocketStream<TcpStream>,
    backend: StandIn,
    pub(crate) scanner: StandIn,
}

impl Platform {
    pub(crate) async fn start(world: &World, answer: fn(&Heard) -> (u16, Value)) -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backend = StandIn::start(|_| (200, json!("ok"))).await;
        let scanner = StandIn::start(answer).await;
        let mut config = world.config(&scanner);
        config.components.gateway = true;
        let config = Config {
            gateway_url: gateway.local_addr().unwrap().to_string(),
            backend: Some(Backend {
                event_receiver: format!("http://{}", backend.address),
                account: "a1".to_owned(),
                access_key: String::new().into(),
            }),
            startup_scan: Some(false),
            ..config
        };
        let operator = Operator::start(config).await;
        let (stream, _) = gateway.accept().await.unwrap();
        let gateway = tokio_tungstenite::accept_async(stream).await.unwrap();
        Self {
            operator,
            gateway,
            backend,
            scanner,
        }
    }

    /// What the dashboard sends; gives the job's last report.
    pub(crate) async fn tell(&mut self, job: &str, command: Value) -> Value {
        let mut command = command;
        command["jobTracking"] = json!({"jobID": job, "parentAction": "dashboard"});
        let notification = json!({"target": {"customerGUID": "a1", "clusterName": "prod",
                "clusterComponent": "InClusterTriggerHandler", "dest": "trigger"},
            "sendSynchronicity": false, "notification": {"commands": [command]}});
        let message = Message::binary(notification.to_string().into_bytes());
        self.gateway.send(message).await.unwrap();
        self.reported(job).await
    }

    /// The last report of a job, and that it had begun.
    pub(crate) async fn reported(&self, job: &str) -> Value {
        let mut begun = false;
        loop {
            let report = self.backend.next().await.body;
            if report["jobID"] != job {
                continue;
            }
            match report["status"].as_str().unwrap() {
                "started" => begun = true,
                "done" | "failure" => {
                    assert!(begun, "{report}");
                    return report;
                }
                other => panic!("{other}"),
            }
        }
    }

    pub(crate) async fn stop(mut self) {
        self.operator.stop().await;
        let _ = self.gateway.next().await;
    }
}
