//! Finds places in JSON text without parsing it. Linear in what it passes, no
//! recursion, no memory.

/// Where the first field of the top-level `metadata` object goes; `None` if
/// there is no such object. What follows is not looked at.
pub(super) fn inside_metadata(json: &[u8]) -> Option<usize> {
    let mut at = inside_object(json)?;
    loop {
        at = blank(json, at);
        let end = string(json, at)?;
        let key = &json[at..end];
        at = blank(json, end);
        if json.get(at) != Some(&b':') {
            return None;
        }
        at = blank(json, at + 1);
        if key == b"\"metadata\"" {
            return (json.get(at) == Some(&b'{')).then_some(at + 1);
        }
        at = blank(json, value(json, at)?);
        if json.get(at) != Some(&b',') {
            return None;
        }
        at += 1;
    }
}

/// Where the first field of the top-level object goes.
pub(super) fn inside_object(json: &[u8]) -> Option<usize> {
    let at = blank(json, 0);
    (json.get(at) == Some(&b'{')).then_some(at + 1)
}

/// Whether an object that is open ends before its next field.
pub(super) fn closes(rest: &[u8]) -> bool {
    rest.get(blank(rest, 0)) == Some(&b'}')
}

/// The first place from `at` on that is no white space.
fn blank(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    let blanks = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    at + blanks.count()
}

/// Where the string that begins at `at` has ended.
fn string(json: &[u8], at: usize) -> Option<usize> {
    if json.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where the value that begins at `at` has ended. Brackets are counted and not
/// matched: stored text is well-formed.
fn value(json: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match json.get(at)? {
            b'"' => at = string(json, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            _ => at = scalar(json, at),
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where the number or word that begins at `at` has ended.
fn scalar(json: &[u8], at: usize) -> usize {
    let rest = json.get(at..).unwrap_or_default();
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    // At least one byte, so that garbage is passed, too.
    at + length.count().max(1)
}
