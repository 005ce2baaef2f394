//! Files of exceptions → policies. (config-scanning reference §6)

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;

use kubescape_engine::Arena;
use kubescape_engine::exceptions::{self, Policy};
use kubescape_yaml::from_yaml;

use crate::find::{Input, Source, describe, find};
use crate::problem::{Code, Problem};

/// Bytes of one file.
const MOST_BYTES: u64 = 16 << 20;

/// Reads files of exceptions, in JSON or YAML, and folders of them. Of a file with a
/// fault nothing is taken, and everything wrong with it is said.
pub fn read_exceptions<A: AsRef<OsStr>>(paths: &[A]) -> (Vec<Policy>, Vec<Problem>) {
    let found = find(paths);
    let (mut policies, mut problems) = (Vec::new(), found.problems);
    for source in &found.sources {
        match read(source) {
            Ok(some) => policies.extend(some),
            Err(some) => problems.extend(some),
        }
    }
    (policies, problems)
}

fn read(source: &Source) -> Result<Vec<Policy>, Vec<Problem>> {
    let text = text(source).map_err(|problem| vec![problem])?;
    let arena = Arena::new();
    let value = from_yaml(&text, &arena).map_err(|error| {
        let problem = Problem::new(Code::BadException, &source.name, error.message.clone());
        vec![problem.at(error.line as u64, Some(error.column as u64))]
    })?;
    let wrong = |message| Problem::new(Code::BadException, &source.name, message);
    let Some(value) = value else {
        return Err(vec![wrong("no exception in it".to_owned())]);
    };
    exceptions::read(value, &source.name)
        .map_err(|messages| messages.into_iter().map(wrong).collect())
}

fn text(source: &Source) -> Result<String, Problem> {
    let mut text = String::new();
    let read = match &source.input {
        Input::File(path) | Input::Pipe(path) => {
            File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
        }
        Input::Stdin => std::io::stdin()
            .lock()
            .take(MOST_BYTES + 1)
            .read_to_string(&mut text),
        Input::Cluster => Ok(0),
    };
    match read {
        Ok(bytes) if bytes as u64 > MOST_BYTES => {
            let message = format!("the file is larger than {} MiB", MOST_BYTES >> 20);
            Err(Problem::new(Code::TooLarge, &source.name, message))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Problem::new(
            Code::Unreadable,
            &source.name,
            describe(&error),
        )),
    }
}
