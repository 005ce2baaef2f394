//! `netpol generate`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};

use kubescape_netpol::{Generated, KnownServers, Options, generate};
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::input::Input;
use super::object::{Observation, Place, full_name};
use super::{complain, complain_of, exit};
use crate::arguments::{GenerateArguments, ObjectFormat};
use crate::exit::{Exit, Failure};
use crate::{clock, output, safe_json, yaml};

pub(super) fn run(arguments: &GenerateArguments) -> Result<Exit, Failure> {
    let mut input = Input::read(&[], &arguments.input, "kubescape netpol generate")?;
    if input.observations.is_empty() && input.problems.is_empty() {
        input.empty(
            &arguments.input.files.join(", "),
            "no NetworkNeighborhood or NetworkNeighbors in it",
            "get them with: kubectl get networkneighborhoods -A -o yaml",
        );
    }
    complain_of(&input.problems);
    if !input.observations.is_empty() {
        let writer = Writer::new(&input, arguments);
        output::to_stdout(|out| match arguments.format {
            ObjectFormat::Yaml => writer.yaml(out),
            ObjectFormat::Json => safe_json::write(&writer, out),
        })?;
        for warning in writer.warnings.into_inner().list {
            complain(&warning);
        }
    }
    Ok(exit(&input.problems))
}

/// Makes and writes policies one by one.
struct Writer<'i> {
    input: &'i Input,
    known: KnownServers<'i>,
    options: Options,
    with_references: bool,
    warnings: RefCell<Warnings>,
}

/// What to say when all is written.
#[derive(Default)]
struct Warnings {
    list: Vec<String>,
    /// The policies so far, by namespace and name.
    names: HashMap<(String, String), Place>,
}

impl<'i> Writer<'i> {
    fn new(input: &'i Input, arguments: &GenerateArguments) -> Self {
        let options = Options {
            creation_timestamp: arguments.with_references.then(clock::now),
            deny_unseen_directions: arguments.deny_unseen_directions,
        };
        Self {
            input,
            known: KnownServers::new(&input.servers),
            options,
            with_references: arguments.with_references,
            warnings: RefCell::default(),
        }
    }

    fn yaml(&self, out: &mut dyn Write) -> io::Result<()> {
        for (number, observation) in self.input.observations.iter().enumerate() {
            if number > 0 {
                writeln!(out, "---")?;
            }
            yaml::write(&self.object(observation)?, out)?;
        }
        Ok(())
    }

    /// The object to print for an observation.
    fn object(&self, observation: &Observation) -> Result<Value, serde_json::Error> {
        let generated = generate(&observation.source(), &self.known, &self.options);
        self.warnings.borrow_mut().of(&generated, observation);
        if self.with_references {
            serde_json::to_value(&generated.object)
        } else {
            serde_json::to_value(&generated.object.spec)
        }
    }
}

impl Warnings {
    fn of(&mut self, generated: &Generated, observation: &Observation) {
        for warning in &generated.warnings {
            self.list.push(format!("warning: {observation}: {warning}"));
        }
        let metadata = &generated.object.spec.metadata;
        let name = (metadata.namespace.clone(), metadata.name.clone());
        let place = observation.place.clone();
        if let Some(first) = self.names.insert(name, place) {
            let name = full_name(metadata);
            self.list.push(format!(
                "warning: {observation}: NetworkPolicy {name} was made from {first}, too: only the last that is applied counts"
            ));
        }
    }
}

/// A `List`, whose items are made while it is written.
impl Serialize for Writer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_map(None)?;
        list.serialize_entry("apiVersion", "v1")?;
        list.serialize_entry("kind", "List")?;
        list.serialize_entry("items", &Items(self))?;
        list.end()
    }
}

struct Items<'w, 'i>(&'w Writer<'i>);

impl Serialize for Items<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;

        let observations = &self.0.input.observations;
        let mut items = serializer.serialize_seq(Some(observations.len()))?;
        for observation in observations {
            let object = self.0.object(observation).map_err(S::Error::custom)?;
            items.serialize_element(&object)?;
        }
        items.end()
    }
}
