//! `bench results`: the results of a cluster brought into the storage, through a real
//! kube-apiserver, directly, and in one process; once all, and once more when nothing
//! changed.

#![allow(clippy::print_stdout)]

mod objects;
mod ways;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use kubescape_runtime::Shutdown;
use kubescape_sink::{Coverage, Limits, Report, ResultStore, Writer};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A first pass over the results of 15,000 objects, through kube-apiserver.
const BAR: Duration = Duration::from_secs(30);

/// What the bar is about.
const BAR_OBJECTS: usize = 15_000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many objects of a cluster; each has two results.
    #[arg(long, default_value_t = BAR_OBJECTS)]
    objects: usize,
    /// Only these ways: `aggregator`, `direct`, `local`. The first needs programs
    /// (`KUBESCAPE_TEST_BINARIES`) or builds them.
    #[arg(long, value_delimiter = ',', default_value = "aggregator,direct,local")]
    ways: Vec<String>,
    /// Requests under way at once.
    #[arg(long, default_value_t = Limits::default().in_flight)]
    in_flight: usize,
}

struct Line {
    way: String,
    first: Report,
    again: Report,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let count = arguments.objects;
    let mut lines = Vec::new();
    for way in &arguments.ways {
        let line = runtime.block_on(async {
            let open = ways::open(way).await?;
            let store = open.store();
            let limits = Limits {
                in_flight: arguments.in_flight,
                ..Limits::default()
            };
            let first = pass(Arc::clone(&store), limits, count).await;
            // A writer that begins anew, as after a restart.
            let again = pass(store, limits, count).await;
            Ok::<_, Fault>(Line {
                way: way.clone(),
                first,
                again,
            })
        })?;
        println!("{way}: {:?} and {:?}", line.first.took, line.again.took);
        lines.push(line);
    }
    print(&lines, count);
    Ok(())
}

async fn pass(store: Arc<dyn ResultStore>, limits: Limits, count: usize) -> Report {
    let writer = Writer::new(store, limits);
    let (trigger, shutdown) = Shutdown::new();
    let running = tokio::spawn(writer.clone().run(shutdown));
    let full = writer.full();
    for number in 0..count {
        for object in objects::results(number) {
            full.offer(object).await;
        }
    }
    let report = full.finish(Coverage::Complete).await;
    drop(trigger);
    // It ends by itself now.
    let _ = running.await;
    report
}

fn print(lines: &[Line], count: usize) {
    let results = (count * 2) as f64;
    let local = lines.iter().find(|line| line.way == "local");
    let local = local.map(|line| line.first.took.as_secs_f64());
    let bar = BAR.as_secs_f64() * count as f64 / BAR_OBJECTS as f64;
    println!("\n{count} objects, {results} results, {bar:.1} s allowed\n");
    println!(
        "{:<12} {:>8} {:>10} {:>8} {:>9}   {:>8} {:>7} {:>8} {:>8}",
        "way", "first", "results/s", "of bar", "of local", "repeat", "writes", "refused", "pending"
    );
    for line in lines {
        let (first, again) = (&line.first, &line.again);
        let took = first.took.as_secs_f64();
        let ratio = local.map_or("-".to_owned(), |local| format!("{:.2}x", took / local));
        println!(
            "{:<12} {:>6.2} s {:>10.0} {:>7.2}x {:>9}   {:>6.2} s {:>7} {:>8} {:>8}",
            line.way,
            took,
            first.written as f64 / took,
            took / bar,
            ratio,
            again.took.as_secs_f64(),
            again.written + again.deleted,
            first.refused.len(),
            first.pending,
        );
    }
}

/// The storage as a process of its own; its orders are in the environment.
pub(crate) fn serve() -> ExitCode {
    ways::serve()
}
