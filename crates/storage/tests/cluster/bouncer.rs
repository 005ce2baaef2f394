//! Stands between kube-apiserver and our server and cuts connections when told.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Hands connections on to one address.
pub(crate) struct Bouncer {
    port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Bouncer {
    /// Starts to hand on; lives as long as the process.
    pub(crate) fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let shared = Arc::clone(&open);
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                // Nobody is there: the connection ends at once.
                if let Ok(to) = TcpStream::connect(target) {
                    join(&from, &to, &shared);
                }
            }
        });
        Self { port, open }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts all connections; gives how many there were.
    pub(crate) fn cut(&self) -> usize {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let alive = |stream: &TcpStream| stream.peer_addr().is_ok();
        let cut = open.iter().filter(|stream| alive(stream)).count();
        for stream in open.drain(..) {
            // Gone already is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
        cut
    }
}

fn join(from: &TcpStream, to: &TcpStream, open: &Mutex<Vec<TcpStream>>) {
    for (reader, writer) in [(from, to), (to, from)] {
        let (mut reader, mut writer) = (reader.try_clone().unwrap(), writer.try_clone().unwrap());
        thread::spawn(move || {
            // Ends with either side, and takes the other with it.
            let _ = io::copy(&mut reader, &mut writer);
            let _ = writer.shutdown(Shutdown::Both);
            let _ = reader.shutdown(Shutdown::Both);
        });
    }
    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|stream| stream.peer_addr().is_ok());
    open.push(from.try_clone().unwrap());
}
