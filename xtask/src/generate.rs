//! `gen`: realistic Kubernetes objects in files.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::Value;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many objects.
    count: usize,
    /// A file, or a folder that gets one file a namespace.
    #[arg(long)]
    out: PathBuf,
    /// What to write.
    #[arg(long, value_enum, default_value = "yaml")]
    format: Format,
    /// Another seed gives other objects.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Documents separated by `---`.
    Yaml,
    /// A `List`, as `kubectl get -o json` prints it.
    Json,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let objects = kubescape_samples::generate(arguments.count, arguments.seed);
    if arguments.out.extension().is_some() {
        return write(&arguments.out, &objects, arguments.format);
    }
    fs::create_dir_all(&arguments.out)?;
    let mut objects = objects;
    objects.sort_by_key(namespace);
    for group in objects.chunk_by(|a, b| namespace(a) == namespace(b)) {
        let name = format!("{}.{}", namespace(&group[0]), arguments.format.extension());
        write(&arguments.out.join(name), group, arguments.format)?;
    }
    Ok(())
}

fn namespace(object: &Value) -> String {
    object["metadata"]["namespace"]
        .as_str()
        .unwrap_or("cluster")
        .to_owned()
}

fn write(path: &Path, objects: &[Value], format: Format) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    match format {
        Format::Yaml => kubescape_samples::write_yaml(objects, &mut out)?,
        Format::Json => kubescape_samples::write_json(objects, &mut out)?,
    }
    Ok(out.flush()?)
}
