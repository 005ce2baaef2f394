//! One page of a list, as an API server sends it.

use std::io::{self, Read};
use std::ops::ControlFlow;

use serde::Deserialize;

use crate::documents::{Limits, RawDocument, Sink};
use crate::find::Source;
use crate::problem::{Code, Problem};
use crate::split_json;
use crate::window::{CHUNK, Window};

/// What a page says about what follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListEnd {
    /// Token that asks for the next page; empty after the last one.
    #[serde(rename = "continue")]
    pub next: String,
    /// Version of the store that the list shows.
    pub resource_version: String,
}

/// Reads a list in JSON item by item and hands each to `each`, which may stop
/// it, as [`read_stream`](crate::read_stream) does; items that cannot be read
/// are handed over as problems.
///
/// # Errors
///
/// The stream fails, ends early, or is no list in JSON: what came so far is not
/// all of the page.
pub fn read_list(
    source: &Source,
    input: &mut dyn Read,
    limits: Limits,
    each: &mut dyn FnMut(Result<RawDocument, Problem>) -> ControlFlow<()>,
) -> io::Result<ListEnd> {
    let mut broken = None;
    let mut stopped = false;
    let mut items = |document: Result<RawDocument, Problem>| {
        match &document {
            Err(problem) if problem.code == Code::BadJson => {
                broken = Some(problem.message.clone());
                return ControlFlow::Break(());
            }
            Ok(document) if document.item.is_none() => {
                if is_empty_list(&document.text) {
                    return ControlFlow::Continue(());
                }
                broken = Some("this is no list".to_owned());
                return ControlFlow::Break(());
            }
            _ => {}
        }
        let flow = each(document);
        stopped = flow.is_break();
        flow
    };
    let mut window = Window::new(input, CHUNK);
    let mut sink = Sink::of_list(source, limits, &mut items);
    split_json::split(&mut window, &mut sink)?;
    let metadata = sink.metadata.take();
    let empty = window.offset == 0;
    if let Some(message) = broken {
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    if stopped {
        return Ok(ListEnd::default());
    }
    match metadata {
        Some(text) => serde_json::from_str(&text).map_err(io::Error::from),
        None if empty => Err(io::ErrorKind::UnexpectedEof.into()),
        // Without metadata nobody can tell whether more pages follow.
        None => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the list has no metadata",
        )),
    }
}

/// Whether this is a list whose items are `null` or left out, as Go writes a
/// list of nothing.
fn is_empty_list(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Header {
        kind: String,
        items: Option<()>,
    }
    let header: Result<Header, _> = serde_json::from_str(text);
    header.is_ok_and(|header| header.kind.ends_with("List") && header.items.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::Input;

    fn read(text: &str) -> (Vec<RawDocument>, io::Result<ListEnd>) {
        let source = Source {
            index: 0,
            name: "/api/v1/pods".to_owned(),
            input: Input::Cluster,
            explicit: false,
        };
        let mut items = Vec::new();
        let end = read_list(
            &source,
            &mut text.as_bytes(),
            Limits::default(),
            &mut |item| {
                items.extend(item);
                ControlFlow::Continue(())
            },
        );
        (items, end)
    }

    #[test]
    fn the_token_is_read_before_and_after_the_items() {
        for text in [
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"abc"},"items":[{"metadata":{"name":"a"}}]}"#,
            r#"{"apiVersion":"v1","items":[{"metadata":{"name":"a"}}],"kind":"PodList","metadata":{"continue":"abc","resourceVersion":"7"}}"#,
        ] {
            let (items, end) = read(text);
            assert_eq!(items.len(), 1);
            let end = end.unwrap();
            assert_eq!((&*end.next, &*end.resource_version), ("abc", "7"));
        }
    }

    #[test]
    fn a_list_of_nothing_is_whole() {
        for items in ["[]", "null"] {
            let text = format!(
                r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"7"}},"items":{items}}}"#
            );
            let (items, end) = read(&text);
            assert_eq!((items.len(), &*end.unwrap().next), (0, ""));
        }
    }

    #[test]
    fn what_is_cut_or_no_list_is_no_success() {
        for text in [
            "",
            r#"{"kind":"PodList","metadata":{},"items":[{"metadata":{"na"#,
            r#"{"kind":"PodList","metadata":{},"items":[{"a":1}"#,
            r#"{"kind":"PodList","items":[{"a":1}]}"#,
            "<html>504</html>",
            "[1]",
        ] {
            assert!(read(text).1.is_err(), "{text}");
        }
    }
}
