//! What is looked at: a cluster, or a folder that stands for one.

use std::path::{Path, PathBuf};

use kubescape_collect::{Event, Kinds, Limits};
use kubescape_engine::{Plan, Scope};
use kubescape_folder::FollowError;
use kubescape_live::{ConnectError, Connection, Patience};
use tokio::sync::mpsc::Sender;

use crate::config::Source;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The cluster.
    #[error("{0}; or name a folder with --manifests")]
    Cluster(#[from] ConnectError),
    /// The folder.
    #[error("{0}")]
    Folder(#[from] FollowError),
}

/// A source that was found.
pub(crate) enum Opened {
    Cluster(Connection),
    Folder(PathBuf),
}

/// What is followed, and how to stop.
pub(crate) enum Following {
    Cluster(kubescape_live::Follow),
    Folder(kubescape_folder::Follow),
}

impl Following {
    pub(crate) fn kinds(&self) -> Kinds {
        match self {
            Self::Cluster(follow) => follow.kinds().clone(),
            Self::Folder(follow) => follow.kinds().clone(),
        }
    }
}

pub(crate) async fn open(source: &Source) -> Result<Opened, SourceError> {
    Ok(match source {
        Source::Cluster(access) => {
            Opened::Cluster(Connection::open(access, Patience::default()).await?)
        }
        Source::Folder(folder) => Opened::Folder(folder.clone()),
    })
}

impl Opened {
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Self::Cluster(connection) => connection.scope(),
            Self::Folder(_) => Scope::File,
        }
    }

    /// For identifiers of workloads, which have no room for odd characters.
    pub(crate) fn cluster_name(&self) -> String {
        let name = match self {
            Self::Cluster(connection) => connection.about().context.clone(),
            Self::Folder(folder) => name_of(folder),
        };
        let plain = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut clean = String::with_capacity(name.len());
        for letter in name.chars() {
            match plain(letter) {
                true => clean.push(letter),
                false if !clean.ends_with('-') => clean.push('-'),
                false => {}
            }
        }
        clean
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

    pub(crate) fn follow(
        self,
        plan: &Plan,
        events: Sender<Event>,
    ) -> Result<Following, SourceError> {
        Ok(match self {
            Self::Cluster(connection) => {
                let what = kubescape_live::What {
                    kinds: plan.kinds(),
                    ..kubescape_live::What::default()
                };
                let until = std::future::pending();
                Following::Cluster(kubescape_live::Follow::start(
                    &connection,
                    what,
                    events,
                    until,
                ))
            }
            Self::Folder(folder) => {
                let follow = kubescape_folder::Follow::start(&folder, Limits::default(), events)?;
                Following::Folder(follow)
            }
        })
    }
}

fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "manifests".to_owned())
}
