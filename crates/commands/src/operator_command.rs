//! Commands as objects of the cluster: `OperatorCommand`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::command::Command;

/// Objects older than this are history.
const MAX_AGE_SECONDS: i64 = 30 * 60;

/// The parts of the object that matter.
#[derive(Clone, Debug, Default)]
pub struct OperatorCommand {
    /// `spec.commandType`.
    pub kind: String,
    /// `spec.body`, in base64.
    pub body: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// `status.started`: someone carries it out.
    pub started: bool,
    /// `status.completed`.
    pub completed: bool,
}

/// What to do with it.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Carry this out.
    Run(Box<Command>),
    /// Nothing: it is done, or too old, or another's.
    Skip,
    /// Answer with this error.
    Refuse(String),
    /// Somebody began and has not ended it.
    Begun,
}

impl OperatorCommand {
    /// What to do with it at `now`.
    pub fn order(&self, now: Timestamp) -> Order {
        let age = |created: Timestamp| now.as_second() - created.as_second();
        let old = self.created.is_some_and(|at| age(at) > MAX_AGE_SECONDS);
        // For the agents of nodes.
        let others = matches!(self.kind.as_str(), "RuntimeResponse" | "RuntimeUpdateRules");
        if self.completed || others {
            return Order::Skip;
        }
        if self.started {
            return Order::Begun;
        }
        if old {
            return Order::Skip;
        }
        match self.kind.as_str() {
            "OperatorAPI" => self.command(),
            other => Order::Refuse(format!(
                "commands of type {other:?} are not part of this build: use OperatorAPI"
            )),
        }
    }

    fn command(&self) -> Order {
        let decoded = STANDARD.decode(self.body.trim());
        let Ok(bytes) = decoded else {
            return Order::Refuse("spec.body is not base64".to_owned());
        };
        let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
            return Order::Refuse("spec.body holds no JSON: give one command".to_owned());
        };
        match Command::from_value(&value) {
            Ok(command) if command.name.is_empty() => {
                Order::Refuse("spec.body has no commandName".to_owned())
            }
            Ok(command) => Order::Run(Box::new(command)),
            Err(error) => Order::Refuse(format!("spec.body: {error}")),
        }
    }
}

/// Base64, as Go writes bytes in JSON; `None` when it is something else.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim()).ok()
}

/// The merge patch of an object's status: begun at `started`, and ended at `ended` with
/// what went wrong.
pub fn status(started: Timestamp, ended: Option<(Timestamp, Option<&str>)>) -> Value {
    let whole = |time: Timestamp| {
        Timestamp::from_second(time.as_second())
            .unwrap_or(time)
            .to_string()
    };
    let mut status = json!({
        "started": true,
        "startedAt": whole(started),
        "executer": "operator",
    });
    if let (Some(object), Some((at, error))) = (status.as_object_mut(), ended) {
        object.insert("completed".to_owned(), true.into());
        object.insert("completedAt".to_owned(), whole(at).into());
        // A success takes away what others thought.
        let error = error.map(|error| {
            let error: String = error.chars().take(1000).collect();
            json!({"reason": "Failed", "message": error, "errorCode": 500})
        });
        object.insert("error".to_owned(), error.into());
    }
    json!({ "status": status })
}
