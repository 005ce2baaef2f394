//! A posture report to a backend's event receiver: [`Chunks`] cuts it into messages
//! below 2 MiB, pure and with one of them in memory; [`send`] sends them in order over
//! the network. (config-scanning reference §10.1, control-plane reference §6)
//!
//! Nothing is sent unless somebody asked for it, and only to where they said:
//! [`Backend`] is the event receiver, or a server that tells where it is.
//!
//! The account is a UUID, or empty. An empty one is sent as it is, an empty
//! `customerGUID`: a backend for one team needs no accounts, and others refuse it, which
//! the error says. No account is made up, as upstream does: results under an account that
//! nobody knows are results that nobody finds.
//!
//! Messages are sent again after failures that pass (no connection, no answer, 429,
//! 5xx); the receiver tells them apart by `reportGUID` and `chunkNumber`. Without the
//! last of them a report is not complete, and the receiver sees that, too.

mod account;
mod backend;
mod chunks;
mod config;
mod error;
mod pause;
mod pieces;
mod post;
mod send;

pub use account::{Account, NoAccount};
pub use backend::{Backend, NoAddress};
pub use chunks::{CHUNK_LIMIT, Chunk, ChunkError, Chunks, Omission};
pub use config::Flags;
pub use error::SubmitError;
pub use pause::Patience;
pub use pieces::{Item, Pieces};
pub use send::{Destination, Progress, Sent, send};
