//! Finding the end of one JSON value.

use memchr::memchr2;

/// What a byte means outside strings.
const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    class[b'{' as usize] = OPEN;
    class[b'[' as usize] = OPEN;
    class[b'}' as usize] = CLOSE;
    class[b']' as usize] = CLOSE;
    class[b'"' as usize] = QUOTE;
    class
};
const PLAIN: u8 = 0;
const OPEN: u8 = 1;
const CLOSE: u8 = 2;
const QUOTE: u8 = 3;

/// How far into a value we are. Only brackets and strings count; whether the
/// value is well-formed is for its parser to say.
#[derive(Default)]
pub(super) struct Skip {
    depth: usize,
    in_string: bool,
    /// Whether the last byte was a backslash inside a string.
    escaped: bool,
    /// Whether the value is a number or a word that has begun.
    in_word: bool,
}

impl Skip {
    /// Goes on at `bytes[at]`: how far it came, and whether the value is over.
    pub(super) fn on(&mut self, bytes: &[u8], mut at: usize) -> (usize, bool) {
        loop {
            if self.in_string {
                match self.string(bytes, at) {
                    Some(end) => at = end,
                    None => return (bytes.len(), false),
                }
                self.in_string = false;
                if self.depth == 0 {
                    return (at, true);
                }
            }
            if self.depth == 0 && !self.outermost(bytes, &mut at) {
                return (at, self.in_word && at < bytes.len());
            }
            if self.in_string {
                continue;
            }
            let Some(rest) = bytes.get(at..) else {
                return (at, false);
            };
            let mut end = bytes.len();
            for (offset, byte) in rest.iter().enumerate() {
                match CLASS[usize::from(*byte)] {
                    PLAIN => {}
                    OPEN => self.depth += 1,
                    CLOSE => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return (at + offset + 1, true);
                        }
                    }
                    _ => {
                        self.in_string = true;
                        end = at + offset + 1;
                        break;
                    }
                }
            }
            at = end;
            if !self.in_string {
                return (at, false);
            }
        }
    }

    /// Whether the stream may end here.
    pub(super) fn may_end(&self) -> bool {
        self.in_word
    }

    /// Begins a value that is no collection yet; whether `on` goes on.
    fn outermost(&mut self, bytes: &[u8], at: &mut usize) -> bool {
        if !self.in_word {
            match bytes.get(*at) {
                None => return false,
                Some(b'{' | b'[') => {
                    self.depth = 1;
                    *at += 1;
                    return true;
                }
                Some(b'"') => {
                    self.in_string = true;
                    *at += 1;
                    return true;
                }
                Some(_) => self.in_word = true,
            }
        }
        let ends = |byte: &u8| b" \t\r\n{}[],:\"".contains(byte);
        *at = bytes[*at..]
            .iter()
            .position(ends)
            .map_or(bytes.len(), |length| *at + length);
        false
    }

    /// The place behind the quote that ends the string.
    fn string(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        if self.escaped && at < bytes.len() {
            self.escaped = false;
            at += 1;
        }
        loop {
            let found = quote_or_backslash(bytes, at)?;
            if bytes[found] == b'"' {
                return Some(found + 1);
            }
            at = found + 2;
            if at > bytes.len() {
                self.escaped = true;
                return None;
            }
        }
    }
}

/// The first `"` or `\` from `at` on.
fn quote_or_backslash(bytes: &[u8], at: usize) -> Option<usize> {
    // Most strings are short: look at three words of eight bytes before
    // calling for help.
    let (words, _) = bytes[at..].as_chunks::<8>();
    for (number, word) in words.iter().take(3).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ repeated(b'"')) | zero_bytes(word ^ repeated(b'\\'));
        if found != 0 {
            return Some(at + number * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    let far = at + words.len().min(3) * 8;
    Some(far + memchr2(b'"', b'\\', &bytes[far..])?)
}

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte that is zero; above the first one there may be
/// more bits.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeated(0x01)) & !word & repeated(0x80)
}
