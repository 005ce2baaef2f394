//! The fields of an object that is being written: found again, put in order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

/// Where a field stands in the text, from its key's quote to its value's end.
/// Small: a hostile object has millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    start: usize,
    /// Bytes of the key with its quotes.
    key: u32,
    end: usize,
}

impl Member {
    /// `None` for keys of four gigabytes.
    pub(super) fn new(start: usize, key_end: usize, end: usize) -> Option<Self> {
        let key = u32::try_from(key_end - start).ok()?;
        Some(Self { start, key, end })
    }

    fn key(self, text: &[u8]) -> &[u8] {
        &text[self.start..self.start + self.key as usize]
    }

    fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// How two keys sort as texts, given as JSON strings.
fn order(one: &[u8], other: &[u8]) -> Ordering {
    let plain = |key: &[u8]| !key.contains(&b'\\');
    if plain(one) && plain(other) {
        // Without the quotes, which would sort before what is longer.
        return one[1..one.len() - 1].cmp(&other[1..other.len() - 1]);
    }
    text(one).cmp(&text(other))
}

fn text(key: &[u8]) -> Cow<'_, str> {
    // Ours: it was just written.
    serde_json::from_slice(key)
        .map(Cow::Owned)
        .unwrap_or_default()
}

/// Puts the members of an object that begins at `start` in the order of their
/// keys, with commas between them. `false` when a key is there twice.
///
/// `out` ends with the last member; between members is one comma, or none.
pub(super) fn put_in_order(
    out: &mut Vec<u8>,
    start: usize,
    members: &mut [Member],
    scratch: &mut Vec<u8>,
) -> bool {
    let compare = |one: &Member, other: &Member| order(one.key(out), other.key(out));
    let mut sorted = true;
    for pair in members.windows(2) {
        match compare(&pair[0], &pair[1]) {
            Ordering::Less => {}
            Ordering::Equal => return false,
            Ordering::Greater => sorted = false,
        }
    }
    if sorted {
        return true;
    }
    members.sort_unstable_by(compare);
    let twice = members
        .windows(2)
        .any(|pair| compare(&pair[0], &pair[1]) == Ordering::Equal);
    if twice {
        return false;
    }
    scratch.clear();
    // Not by doubling, which large bodies would feel.
    scratch.reserve_exact(out.len() - start);
    for member in members.iter() {
        if !scratch.is_empty() {
            scratch.push(b',');
        }
        scratch.extend_from_slice(&out[member.range()]);
    }
    out.truncate(start);
    out.extend_from_slice(scratch);
    // What was large once is not kept for the small objects that follow.
    scratch.shrink_to(1 << 20);
    true
}
