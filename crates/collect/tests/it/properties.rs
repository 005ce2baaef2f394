//! What holds for any input.

use kubescape_collect::yaml::from_yaml;
use kubescape_collect::{Limits, locate};
use kubescape_engine::{Arena, Path, from_json_str};
use proptest::prelude::*;

use crate::help::{lines_of, read, source};

/// Text that is often nearly YAML or JSON.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("---\n"),
        Just("...\n"),
        Just("--- "),
        Just("\n"),
        Just("\r\n"),
        Just(" "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just("\""),
        Just("\\"),
        Just(","),
        Just(":"),
        Just("\"items\""),
        Just("\"kind\":\"List\""),
        Just("a: b\n"),
        Just("# c\n"),
        Just("- "),
        Just("|\n"),
        Just("&a "),
        Just("*a"),
        Just("<<: "),
        Just("!!str "),
        Just("%TAG x\n"),
        Just("'"),
        Just("é"),
        Just("\u{feff}"),
        Just("?"),
        Just("\t"),
        Just("apiVersion: v1\n"),
        Just("kind: List\n"),
        Just("items:\n"),
        Just("17"),
        Just("0x"),
        Just("2001-01-01"),
    ];
    let pieces = prop::collection::vec(piece, 0..40).prop_map(|all| all.concat().into_bytes());
    prop_oneof![4 => pieces, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in text(), name in "x\\.(yaml|json)", limit in 1_usize..300) {
        let source = source(&name, true);
        let limits = Limits { document_bytes: limit };
        lines_of(&source, &text, limits);
        let paths = ["", "a", "a.b", "[0]", "items[0].kind", "apiVersion"];
        let paths = paths.map(|path| Path::parse(path).unwrap());
        for document in read(&source, &text, limits).into_iter().flatten() {
            prop_assert!(document.text.len() <= limit);
            let offset = usize::try_from(document.offset).unwrap();
            let mut original = text[offset..][..document.text.len()].to_vec();
            // An item of a YAML list has a blank where its dash was.
            if document.item.is_some() && original[0] == b'-' && document.text.starts_with(' ') {
                original[0] = b' ';
            }
            prop_assert_eq!(document.text.as_bytes(), original);
            let lines = text[..offset].iter().filter(|byte| **byte == b'\n').count() as u64;
            prop_assert_eq!(document.line, lines + 1);
            locate(&document, &paths);
        }
    }

    #[test]
    fn a_value_is_the_same_by_way_of_json(text in text()) {
        let text = String::from_utf8_lossy(&text);
        let arena = Arena::new();
        if let Ok(Some(value)) = from_yaml(&text, &arena) {
            let json = arena.str(&serde_json::to_string(&value).unwrap());
            let again = from_json_str(json, &arena).unwrap();
            prop_assert_eq!(&serde_json::to_string(&again).unwrap(), json);
            let yaml = from_yaml(json, &arena).unwrap().unwrap();
            prop_assert_eq!(yaml, again);
        }
    }
}
