//! What a check says about an object, and how it says it.

use std::fmt::Display;

use crate::rbac::Vector;
use crate::{Arena, Inputs, Object, Value};

/// What a finding, or a part of it, is about.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// An object of the input (`k8sApiObjects` on the wire; `externalObjects`
    /// when it is node or cloud data).
    Object(&'a Object<'a>),
    /// An object made up by the check (`externalObjects` on the wire).
    External(Value<'a>),
    /// A subject with its binding and role (`externalObjects` on the wire).
    Vector(&'a Vector<'a>),
}

impl<'a> From<&'a Object<'a>> for About<'a> {
    fn from(object: &'a Object<'a>) -> Self {
        About::Object(object)
    }
}

impl<'a> From<&'a Vector<'a>> for About<'a> {
    fn from(vector: &'a Vector<'a>) -> Self {
        About::Vector(vector)
    }
}

impl<'a> From<Value<'a>> for About<'a> {
    fn from(value: Value<'a>) -> Self {
        About::External(value)
    }
}

/// Places inside one object, and what to do there.
///
/// `None` and an empty list differ on the wire (`null` against `[]`), and the
/// conformance cases tell them apart; see [`Finding`] for the defaults.
#[derive(Clone, Debug, Default)]
pub struct Places<'a> {
    /// Places at fault. Repeats what `review` and `delete` say.
    pub failed: Option<Vec<&'a str>>,
    /// Places that a person should look at.
    pub review: Option<Vec<&'a str>>,
    /// Places whose removal repairs the fault.
    pub delete: Option<Vec<&'a str>>,
    /// Places that should get a value: path and value.
    pub fix: Option<Vec<(&'a str, &'a str)>>,
    /// A command to run on the node or against the cloud; may be empty.
    pub fix_command: &'a str,
}

/// An object that takes part in a finding beside the one it is about.
#[derive(Clone, Debug)]
pub struct Related<'a> {
    /// The related object.
    pub object: &'a Object<'a>,
    /// Places inside it.
    pub places: Places<'a>,
}

/// One fault found by one rule. Starts with `failed` and `fix` as empty lists,
/// `review` and `delete` absent; the methods fill them.
///
/// Paths may be anything printable: `finding.delete(format_args!("{container}.command"))`.
pub struct Finding<'a> {
    /// What is at fault; a few rules name several objects at once.
    pub about: Vec<About<'a>>,
    /// Places inside the object at fault.
    pub places: Places<'a>,
    /// Other objects that explain the fault.
    pub related: Vec<Related<'a>>,
    /// A sentence for people; `""` lets the rule's title speak.
    pub message: &'a str,
    /// Fix paths go on the wire for compatibility but are bad advice, so that
    /// reports leave them out.
    pub fixes_withheld: bool,
    /// Differs from the rule's usual alert score.
    pub score: Option<f64>,
    arena: &'a Arena,
}

impl<'a> Finding<'a> {
    fn new(about: Vec<About<'a>>, arena: &'a Arena) -> Self {
        let places = Places {
            failed: Some(Vec::new()),
            fix: Some(Vec::new()),
            ..Places::default()
        };
        Self {
            about,
            places,
            related: Vec::new(),
            message: "",
            fixes_withheld: false,
            score: None,
            arena,
        }
    }

    /// Adds a path to `failed` alone.
    pub fn failed(&mut self, path: impl Display) -> &mut Self {
        let path = self.arena.fmt(path);
        self.places.failed.get_or_insert_default().push(path);
        self
    }

    /// Adds a path to `review` and to `failed`.
    pub fn review(&mut self, path: impl Display) -> &mut Self {
        let path = self.arena.fmt(path);
        self.places.failed.get_or_insert_default().push(path);
        self.places.review.get_or_insert_default().push(path);
        self
    }

    /// Adds a path to `delete` and to `failed`.
    pub fn delete(&mut self, path: impl Display) -> &mut Self {
        let path = self.arena.fmt(path);
        self.places.failed.get_or_insert_default().push(path);
        self.places.delete.get_or_insert_default().push(path);
        self
    }

