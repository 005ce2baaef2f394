//! Text on a terminal: how wide it is, cutting and breaking it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many cells a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// What may be written for a character of the input: terminals act on control
/// characters, and those that turn the direction of writing can hide things.
pub fn clean(char: char) -> char {
    match char {
        '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if char.is_control() => '\u{fffd}',
        _ => char,
    }
}

/// [`clean`] for a text.
pub fn cleaned(text: &str) -> String {
    text.chars().map(clean).collect()
}

/// The text in at most `cells` cells, with `…` for what was cut off.
pub fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut kept = head(text, cells.saturating_sub(1)).to_owned();
    if cells > 0 {
        kept.push('…');
    }
    kept
}

/// [`cut`], but what is cut off is in the middle.
pub fn cut_middle(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let front = cells.saturating_sub(1) / 3;
    let back = cells.saturating_sub(1) - front;
    let reversed: String = text.chars().rev().collect();
    let tail: String = head(&reversed, back).chars().rev().collect();
    format!("{}…{tail}", head(text, front))
}

/// As much of a text's start as fits.
pub fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, char) in text.char_indices() {
        used += char.width().unwrap_or(0);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// Breaks a text at spaces into lines of at most `cells` cells, and within
/// words where there is no other way.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(8);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let line = lines.last_mut().map_or(0, |line| width(line));
            let space = usize::from(line > 0);
            let fits = line + space + width(word) <= cells;
            if fits || (line == 0 && width(word) <= cells) {
                if let Some(last) = lines.last_mut() {
                    last.push_str(if space > 0 { " " } else { "" });
                    last.push_str(word);
                }
                break;
            }
            if line > 0 {
                lines.push(String::new());
                continue;
            }
            let first = head(word, cells);
            if let Some(last) = lines.last_mut() {
                last.push_str(first);
            }
            word = &word[first.len()..];
            lines.push(String::new());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// `1 object`, `2 objects`.
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_fits() {
        assert_eq!(cut("kubescape", 9), "kubescape");
        assert_eq!(cut("kubescape", 5), "kube…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut_middle("a/very/long/path.yaml", 12), "a/v…ath.yaml");
        for cells in 0..12 {
            assert!(width(&cut("日本語 text", cells)) <= cells);
            assert!(width(&cut_middle("日本語 text", cells)) <= cells.max(1));
        }
    }

    #[test]
    fn lines_break_at_spaces_or_else_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("a 0123456789", 8), ["a", "01234567", "89"]);
        assert!(wrap("  ", 8).is_empty());
    }

    #[test]
    fn nothing_that_a_terminal_acts_on_is_written() {
        assert_eq!(cleaned("a\u{1b}[31m\tb\u{202e}"), "a\u{fffd}[31m b\u{fffd}");
    }
}
