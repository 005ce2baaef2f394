//! Whatever a report is made of, its messages stay below the limit and lose no result.

use std::io::{self, Write};

use kubescape_report::Detail;
use kubescape_submit::{Chunk, ChunkError, Chunks, Item, Pieces};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Bytes of the parts of a resource.
#[derive(Clone, Debug)]
struct Sizes {
    object: usize,
    /// Of each of its paths.
    paths: usize,
}

/// A report of made-up sizes.
#[derive(Clone, Debug)]
struct Made {
    head: usize,
    tail: usize,
    sizes: Vec<Sizes>,
    with_resources: bool,
}

impl Pieces for Made {
    fn resources(&self) -> usize {
        if self.with_resources {
            self.sizes.len()
        } else {
            0
        }
    }

    fn results(&self) -> usize {
        self.sizes.len()
    }

    fn id(&self, _number: usize) -> &'static str {
        "an ID"
    }

    fn object_bytes(&self, number: usize) -> u64 {
        self.sizes[number].object as u64
    }

    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, r#"{{"head":"{}","#, "h".repeat(self.head))
    }

    fn tail(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, r#""tail":"{}","#, "t".repeat(self.tail))
    }

    fn item(&mut self, item: Item, detail: Detail, out: &mut dyn Write) -> io::Result<()> {
        let (number, of_result) = match item {
            Item::Resource(number) => (number, 0),
            Item::Result(number) => (number, 1),
        };
        let sizes = &self.sizes[number];
        let object = if detail == Detail::Whole {
            sizes.object
        } else {
            0
        };
        let paths = match detail {
            Detail::Paths(most) => sizes.paths.min(most),
            Detail::Whole | Detail::NoObject => sizes.paths,
        };
        let filler = "x".repeat(object + paths * of_result);
        serde_json::to_writer(out, &json!({"id": number, "filler": filler}))?;
        Ok(())
    }
}

fn parsed(chunk: &Chunk) -> Value {
    serde_json::from_slice(&chunk.body).unwrap()
}

fn ids(chunks: &[Chunk], list: &str) -> Vec<u64> {
    let all = chunks.iter().map(parsed);
    all.flat_map(|chunk| chunk[list].as_array().unwrap().clone())
        .map(|item| item["id"].as_u64().unwrap())
        .collect()
}

prop_compose! {
    fn made()(
        head in 0usize..300,
        tail in 0usize..200,
        sizes in prop::collection::vec((0usize..3000, 0usize..3000), 0..40),
        with_resources in any::<bool>(),
    ) -> Made {
        let sizes = sizes.into_iter().map(|(object, paths)| Sizes { object, paths });
        Made { head, tail, sizes: sizes.collect(), with_resources }
    }
}

proptest! {
    #[test]
    fn messages_stay_below_the_limit_and_lose_nothing(made in made(), limit in 1300usize..4000) {
        let mut cut = Chunks::new(made.clone(), limit).unwrap();
        let chunks: Vec<Chunk> = cut.by_ref().map(Result::unwrap).collect();
        for (number, chunk) in chunks.iter().enumerate() {
            prop_assert!(chunk.body.len() < limit);
            prop_assert_eq!(chunk.number, number);
            let last = number + 1 == chunks.len();
            prop_assert_eq!(chunk.last, last);
            let json = parsed(chunk);
            let page = json!({"chunkNumber": number, "isLastChunk": last});
            prop_assert_eq!(&json["paginationInfo"], &page);
            prop_assert_eq!(json["head"].as_str().unwrap().len(), made.head);
            prop_assert_eq!(json["tail"].as_str().unwrap().len(), made.tail);
        }
        let all: Vec<u64> = (0..made.sizes.len() as u64).collect();
        prop_assert_eq!(ids(&chunks, "results"), all.clone());
        let resources = if made.with_resources { all } else { Vec::new() };
        prop_assert_eq!(ids(&chunks, "resources"), resources);
        // Resources come first.
        let first = chunks.iter().position(|chunk| parsed(chunk)["results"] != json!([]));
        let last = chunks.iter().rposition(|chunk| parsed(chunk)["resources"] != json!([]));
        prop_assert!(first.zip(last).is_none_or(|(first, last)| last <= first));
        // Whatever is not whole is said, and nothing else.
        let cut_short = made.sizes.iter().enumerate().filter(|(number, sizes)| {
            let items = chunks.iter().flat_map(|chunk| parsed(chunk)["results"].as_array().unwrap().clone());
            let item = items.into_iter().nth(*number).unwrap();
            item["filler"].as_str().unwrap().len() < sizes.object + sizes.paths
        });
        prop_assert_eq!(cut.omissions().count(), cut_short.count());
        // No message could have taken the first item of the next.
        for pair in chunks.windows(2) {
            let [one, other] = [parsed(&pair[0]), parsed(&pair[1])];
            let list = if other["resources"] == json!([]) { "results" } else { "resources" };
            let next = other[list][0].to_string().len();
            let comma = usize::from(one[list] != json!([]));
            // A message's own number may be shorter than the longest.
            prop_assert!(pair[0].body.len() + comma + next + 24 >= limit);
        }
        let (done, items) = cut.progress();
        prop_assert_eq!(done, items);
    }
}

#[test]
fn a_report_without_results_is_one_message() {
    let made = Made {
        head: 1,
        tail: 1,
        sizes: Vec::new(),
        with_resources: true,
    };
    let chunks: Vec<_> = Chunks::new(made, 1000)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(chunks.len(), 1);
    assert!(chunks[0].last);
    assert_eq!(parsed(&chunks[0])["results"], json!([]));
}

#[test]
fn what_is_repeated_may_not_fill_the_messages() {
    let made = Made {
        head: 600,
        tail: 0,
        sizes: Vec::new(),
        with_resources: true,
    };
    let error = Chunks::new(made, 1000).err().unwrap();
    assert!(
        matches!(error, ChunkError::Frame { limit: 1000, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("fewer frameworks"));
}

/// A result whose identity alone is too much.
struct Monster;

impl Pieces for Monster {
    fn resources(&self) -> usize {
        0
    }

    fn results(&self) -> usize {
        2
    }

    fn id(&self, _number: usize) -> &'static str {
        "a\u{1b}name"
    }

    fn object_bytes(&self, _number: usize) -> u64 {
        0
    }

    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{")
    }

    fn tail(&self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn item(&mut self, item: Item, _detail: Detail, out: &mut dyn Write) -> io::Result<()> {
        let Item::Result(0) = item else {
            return Err(io::Error::other("the disk is gone"));
        };
        serde_json::to_writer(out, &"x".repeat(1000))?;
        Ok(())
    }
}

#[test]
fn a_result_that_no_message_takes_is_named_and_ends_it() {
    let mut chunks = Chunks::new(Monster, 800).unwrap();
    let error = chunks.next().unwrap().unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("aname: ") && said.contains("--exclude-kinds"),
        "{said}"
    );
    assert!(chunks.next().is_none());
}

#[test]
fn an_object_that_cannot_be_read_is_an_error_and_not_an_omission() {
    let mut chunks = Chunks::new(Monster, 4000).unwrap();
    let error = chunks.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    assert!(chunks.next().is_none());
}