    /// Adds a place that should get `value`; values starting with `YOUR_` are
    /// for the user to fill in.
    pub fn fix(&mut self, path: impl Display, value: impl Display) -> &mut Self {
        let entry = (self.arena.fmt(path), self.arena.fmt(value));
        self.places.fix.get_or_insert_default().push(entry);
        self
    }

    /// Sets the command that repairs the fault.
    pub fn fix_command(&mut self, command: impl Display) -> &mut Self {
        self.places.fix_command = self.arena.fmt(command);
        self
    }

    /// Makes `review` an empty list instead of absent.
    pub fn with_review_list(&mut self) -> &mut Self {
        self.places.review.get_or_insert_default();
        self
    }

    /// Makes `delete` an empty list instead of absent.
    pub fn with_delete_list(&mut self) -> &mut Self {
        self.places.delete.get_or_insert_default();
        self
    }

    /// Makes `failed` absent.
    pub fn without_failed_list(&mut self) -> &mut Self {
        self.places.failed = None;
        self
    }

    /// Makes `fix` absent.
    pub fn without_fix_list(&mut self) -> &mut Self {
        self.places.fix = None;
        self
    }

    /// Names a further object at fault.
    pub fn and_about(&mut self, about: impl Into<About<'a>>) -> &mut Self {
        self.about.push(about.into());
        self
    }

    /// Adds a related object without places.
    pub fn related(&mut self, object: &'a Object<'a>) -> &mut Self {
        self.related.push(Related {
            object,
            places: Places::default(),
        });
        self
    }

    /// Adds a related object with places inside it.
    pub fn related_at(&mut self, object: &'a Object<'a>, places: Places<'a>) -> &mut Self {
        self.related.push(Related { object, places });
        self
    }

    /// Says for people what is wrong, where the rule's title does not suffice.
    pub fn message(&mut self, text: impl Display) -> &mut Self {
        self.message = self.arena.fmt(text);
        self
    }

    /// Overrides the rule's alert score.
    pub fn score(&mut self, score: f64) -> &mut Self {
        self.score = Some(score);
        self
    }
}

/// What a check gets beside the object: its inputs, memory, and the list that
/// takes its findings.
pub struct Out<'a> {
    /// Memory for whatever the check has to build.
    pub arena: &'a Arena,
    /// User-settable inputs (allow lists, limits …).
    pub inputs: &'a Inputs,
    findings: Vec<Finding<'a>>,
}

impl<'a> Out<'a> {
    /// An empty list.
    pub fn new(arena: &'a Arena, inputs: &'a Inputs) -> Self {
        Self {
            arena,
            inputs,
            findings: Vec::new(),
        }
    }

    /// Reports a fault of `about` and returns the finding to fill in.
    pub fn fail(&mut self, about: impl Into<About<'a>>) -> &mut Finding<'a> {
        self.push(vec![about.into()])
    }

    /// Reports a fault that no object is named for.
    pub fn fail_alone(&mut self) -> &mut Finding<'a> {
        self.push(Vec::new())
    }

    fn push(&mut self, about: Vec<About<'a>>) -> &mut Finding<'a> {
        self.findings.push(Finding::new(about, self.arena));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// Keeps the fixes of all findings so far out of reports.
    pub fn withhold_fixes(&mut self) {
        for finding in &mut self.findings {
            finding.fixes_withheld = true;
        }
    }

    /// The findings so far.
    pub fn findings(&self) -> &[Finding<'a>] {
        &self.findings
    }

    /// Takes the findings out and keeps the room they took.
    pub fn drain(&mut self) -> impl Iterator<Item = Finding<'a>> + '_ {
        self.findings.drain(..)
    }

    /// Takes the findings out.
    pub fn take(&mut self) -> Vec<Finding<'a>> {
        std::mem::take(&mut self.findings)
    }
}
