//! Bodies on disk: zstd with a checksum of the content.
//!
//! Bodies are not shared between objects: each holds its own name and uid, so
//! that no two are equal and looking for twins would only cost an index.

use std::cell::RefCell;
use std::io::Read as _;

use bytes::Bytes;

use crate::error::Error;

/// Fast, and already a seventh of the size on the JSON that we keep.
const LEVEL: i32 = 1;

/// Up to this size a body is compressed where it is, in some 100 µs; larger ones
/// go to a thread that may block.
pub(crate) const SMALL: usize = 64 << 10;

/// A larger body is not allocated at once on the word of a file.
const FIRST_ALLOCATION: usize = 1 << 20;

thread_local! {
    /// Making a compressor costs more than compressing a small body.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

pub(crate) fn compress(body: &[u8]) -> Result<Vec<u8>, Error> {
    let bad = |e: std::io::Error| Error::Internal(format!("zstd: {e}"));
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut new = zstd::bulk::Compressor::new(LEVEL).map_err(bad)?;
            new.include_checksum(true).map_err(bad)?;
            *slot = Some(new);
        }
        match slot {
            Some(compressor) => compressor.compress(body).map_err(bad),
            None => Err(Error::Internal("zstd: no compressor".into())),
        }
    })
}

/// The body of `size` bytes again. Memory follows the real content, whatever a
/// damaged row says.
pub(crate) fn decompress(stored: &[u8], size: u64) -> Result<Bytes, Error> {
    let bad = |what: &dyn std::fmt::Display| Error::Corrupt {
        detail: format!("body: {what}"),
    };
    let mut out = Vec::with_capacity(usize::try_from(size).map_or(0, |s| s.min(FIRST_ALLOCATION)));
    zstd::stream::read::Decoder::with_buffer(stored)
        .map_err(|e| bad(&e))?
        .take(size.saturating_add(1))
        .read_to_end(&mut out)
        .map_err(|e| bad(&e))?;
    if out.len() as u64 != size {
        return Err(bad(&format_args!(
            "{size} bytes announced, {} found",
            out.len()
        )));
    }
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_body_comes_back(body in proptest::collection::vec(any::<u8>(), 0..5000)) {
            let stored = compress(&body).unwrap();
            prop_assert_eq!(&decompress(&stored, body.len() as u64).unwrap()[..], &body[..]);
        }

        #[test]
        fn damaged_bytes_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..500), size in any::<u64>()) {
            let _ = decompress(&bytes, size);
        }

        #[test]
        fn a_flipped_bit_is_noticed(at in 0usize..100, bit in 0u8..8) {
            let body = br#"{"kind":"SBOMSyft","spec":{"a":[1,2,3],"b":"some text that is not repeated"}}"#;
            let mut stored = compress(body).unwrap();
            let at = at % stored.len();
            stored[at] ^= 1 << bit;
            if let Ok(back) = decompress(&stored, body.len() as u64) {
                prop_assert_eq!(&back[..], &body[..]);
            }
        }
    }

    #[test]
    fn a_bomb_stops_at_the_announced_size() {
        let stored = compress(&vec![0; 64 << 20]).unwrap();
        assert!(matches!(
            decompress(&stored, 10),
            Err(Error::Corrupt { .. })
        ));
    }
}
