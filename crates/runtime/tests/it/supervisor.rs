//! The life of a process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kubescape_runtime::{Drain, Phase, RunError, Scope, Supervisor, TaskError};
use tokio::time::Instant;

use crate::support::soon;

fn drain(seconds: u64) -> Drain {
    Drain {
        delay: Duration::ZERO,
        deadline: Duration::from_secs(seconds),
    }
}

#[tokio::test]
async fn a_panic_ends_its_job_and_nothing_else() {
    let supervisor = Supervisor::new(drain(5));
    let tasks = supervisor.tasks();
    let shutdown = supervisor.shutdown();
    tasks.essential("server", async move {
        shutdown.requested().await;
        Ok::<_, TaskError>(())
    });
    tasks.job("scan", async {
        panic!("one object was odd") as Result<(), TaskError>
    });
    let trigger = supervisor.trigger();
    let names = tasks.clone();
    tasks.job("observer", async move {
        while names.names().iter().any(|name| name == "scan") {
            tokio::task::yield_now().await;
        }
        assert!(names.names().iter().any(|name| name == "server"));
        trigger.advance(Phase::Leaving);
        Ok::<_, TaskError>(())
    });
    soon(supervisor.run()).await.unwrap();
}

#[tokio::test]
async fn an_essential_task_that_ends_takes_the_process_along_in_order() {
    for (fails, wanted) in [
        (0, "panicked: no memory"),
        (1, "disk: full"),
        (2, "nobody asked"),
    ] {
        let supervisor = Supervisor::new(drain(5));
        let health = supervisor.health();
        let shutdown = supervisor.shutdown();
        let finished = Arc::new(AtomicUsize::new(0));
        let seen = finished.clone();
        supervisor.tasks().essential("store", async move {
            match fails {
                0 => panic!("no memory"),
                1 => Err(TaskError::from("disk: full")),
                _ => Ok(()),
            }
        });
        supervisor.tasks().essential("server", async move {
            shutdown.requested().await;
            seen.fetch_add(1, Ordering::SeqCst);
            Ok::<_, TaskError>(())
        });
        assert!(health.is_ready());
        let error = soon(supervisor.run()).await.unwrap_err();
        let RunError::Essential { task, reason } = error else {
            panic!("{error}")
        };
        assert!(
            task == "store" && reason.contains(wanted),
            "{task} {reason}"
        );
        assert_eq!(finished.load(Ordering::SeqCst), 1);
        assert!(!health.is_ready());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_task_is_started_again_with_pauses_and_shows_in_readiness() {
    let supervisor = Supervisor::new(drain(5));
    let health = supervisor.health();
    let check = health.register("feed", Scope::Ready);
    assert!(!health.is_ready());
    let starts = Arc::new(AtomicUsize::new(0));
    let (seen, healed) = (starts.clone(), check.clone());
    let trigger = supervisor.trigger();
    let begin = Instant::now();
    supervisor.tasks().restarting("feed", Some(check), move || {
        let (count, healed, trigger) = (
            seen.fetch_add(1, Ordering::SeqCst),
            healed.clone(),
            trigger.clone(),
        );
        async move {
            match count {
                0 => Err(TaskError::from("refused")),
                1 => panic!("odd answer"),
                _ => {
                    healed.ok();
                    trigger.advance(Phase::Leaving);
                    Ok(())
                }
            }
        }
    });
    supervisor.run().await.unwrap();
    assert_eq!(starts.load(Ordering::SeqCst), 3);
    assert!(begin.elapsed() >= Duration::from_secs(3));
    assert_eq!(health.answer("/readyz/feed", None).unwrap().code, 200);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_cut_at_the_deadline_and_named() {
    let supervisor = Supervisor::new(Drain {
        delay: Duration::from_secs(5),
        deadline: Duration::from_secs(20),
    });
    let (dropped, mut was_dropped) = tokio::sync::mpsc::channel::<()>(1);
    let shutdown = supervisor.shutdown();
    supervisor.tasks().job("deaf", async move {
        let _held = dropped;
        std::future::pending::<Result<(), TaskError>>().await
    });
    supervisor.tasks().essential("server", async move {
        shutdown.reached(Phase::Leaving).await;
        let leaving = Instant::now();
        shutdown.requested().await;
        assert_eq!(leaving.elapsed().as_secs(), 5);
        Ok::<_, TaskError>(())
    });
    let begin = Instant::now();
    supervisor.trigger().advance(Phase::Leaving);
    let error = supervisor.run().await.unwrap_err();
    assert!(matches!(error, RunError::Unfinished(names) if names == ["deaf"]));
    assert_eq!(begin.elapsed().as_secs(), 25);
    assert!(was_dropped.recv().await.is_none());
}

#[tokio::test]
async fn a_process_whose_jobs_are_done_ends() {
    let supervisor = Supervisor::new(drain(5));
    supervisor
        .tasks()
        .job("once", async { Ok::<_, TaskError>(()) });
    soon(supervisor.run()).await.unwrap();
}

/// Not a test by itself: the process that the next one sends signals to.
#[tokio::test]
async fn child_waits_for_a_signal() {
    if std::env::var_os("KUBESCAPE_RUNTIME_CHILD").is_none() {
        return;
    }
    let supervisor = Supervisor::new(drain(600));
    let shutdown = supervisor.shutdown();
    supervisor.tasks().essential("polite", async move {
        println!("ready-for-signals");
        shutdown.requested().await;
        println!("draining-now");
        // Lasts until the second signal.
        std::future::pending::<Result<(), TaskError>>().await
    });
    supervisor.run().await.unwrap();
}

#[test]
fn one_signal_drains_and_a_second_ends_at_once() {
    for signal in ["-TERM", "-INT"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "supervisor::child_waits_for_a_signal",
                "--exact",
                "--nocapture",
            ])
            .env("KUBESCAPE_RUNTIME_CHILD", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let id = child.id().to_string();
        let kill = || {
            assert!(
                Command::new("kill")
                    .args([signal, &id])
                    .status()
                    .unwrap()
                    .success()
            );
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut wait = |word: &str| {
            assert!(
                lines.by_ref().any(|line| line.unwrap().contains(word)),
                "no {word}"
            );
        };
        wait("ready-for-signals");
        // The handlers stand before the task is polled: `run` makes them first on
        // this single thread.
        kill();
        wait("draining-now");
        kill();
        assert!(child.wait().unwrap().success(), "{signal}");
    }
}
