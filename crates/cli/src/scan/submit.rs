//! `--submit`: sends the report to a backend, after it was printed.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use kubescape_report::Facts;
use kubescape_runtime::Secret;
use kubescape_runtime::backend::CREDENTIALS;
use kubescape_runtime::config::{Env, Problems};
use kubescape_runtime::outgoing::HttpClient;
use kubescape_scan::Scan;
use kubescape_submit::{Chunks, Destination, Flags, Patience, Progress, Sent, send};

use crate::arguments::{ScanArguments, ScanTarget, SubmitArguments};
use crate::exit::{Exit, Failure};

/// To whom the report goes; `None` when it goes nowhere. Whatever is wrong with that
/// is said before anything is scanned.
pub(super) fn destination(arguments: &ScanArguments) -> Result<Option<Destination>, Failure> {
    let asked = &arguments.submit;
    if !asked.submit {
        note_unused(asked);
        return Ok(None);
    }
    if asked.keep_local {
        return Err(Failure::usage(
            "--submit sends the report and --keep-local sends nothing: leave one of them out",
        ));
    }
    let narrow = match &arguments.target {
        Some(ScanTarget::Control { .. }) => Some("controls"),
        Some(ScanTarget::Workload { .. }) => Some("single workloads"),
        _ => None,
    };
    if let Some(narrow) = narrow {
        return Err(Failure::usage(format!(
            "--submit: backends take reports by frameworks, not of {narrow}; leave it out, or scan by frameworks"
        )));
    }
    let env = Env::from_process();
    let folder = env.get("KS_CREDENTIALS_SECRET_PATH");
    let folder = PathBuf::from(folder.unwrap_or(CREDENTIALS));
    let flags = Flags {
        server: asked.server.clone(),
        account: asked.account.clone(),
        access_key: asked.access_key.clone().map(Secret::new),
    };
    let mut problems = Problems::default();
    let found = Destination::read(flags, &folder, &env, &mut problems);
    problems
        .into_result()
        .map_err(|errors| Failure::usage(format!("--submit: {errors}")))?;
    let missing = || {
        Failure::usage(
            "--submit: there is no backend to send the report to; name it with --server or KS_SERVER",
        )
    };
    found.map(Some).ok_or_else(missing)
}

/// Flags about a backend, but nothing to send to it.
fn note_unused(asked: &SubmitArguments) {
    let given = [
        (asked.server.is_some(), "--server"),
        (asked.account.is_some(), "--account"),
        (asked.access_key.is_some(), "--access-key"),
    ];
    let names: Vec<_> = given
        .iter()
        .filter(|flag| flag.0)
        .map(|flag| flag.1)
        .collect();
    if !names.is_empty() {
        let have = if names.len() == 1 { "has" } else { "have" };
        let names = names.join(" and ");
        crate::complain(&format!("note: {names} {have} no effect without --submit"));
    }
}

/// Sends the report; says how that went.
pub(super) fn submit(scan: &Scan, facts: &Facts, to: &Destination) -> Result<(), Failure> {
    let fail = |error: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Submission,
            format!("the report was not sent: {error}"),
        )
    };
    let chunks = Chunks::of(scan, facts).map_err(|error| fail(&error))?;
    let http = HttpClient::new().map_err(|error| fail(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if to.account.id().is_empty() {
        crate::complain("note: no account is named; the report is sent without one");
    }
    let patience = Patience::default();
    let bar = Bar::new(chunks.progress().1);
    let mut progress = |so_far| bar.set(so_far);
    let sending = send(&http, to, &patience, chunks, facts, &mut progress);
    let sent = runtime.block_on(sending);
    bar.0.finish_and_clear();
    say(&sent.map_err(|error| fail(&error))?);
    Ok(())
}

fn say(sent: &Sent) {
    let plural = if sent.chunks == 1 { "" } else { "s" };
    let mut text = format!(
        "report {} sent to {}: {} chunk{plural}, {}",
        sent.report,
        sent.host,
        sent.chunks,
        HumanBytes(sent.bytes)
    );
    if !sent.message.is_empty() {
        text.push_str(&format!(" ({})", sent.message));
    }
    crate::complain(&text);
    for omission in &sent.omissions {
        let id = &omission.id;
        crate::complain(&format!(
            "note: {id} was too large for a chunk and was not sent whole"
        ));
    }
    if let Some(more) = sent.omitted.checked_sub(sent.omissions.len())
        && more > 0
    {
        crate::complain(&format!("note: nor were {more} more"));
    }
}

/// A line on standard error; nothing when that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(items: usize) -> Self {
        let bar = ProgressBar::with_draw_target(
            Some(items as u64),
            ProgressDrawTarget::stderr_with_hz(10),
        );
        let style = "{spinner} sending the report: {percent} %, {msg}, {elapsed}";
        let style = ProgressStyle::with_template(style);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message("0 B");
        // It moves while the backend is waited for, too.
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    fn set(&self, so_far: Progress) {
        self.0.set_position(so_far.items.0 as u64);
        self.0.set_message(HumanBytes(so_far.bytes).to_string());
    }
}
