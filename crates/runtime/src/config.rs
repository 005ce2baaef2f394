//! Configuration: files, environment and flags, read once into types, with every
//! error found listed at once.
//!
//! ```
//! use kubescape_runtime::config::{ConfigFile, Env, Problems, Reader};
//!
//! let file = ConfigFile::parse("config.json", br#"{"ServerBindPort": "8443"}"#);
//! let env = Env::from_pairs([("CLUSTER_NAME", "kind")]);
//! let mut problems = Problems::default();
//! let mut reader = Reader::new(file, &env, &mut problems);
//! let port: u16 = reader.field("serverBindPort").or(8443);
//! let cluster: Option<String> = reader.field("clusterName").env("CLUSTER_NAME").get();
//! reader.finish();
//! let warnings = problems.into_result().unwrap();
//! assert_eq!((port, cluster.as_deref(), warnings.len()), (8443, Some("kind"), 0));
//! ```

mod duration;
mod env;
mod file;
mod problem;
mod reader;
mod value;

pub use env::Env;
pub use file::{ConfigFile, Presence};
pub use problem::{ConfigErrors, Problem, Problems, Severity};
pub use reader::{Field, Reader};
pub use value::{FromConfig, Raw};
