//! Commands from a gateway that comes and goes.

use futures_util::{SinkExt as _, StreamExt as _};
use kubescape_operator::{Backend, Config};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::common::{Operator, StandIn, config};

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_carried_out_also_after_the_gateway_was_away() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scanner = StandIn::start(|_| (200, json!({"id": "", "type": "notBusy"}))).await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = json!({"kubescapeURL": scanner.address, "clusterName": "prod",
        "gatewayWebsocketURL": gateway.local_addr().unwrap().to_string()});
    let config = Config {
        startup_scan: Some(false),
        backend: Some(Backend {
            event_receiver: "http://127.0.0.1:9".to_owned(),
            account: "a 1".to_owned(),
            access_key: String::new().into(),
        }),
        ..config(folder.path(), &cluster)
    };
    let operator = Operator::start(config).await;
    let notification = |name: &str, dest: &str| {
        json!({"target": {"dest": dest, "clusterName": "prod"}, "sendSynchronicity": false,
            "notification": {"commands": [{"commandName": "kubescapeScan",
                "args": {"scanV1": {"targetNames": [name], "targetType": "Framework"}}}]}})
        .to_string()
    };
    for round in ["nsa", "mitre"] {
        let (stream, _) = gateway.accept().await.unwrap();
        let check = |request: &Request, response: Response| {
            let wanted = "/v1/waitfornotification?clusterComponent=InClusterTriggerHandler&clusterName=prod&customerGUID=a%201";
            assert_eq!(request.uri().to_string(), wanted);
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, check)
            .await
            .unwrap();
        // What is for others, or nothing, does no harm.
        socket
            .send(Message::text(notification("other", "node")))
            .await
            .unwrap();
        socket.send(Message::binary(Vec::new())).await.unwrap();
        let ours = notification(round, "trigger");
        socket
            .send(Message::binary(ours.into_bytes()))
            .await
            .unwrap();
        let heard = scanner.next().await;
        assert_eq!(heard.body["targetNames"], json!([round]));
        socket.close(None).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
    let (_, metrics) = operator.call("GET", "/metrics", "").await;
    assert!(
        metrics.contains("kubescape_operator_sockets 0"),
        "{metrics}"
    );
    operator.stop().await;
}
