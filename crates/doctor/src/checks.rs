//! The checks, one a file.

pub(crate) mod api_service;
pub(crate) mod certificate;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod data_dir;
pub(crate) mod endpoints;
pub(crate) mod rights;
pub(crate) mod scanner;
pub(crate) mod served;
pub(crate) mod storage;
pub(crate) mod workloads;

#[cfg(test)]
pub(crate) mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::Value as Json;

    use crate::api::Answer;

    pub(crate) fn answer(code: u16, body: Json) -> Answer {
        Answer {
            code,
            body,
            date: None,
            warnings: Vec::new(),
            asked: SystemTime::UNIX_EPOCH,
            took: Duration::ZERO,
        }
    }
}
