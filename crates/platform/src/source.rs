//! What is looked at: a cluster, or a folder that stands for one.

use std::path::{Path, PathBuf};

use kubescape_collect::{Event, Kinds};
use kubescape_engine::{Plan, Scope};
use kubescape_folder::{Folder, FolderFollow};
use kubescape_live::{ConnectError, Connection, Follow, Patience, What};
use tokio::sync::mpsc::Sender;

use crate::config::Source;
use crate::scanning::Wanted;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The cluster.
    #[error("{0}; or name a folder with --manifests")]
    Cluster(#[from] ConnectError),
    /// The folder.
    #[error("cannot read {folder}: {source}: name a folder of manifests")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A source that was found.
pub(crate) enum Opened {
    Cluster(Box<Connection>),
    Folder(PathBuf),
}

/// What is followed, and how to stop.
pub(crate) enum Following {
    Cluster(Follow),
    Folder(FolderFollow),
}

impl Following {
    pub(crate) fn kinds(&self) -> Kinds {
        match self {
            Self::Cluster(follow) => follow.kinds().clone(),
            Self::Folder(follow) => follow.kinds().clone(),
        }
    }
}

impl Following {
    /// Whether objects of a namespace are read; of a folder, all are.
    pub(crate) fn follows(&self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        let namespaces = match self {
            Self::Cluster(follow) => Some(follow.namespaces()),
            Self::Folder(_) => None,
        };
        move |name| namespaces.as_ref().is_none_or(|now| now.borrow().has(name))
    }
}

pub(crate) async fn open(source: &Source) -> Result<Opened, SourceError> {
    Ok(match source {
        Source::Cluster(access) => Opened::Cluster(Box::new(
            Connection::open(access, Patience::default()).await?,
        )),
        Source::Folder(folder) => {
            std::fs::read_dir(folder).map_err(|source| SourceError::Folder {
                folder: folder.display().to_string(),
                source,
            })?;
            Opened::Folder(folder.clone())
        }
    })
}

impl Opened {
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Cluster(connection) => connection.scope(),
            // It stands for one: what only a cluster has is skipped with its reason.
            Self::Folder(_) => Scope::Cluster,
        }
    }

    /// For identifiers of workloads, which have no room for odd characters.
    pub(crate) fn cluster_name(&self) -> String {
        let name = match self {
            Self::Cluster(connection) => connection.about().context.clone(),
            Self::Folder(folder) => name_of(folder),
        };
        kubescape_names::cluster_name(&name)
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Cluster(connection) => {
                let about = connection.about();
                format!("cluster {} at {}", about.context, about.url)
            }
            Self::Folder(folder) => format!("manifests in {}", folder.display()),
        }
    }

    pub(crate) fn follow(self, plan: &Plan, wanted: &Wanted, events: Sender<Event>) -> Following {
        let until = std::future::pending();
        match self {
            Self::Cluster(connection) => {
                let what = What {
                    kinds: plan.kinds(),
                    rules: wanted.rules.clone(),
                    namespaces: wanted.namespaces.clone(),
                    ..What::default()
                };
                Following::Cluster(Follow::start(&connection, what, events, until))
            }
            Self::Folder(folder) => {
                Following::Folder(FolderFollow::start(Folder::new(folder), events, until))
            }
        }
    }
}

fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "manifests".to_owned())
}
