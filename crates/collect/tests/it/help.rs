//! What the tests share.

use std::ops::ControlFlow;

use kubescape_collect::{Input, Limits, Problem, RawDocument, Source, parse, read_stream};
use kubescape_engine::Arena;

pub(crate) fn source(name: &str, explicit: bool) -> Source {
    Source {
        index: 0,
        name: name.to_owned(),
        input: Input::Stdin,
        explicit,
    }
}

pub(crate) fn read(
    source: &Source,
    text: &[u8],
    limits: Limits,
) -> Vec<Result<RawDocument, Problem>> {
    let mut all = Vec::new();
    read_stream(source, &mut &*text, limits, &mut |one| {
        all.push(one);
        ControlFlow::Continue(())
    });
    all
}

/// The objects of a file as `prefix{json}`, and its problems as text, in order.
pub(crate) fn lines_of(source: &Source, text: &[u8], limits: Limits) -> Vec<String> {
    let mut lines = Vec::new();
    for one in read(source, text, limits) {
        match one {
            Ok(document) => {
                let arena = Arena::new();
                let parsed = parse(&document, source, &arena);
                for object in &parsed.objects {
                    let json = serde_json::to_string(&object.value).unwrap();
                    lines.push(format!("{}{json}", object.prefix));
                }
                lines.extend(parsed.problems.iter().map(show));
            }
            Err(problem) => lines.push(show(&problem)),
        }
    }
    lines
}

fn show(problem: &Problem) -> String {
    format!("{} {problem}", problem.code)
}

/// [`lines_of`] a file that the user named.
pub(crate) fn lines(name: &str, text: &str) -> Vec<String> {
    lines_of(&source(name, true), text.as_bytes(), Limits::default())
}
