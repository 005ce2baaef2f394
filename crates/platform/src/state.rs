//! How everything is, in one line for a person.

use std::fmt;

use kubescape_continuous::Progress;

/// How everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How far scanning is.
    pub progress: Progress,
    /// Results that wait to be stored.
    pub pending: usize,
}

impl State {
    /// Whether all that is known is stored.
    pub fn is_settled(&self) -> bool {
        self.progress.settled && self.pending == 0
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Progress {
            objects,
            synced,
            to_write,
            gaps,
            ..
        } = &self.progress;
        if !synced {
            return write!(out, "reading: {objects} objects");
        }
        write!(out, "{objects} objects")?;
        match to_write + self.pending {
            0 => write!(out, ", all results are stored")?,
            some => write!(out, ", {some} results to store")?,
        }
        match gaps.len() {
            0 => Ok(()),
            1 => write!(out, "; not read: {}", gaps[0]),
            some => write!(out, "; {some} kinds cannot be read, the first: {}", gaps[0]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_how_far_it_is_and_what_is_missing() {
        let mut state = State::default();
        state.progress.objects = 12;
        assert_eq!(state.to_string(), "reading: 12 objects");
        state.progress.synced = true;
        state.progress.to_write = 4;
        assert_eq!(state.to_string(), "12 objects, 4 results to store");
        state.progress.to_write = 0;
        state.progress.gaps = vec!["pods: forbidden".to_owned()];
        assert_eq!(
            state.to_string(),
            "12 objects, all results are stored; not read: pods: forbidden"
        );
    }
}
