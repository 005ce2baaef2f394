//! What `netpol` reads, sorted by kind.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use kubescape_collect::{Code, Limits, Problem, RawDocument, Source, find, parse, read_documents};
use kubescape_engine::Arena;
use kubescape_netpol::{KnownServer, Metadata};
use kubescape_report::text::count;

use super::object::{Known, Observation, Place, Policy, lines, path_to, read};
use crate::arguments::NetpolInput;
use crate::exit::Failure;

/// Everything that matters in the files.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// In the order of the input, as all of these.
    pub(super) observations: Vec<Observation>,
    pub(super) servers: Vec<KnownServer>,
    pub(super) policies: Vec<Policy>,
    /// What could not be read.
    pub(super) problems: Vec<Problem>,
    /// Policies of kinds that only network plug-ins know: how many of each, and
    /// where the first one is.
    pub(super) foreign: BTreeMap<String, (usize, Place)>,
    /// How many objects there were, of any kind.
    objects: usize,
}

/// Kinds of foreign policies that are told apart.
const FOREIGN: usize = 20;

impl Input {
    /// Reads all files: first those that must have policies, then the others.
    /// Those that are named twice are read once.
    pub(super) fn read(
        with_policies: &[String],
        arguments: &NetpolInput,
        command: &str,
    ) -> Result<Self, Failure> {
        let limits = Limits {
            document_bytes: usize::from(arguments.max_document_size) << 20,
        };
        let first = find(with_policies).sources.len();
        let found = find(&[with_policies, &arguments.files].concat());
        let mut input = Self {
            problems: found.problems,
            ..Self::default()
        };
        for (number, file) in found.sources.iter().enumerate() {
            let (objects, problems) = (input.objects, input.problems.len());
            let policies = input.policies.len();
            input.file(file, limits);
            let silent = input.problems.len() == problems && file.explicit;
            if silent && input.objects == objects {
                input.empty(&file.name, "no Kubernetes object in it", "");
            } else if silent && number < first && input.policies.len() == policies {
                let remedy = "name it without --policy if it has observations only";
                input.empty(&file.name, "no NetworkPolicy in it", remedy);
            }
        }
        for problem in &mut input.problems {
            // The reader of files knows `scan` only.
            problem.remedy = problem.remedy.replace("kubescape scan", command);
        }
        if let Some(namespace) = &arguments.namespace {
            input.only(namespace)?;
        }
        Ok(input)
    }

    /// Notes that an input has nothing of what it should have.
    pub(super) fn empty(&mut self, name: &str, message: &str, remedy: &str) {
        let mut problem = Problem::new(Code::Empty, name, message);
        if !remedy.is_empty() {
            remedy.clone_into(&mut problem.remedy);
        }
        self.problems.push(problem);
    }

    fn file(&mut self, file: &Source, limits: Limits) {
        read_documents(file, limits, &mut |document| {
            match document {
                Ok(document) => self.document(&document, file),
                Err(problem) => self.problems.push(problem),
            }
            ControlFlow::Continue(())
        });
    }

    fn document(&mut self, document: &RawDocument, file: &Source) {
        let arena = Arena::new();
        let parsed = parse(document, file, &arena);
        self.problems.extend(parsed.problems);
        self.objects += parsed.objects.len();
        let objects = parsed.objects.iter();
        let objects = objects.map(|object| (object.prefix, read(object)));
        let objects: Vec<_> = objects
            .filter(|(_, known)| !matches!(known, Ok(Known::Other)))
            .collect();
        let paths: Vec<_> = objects
            .iter()
            .map(|(prefix, known)| path_to(prefix, known.as_ref().err()))
            .collect();
        let lines = lines(document, &paths);
        for (((_, known), path), line) in objects.into_iter().zip(&paths).zip(lines) {
            let place = Place {
                file: file.name.clone(),
                line,
            };
            match known {
                Ok(known) => self.object(known, place),
                Err(fault) => {
                    let problem = fault.problem(path, &place, document.index);
                    self.problems.push(problem);
                }
            }
        }
    }

    fn object(&mut self, known: Known, place: Place) {
        match known {
            Known::Observation(body) => self.observations.push(Observation { place, body }),
            Known::Server(server) => self.servers.push(server),
            Known::Policy(policy) => self.policies.push(Policy { place, policy }),
            Known::Foreign(kind) => self.foreign(kind, place),
            Known::Other => {}
        }
    }

    fn foreign(&mut self, kind: String, place: Place) {
        if self.foreign.len() < FOREIGN || self.foreign.contains_key(&kind) {
            self.foreign.entry(kind).or_insert((0, place)).0 += 1;
        }
    }

    /// Leaves out what is of another namespace, and puts what names none into
    /// this one.
    fn only(&mut self, namespace: &str) -> Result<(), Failure> {
        let belongs = |metadata: &mut Metadata| {
            if metadata.namespace.is_empty() {
                namespace.clone_into(&mut metadata.namespace);
            }
            metadata.namespace == namespace
        };
        let before = self.observations.len();
        self.observations
            .retain_mut(|it| belongs(it.metadata_mut()));
        self.policies
            .retain_mut(|it| belongs(&mut it.policy.metadata));
        if before > 0 && self.observations.is_empty() {
            super::complain_of(&self.problems);
            let observations = count(before, "observation");
            return Err(Failure::input(format!(
                "there are no observations of namespace \"{namespace}\" in what was read ({observations})"
            )));
        }
        Ok(())
    }
}
