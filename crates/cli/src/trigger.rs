//! `trigger`: one HTTP request.

use kubescape_trigger::{Flags, Pace, send};

use crate::arguments::TriggerArguments;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) fn run(arguments: &TriggerArguments) -> Result<Exit, Failure> {
    let flags = Flags::parse(&arguments.flags).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime
        .block_on(send(&flags, Pace::default()))
        .map_err(failed)?;
    output::print(&format!("{code}\n"))?;
    Ok(Exit::Success)
}

/// 1, whatever it was, as in the program that this replaces.
fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Threshold, error)
}
