//! What one change costs in a world of many objects, against judging them all:
//! `cargo bench -p kubescape-controls --bench world`.

#![allow(clippy::print_stdout, reason = "its output")]

use std::time::{Duration, Instant};

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Arena, Object, Plan, Scope, Selection, World, from_json_str};

const CHANGES: usize = 40;

fn put(world: &mut World, text: &str) {
    let arena = Arena::new();
    if let Ok(value) = from_json_str(text, &arena) {
        world.put(arena.alloc(Object::new(value, 0)), &arena);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let selection = Selection {
        frameworks: vec!["all".to_owned()],
        ..Selection::default()
    };
    for count in [1_250, 5_000, 15_000] {
        let Ok(plan) = Plan::new(&LIBRARY, &selection, Some(Scope::Cluster), default_inputs())
        else {
            return;
        };
        let objects = kubescape_samples::generate(count, 1);
        let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let mut world = World::new(plan);
        let start = Instant::now();
        for text in &texts {
            put(&mut world, text);
        }
        world.settle();
        let lap = start.elapsed();
        let (mut alone, mut joined) = (Vec::new(), Vec::new());
        for number in 0..CHANGES {
            // What only this object's own result sees, then what joins see, too.
            for (key, times) in [
                ("terminationGracePeriodSeconds", &mut alone),
                ("serviceAccountName", &mut joined),
            ] {
                let mut object = objects
                    .iter()
                    .filter(|object| object["kind"] == "Deployment")
                    .nth(number)
                    .cloned()
                    .unwrap_or_default();
                object["spec"]["template"]["spec"][key] = format!("x{number}").into();
                let text = object.to_string();
                let start = Instant::now();
                put(&mut world, &text);
                world.settle();
                times.push(start.elapsed());
            }
        }
        let start = Instant::now();
        world.outcome();
        let sums = start.elapsed();
        let (alone, joined) = (median(alone), median(joined));
        let ratio = |time: Duration| lap.as_secs_f64() / time.as_secs_f64();
        println!(
            "{count:>6} objects: all {lap:>10.1?}   a change alone {alone:>9.1?} (1/{:.0})   with joins {joined:>9.1?} (1/{:.0})   sums {sums:.1?}",
            ratio(alone),
            ratio(joined)
        );
    }
}
