//! A stand-in for an event receiver: a server that does what a test says and keeps
//! what it got.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// This status, with more lines of the head, and this body.
    Answer(u16, &'static str, &'static str),
    /// Nothing, while the client has patience.
    Hang,
    /// The end of the connection, once the request is there.
    Cut,
    /// The end of it before the request is there.
    CutEarly,
}

pub(crate) const TAKEN: Reply = Reply::Answer(200, "", r#"{"message":"taken"}"#);

/// A request that came whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `POST /path?query`.
    pub(crate) line: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// The server.
pub(crate) struct Receiver {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    /// Replies in this order, and then always with success. Needs a runtime.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::default();
        let replies: VecDeque<Reply> = replies.into_iter().collect();
        tokio::spawn(serve(listener, Arc::clone(&got), Mutex::new(replies)));
        Self { url, got }
    }

    pub(crate) fn got(&self) -> Vec<Request> {
        self.got.lock().unwrap().clone()
    }
}

async fn serve(
    listener: TcpListener,
    got: Arc<Mutex<Vec<Request>>>,
    replies: Mutex<VecDeque<Reply>>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let reply = replies.lock().unwrap().pop_front().unwrap_or(TAKEN);
        tokio::spawn(exchange(stream, reply, Arc::clone(&got)));
    }
}

async fn exchange(mut stream: TcpStream, reply: Reply, got: Arc<Mutex<Vec<Request>>>) {
    if matches!(reply, Reply::CutEarly) {
        let mut first = [0];
        let _ = stream.read(&mut first).await;
        return;
    }
    let Some(request) = read(&mut stream).await else {
        return;
    };
    got.lock().unwrap().push(request);
    match reply {
        Reply::Hang => {
            // Until the client goes.
            let mut nothing = [0];
            let _ = stream.read(&mut nothing).await;
        }
        Reply::Answer(code, head, body) => {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {code} X\r\n{head}content-length: {length}\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        Reply::Cut | Reply::CutEarly => {}
    }
}

/// `None` when the client goes away before its end.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.lines();
    let line = lines
        .next()
        .unwrap()
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut request = Request {
        line,
        headers,
        body,
    };
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(request)
}
