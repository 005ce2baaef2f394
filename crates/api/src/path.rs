//! Where in an object something is, written as Kubernetes writes field paths.

use std::fmt;

/// Longest key that a path shows, in bytes; no valid label or annotation is longer.
const LONGEST_KEY: usize = 317;

/// A key as paths show it: cut when a hostile one is long, so that errors stay
/// small.
pub(crate) fn shown_key(key: &str) -> &str {
    &key[..key.floor_char_boundary(LONGEST_KEY)]
}

/// One step into a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Into a field.
    Field(&'a str),
    /// Into the value of a free key.
    Key(&'a str),
    /// Into an item of a list.
    Index(usize),
}

/// Steps from the object down, borrowed from the value that is walked.
#[derive(Clone, Debug, Default)]
pub struct Path<'a>(Vec<Step<'a>>);

impl<'a> Path<'a> {
    /// Goes one step down.
    pub fn push(&mut self, step: Step<'a>) {
        self.0.push(step);
    }

    /// Goes one step up.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// How many steps down.
    pub fn depth(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if number == 0 => out.write_str(shown_key(name))?,
                Step::Field(name) => write!(out, ".{}", shown_key(name))?,
                Step::Key(name) => write!(out, "[{}]", shown_key(name))?,
                Step::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}
