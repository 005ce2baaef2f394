//! `bench`: the release binary as a whole process, against the bars of
//! `docs/performance.md` and beside a peer.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

const ROUNDS: usize = 5;

/// One line of the table: what is scanned, and what it may cost.
struct Bar {
    name: &'static str,
    arguments: Vec<String>,
    input: PathBuf,
    seconds: f64,
    mebibytes: f64,
}

/// Wall time in seconds and peak memory in MiB.
#[derive(Clone, Copy)]
struct Cost {
    seconds: f64,
    mebibytes: f64,
}

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let binary = build()?.display().to_string();
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    println!("best of {ROUNDS} whole processes, JSON report written to a file");
    println!(
        "{:<34} {:>8} {:>8} {:>7}   {:>8} {:>8} {:>7}",
        "scan", "time", "bar", "of bar", "peak", "bar", "of bar"
    );
    let bars = bars(folder.path())?;
    for bar in &bars {
        let mut command = vec![binary.clone(), "scan".to_owned()];
        command.extend(bar.arguments.clone());
        command.push(bar.input.display().to_string());
        command.extend([
            "--format".to_owned(),
            "json".to_owned(),
            "--output".to_owned(),
            report.display().to_string(),
        ]);
        let cost = best(&command)?;
        println!(
            "{:<34} {:>6.3} s {:>6.2} s {:>6.2}x   {:>4.0} MiB {:>4.0} MiB {:>6.2}x",
            bar.name,
            cost.seconds,
            bar.seconds,
            cost.seconds / bar.seconds,
            cost.mebibytes,
            bar.mebibytes,
            cost.mebibytes / bar.mebibytes
        );
    }
    beside_kube_score(&binary, &bars)
}

/// Builds the release binary; gives its path.
pub(crate) fn build() -> Result<PathBuf, Box<dyn Error>> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--quiet", "--package", "kubescape"])
        .status()?;
    if !status.success() {
        return Err("the release build failed".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Ok(Path::new(&target).join("release/kubescape"))
}

fn bars(folder: &Path) -> Result<Vec<Bar>, Box<dyn Error>> {
    let write = |count: usize, name: &str| -> Result<PathBuf, Box<dyn Error>> {
        let path = folder.join(format!("{count}.{name}"));
        let objects = kubescape_samples::generate(count, 1);
        let mut out = BufWriter::new(File::create(&path)?);
        if name == "json" {
            kubescape_samples::write_json(&objects, &mut out)?;
        } else {
            kubescape_samples::write_yaml(&objects, &mut out)?;
        }
        Ok(path)
    };
    let all = || vec!["framework".to_owned(), "all".to_owned()];
    let bar = |name, arguments, input, seconds, mebibytes| Bar {
        name,
        arguments,
        input,
        seconds,
        mebibytes,
    };
    Ok(vec![
        bar("1 object, YAML", Vec::new(), write(1, "yaml")?, 0.05, 64.0),
        bar(
            "1,250 objects, YAML",
            Vec::new(),
            write(1_250, "yaml")?,
            0.25,
            64.0,
        ),
        bar(
            "1,250 objects, YAML, all",
            all(),
            write(1_250, "yaml")?,
            0.25,
            64.0,
        ),
        bar(
            "15,000 objects, JSON, all",
            all(),
            write(15_000, "json")?,
            2.0,
            150.0,
        ),
        bar(
            "15,000 objects, YAML, all",
            all(),
            write(15_000, "yaml")?,
            4.0,
            150.0,
        ),
    ])
}

/// A manifest checker of the same kind, when it is on the path.
fn beside_kube_score(binary: &str, bars: &[Bar]) -> Result<(), Box<dyn Error>> {
    if Command::new("kube-score")
        .arg("version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        println!(
            "\nkube-score is not installed: `go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0`"
        );
        return Ok(());
    }
    println!("\nbeside kube-score, the same YAML, JSON output");
    for bar in bars.iter().filter(|bar| {
        bar.input
            .extension()
            .is_some_and(|extension| extension == "yaml")
    }) {
        let input = bar.input.display().to_string();
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let peer = best(&words(&[
            "kube-score",
            "score",
            "--output-format",
            "json",
            &input,
        ]))?;
        let mut command = words(&[binary, "scan"]);
        command.extend(bar.arguments.clone());
        command.extend(words(&[&input, "--format", "json"]));
        let ours = best(&command)?;
        println!(
            "{:<34} {:>7.3} s against {:>7.3} s: {:>5.1}x   {:>4.0} MiB against {:>4.0} MiB: {:>5.1}x",
            bar.name,
            ours.seconds,
            peer.seconds,
            peer.seconds / ours.seconds,
            ours.mebibytes,
            peer.mebibytes,
            peer.mebibytes / ours.mebibytes
        );
    }
    Ok(())
}

/// The fastest of a few runs, and the largest peak of them.
fn best(command: &[String]) -> Result<Cost, Box<dyn Error>> {
    let mut best = Cost {
        seconds: f64::INFINITY,
        mebibytes: 0.0,
    };
    for _ in 0..ROUNDS {
        // A process of its own for each, since the kernel tells the peak over all children.
        let output = Command::new(std::env::current_exe()?)
            .arg("measure")
            .arg("--")
            .args(command)
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let line = text.lines().last().unwrap_or_default();
        let (seconds, kibibytes) = line.split_once(' ').ok_or("no measurement came back")?;
        best.seconds = best.seconds.min(seconds.parse()?);
        best.mebibytes = best.mebibytes.max(kibibytes.parse::<f64>()? / 1024.0);
    }
    Ok(best)
}

/// Runs a command and prints its wall time and peak memory.
pub(crate) fn measure(command: &[String]) -> Result<(), Box<dyn Error>> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    let start = Instant::now();
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{seconds} {}",
        getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss()
    );
    Ok(())
}
