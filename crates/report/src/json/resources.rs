//! `resources`: every judged resource, and its object unless left out.

use std::io::{self, Write};

use kubescape_engine::{Origin, Record};
use kubescape_scan::{Place, Scan};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};

/// Whether a resource's object is written whole, or only what identifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Whole.
    Whole,
    /// `apiVersion`, `kind` and `metadata` alone, and the number of bytes that it
    /// would have had.
    Identity(u64),
}

/// What stands in an annotation of an object that was left out.
const OMITTED: &str = "kubescape.io/omitted";

/// Bytes that have to be read to write an object.
pub(super) fn length(scan: &Scan, number: usize) -> u64 {
    let Some(objects) = &scan.objects else {
        return 0;
    };
    match scan.outcome.records[number].origin {
        Origin::Input => objects.length(number),
        // The subject is a part of its binding.
        Origin::Subject { binding, role, .. } => {
            objects.length(binding as usize) + objects.length(role as usize)
        }
        Origin::Made => 0,
    }
}

pub(super) fn write(
    scan: &Scan,
    number: usize,
    body: Body,
    text: &mut Vec<u8>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let record = &scan.outcome.records[number];
    out.write_all(br#"{"resourceID":"#)?;
    serde_json::to_writer(&mut *out, &record.id)?;
    out.write_all(br#","object":"#)?;
    match (body, record.origin) {
        (Body::Identity(bytes), _) => {
            let mut object = identity(record);
            let reason = format!("its {bytes} bytes are more than one message takes");
            object["metadata"]["annotations"] = json!({ OMITTED: reason });
            serde_json::to_writer(&mut *out, &object)?;
        }
        (Body::Whole, Origin::Input) => match &scan.objects {
            Some(objects) => {
                objects.read(number, text)?;
                out.write_all(text)?;
            }
            None => out.write_all(b"null")?,
        },
        (
            Body::Whole,
            Origin::Subject {
                binding,
                role,
                subject,
            },
        ) => {
            let vector = vector(
                scan,
                [binding as usize, role as usize],
                subject as usize,
                text,
            )?;
            serde_json::to_writer(&mut *out, &vector)?;
        }
        (Body::Whole, Origin::Made) => serde_json::to_writer(&mut *out, &identity(record))?,
    }
    // Objects of a cluster are not in a file.
    let in_file = |place: &&Place| {
        scan.sources[place.source as usize].input != kubescape_collect::Input::Cluster
    };
    if let Some(place) = scan.places.get(number).filter(in_file) {
        let source = &scan.sources[place.source as usize];
        // Go writes what it does not know as zero values.
        let source = json!({
            "path": source.name,
            "relativePath": source.name,
            "helmPath": "",
            "fileType": if place.format == kubescape_collect::Format::Json { "JSON" } else { "YAML" },
            "helmChartName": "",
            "kustomizeDirectoryName": "",
            "lastCommit": {
                "hash": "",
                "date": "0001-01-01T00:00:00Z",
                "committerName": "",
                "committerEmail": "",
                "message": "",
            },
        });
        out.write_all(br#","source":"#)?;
        serde_json::to_writer(&mut *out, &source)?;
    }
    out.write_all(b"}")
}

fn identity(record: &Record) -> Json {
    json!({
        "apiVersion": record.api_version,
        "kind": record.kind,
        "metadata": {"name": record.name, "namespace": record.namespace},
    })
}

/// A subject with `relatedObjects: [binding, role]`.
fn vector(
    scan: &Scan,
    related: [usize; 2],
    subject: usize,
    text: &mut Vec<u8>,
) -> io::Result<Json> {
    let Some(objects) = &scan.objects else {
        return Ok(Json::Null);
    };
    let mut read = Vec::new();
    for number in related {
        objects.read(number, text)?;
        let json: Box<RawValue> = serde_json::from_slice(text)?;
        read.push(json);
    }
    let binding: Json = serde_json::from_str(read[0].get())?;
    let mut vector = binding["subjects"]
        .get(subject)
        .cloned()
        .unwrap_or_default();
    let related = read
        .iter()
        .map(|raw| serde_json::from_str(raw.get()))
        .collect::<Result<Vec<Json>, _>>()?;
    if let Some(vector) = vector.as_object_mut() {
        vector.insert("relatedObjects".to_owned(), Json::Array(related));
    }
    Ok(vector)
}
