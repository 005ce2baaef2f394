//! Exceptions that an object brings along in its annotations.

use jiff::Timestamp;

use super::policy::Expiry;
use crate::Object;

/// Which controls.
const CONTROLS: &str = "kubescape.io/skip-controls";
/// Why.
const REASON: &str = "kubescape.io/skip-reason";
/// Until when.
const EXPIRY: &str = "kubescape.io/skip-expiry";

/// What the annotations of one object accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// IDs of controls, in capitals.
    pub controls: Box<[Box<str>]>,
    /// Why; may be empty.
    pub reason: Box<str>,
    /// When it ends.
    pub expiry: Expiry,
    /// Why it does not hold any more.
    pub ended: Option<Box<str>>,
}

impl Inline {
    /// What reports call it.
    pub const NAME: &str = CONTROLS;

    pub(super) fn of(object: &Object<'_>, now: Timestamp) -> Option<Self> {
        let annotations = object.annotations();
        let controls = annotations.at(CONTROLS).as_str()?;
        let controls = controls
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty());
        let expiry = Expiry::parse(annotations.at(EXPIRY).str());
        Some(Self {
            controls: controls.map(|id| id.to_ascii_uppercase().into()).collect(),
            reason: annotations.at(REASON).str().into(),
            ended: expiry.ended(now).map(Into::into),
            expiry,
        })
    }

    /// Whether it accepts what this control finds.
    pub(crate) fn accepts(&self, control: &str) -> bool {
        self.ended.is_none()
            && self
                .controls
                .iter()
                .any(|id| id.eq_ignore_ascii_case(control))
    }
}
