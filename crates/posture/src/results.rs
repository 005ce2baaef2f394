//! The two objects of a resource, with all that says where they come from.

use std::collections::BTreeMap;

use kubescape_engine::{Outcome, Record};
use kubescape_names::NameError;
use kubescape_names::annotation::{self, completeness};
use sha2::{Digest, Sha256};

use crate::identity::{key, labels, wlid};
use crate::object::{ResultObject, ResultResource};
use crate::spec::Specs;

/// What all results of a scan have in common.
#[derive(Clone, Debug)]
pub struct Context {
    /// Name of the cluster, for identifiers of workloads.
    pub cluster: String,
    /// Namespace of the product, for results of what has no namespace.
    pub namespace: String,
    /// Version of the program.
    pub engine_version: String,
    /// When it was found out, RFC 3339.
    pub now: String,
}

/// Reasons for what is missing are cut to this many bytes.
const REASON_BYTES: usize = 1024;

/// Makes results of an outcome.
pub struct Results<'o> {
    outcome: &'o Outcome,
    context: &'o Context,
    specs: Specs<'o>,
}

/// Why a record has no result.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// It cannot be named.
    #[error("it has no name for its result: {0}")]
    Name(#[from] NameError),
    /// It cannot be written.
    #[error("its result cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

impl<'o> Results<'o> {
    /// Results of this outcome as it is now.
    pub fn new(outcome: &'o Outcome, context: &'o Context) -> Self {
        Self {
            outcome,
            context,
            specs: Specs::new(outcome),
        }
    }

    /// The objects to store for a record of the outcome.
    ///
    /// # Errors
    ///
    /// The record has no kind or no name.
    pub fn of(&mut self, record: &'o Record) -> Result<[ResultObject; 2], ResultError> {
        let key = key(self.outcome, record, &self.context.namespace)?;
        let labels = labels(self.outcome, record);
        let spec = self.specs.of(record)?;
        let annotations = self.annotations(record);
        let object = |resource, spec: String| {
            let mut object = ResultObject {
                resource,
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                labels: labels.clone(),
                annotations: annotations.clone(),
                spec: spec.into(),
                digest: "".into(),
            };
            self.seal(&mut object);
            object
        };
        Ok([
            object(ResultResource::Configuration, spec.configuration),
            object(ResultResource::Summary, spec.summary),
        ])
    }

    /// All that says where a result comes from, but when.
    fn annotations(&self, record: &Record) -> BTreeMap<String, String> {
        let gaps = self.gaps(record);
        let completeness = if gaps.is_empty() {
            completeness::COMPLETE
        } else {
            completeness::PARTIAL
        };
        let pairs = [
            (
                annotation::WLID,
                wlid(self.outcome, record, &self.context.cluster),
            ),
            (
                annotation::INPUT_DIGEST,
                Some(format!("sha256-128:{}", record.digest)),
            ),
            (
                annotation::ENGINE_VERSION,
                Some(self.context.engine_version.clone()),
            ),
            (
                annotation::LIBRARY_VERSION,
                Some(self.outcome.plan.library_version.to_owned()),
            ),
            (
                annotation::RESULT_COMPLETENESS,
                Some(completeness.to_owned()),
            ),
            (annotation::RESULT_GAPS, (!gaps.is_empty()).then_some(gaps)),
        ];
        let set = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key.as_str().to_owned(), value?)));
        set.collect()
    }

    /// What was missing for the controls that judged it.
    fn gaps(&self, record: &Record) -> String {
        if self.outcome.gaps.is_empty() {
            return String::new();
        }
        let mut reasons: Vec<&str> = Vec::new();
        for verdict in self.outcome.verdicts(record) {
            if let Some(reason) = self.outcome.gap_of(verdict.control)
                && !reasons.contains(&reason)
            {
                reasons.push(reason);
            }
        }
        let mut text = reasons.join("; ");
        text.truncate(text.floor_char_boundary(REASON_BYTES));
        text
    }

    fn seal(&self, object: &mut ResultObject) {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        for (key, value) in object.labels.iter().chain(&object.annotations) {
            add(key);
            add(value);
        }
        add(&object.spec);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.finalize()[..16]);
        let hex = kubescape_engine::Digest(half).to_string();
        let since = annotation::RESULT_SINCE.as_str().to_owned();
        object.annotations.insert(since, self.context.now.clone());
        object.digest = hex.into();
    }
}
