//! Where in an object something is, written as Kubernetes writes field paths.

use std::fmt;

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
                Step::Field(name) if number == 0 => out.write_str(name)?,
                Step::Field(name) => write!(out, ".{name}")?,
                Step::Key(name) => write!(out, "[{name}]")?,
                Step::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}
