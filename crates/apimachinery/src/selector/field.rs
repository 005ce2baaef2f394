//! Selectors on the two fields that every object has.
//! (`apimachinery/pkg/fields/selector.go`)

use std::collections::BTreeSet;

use crate::failure::Failure;

/// A field selector; all of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    /// `metadata.name` must be this.
    pub name: Option<String>,
    /// `metadata.namespace` must be this.
    pub namespace: Option<String>,
    /// `metadata.name` must be none of these.
    pub not_names: BTreeSet<String>,
    /// `metadata.namespace` must be none of these.
    pub not_namespaces: BTreeSet<String>,
    /// Terms contradict each other: nothing fits.
    pub never: bool,
}

impl FieldSelector {
    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the object at this place fits; cluster-scoped ones have an
    /// empty namespace.
    pub fn matches(&self, namespace: &str, name: &str) -> bool {
        !self.never
            && self.name.as_deref().is_none_or(|only| only == name)
            && self
                .namespace
                .as_deref()
                .is_none_or(|only| only == namespace)
            && !self.not_names.contains(name)
            && !self.not_namespaces.contains(namespace)
    }

    fn demand(&mut self, field: Field, value: String) {
        let (only, not) = match field {
            Field::Name => (&mut self.name, &self.not_names),
            Field::Namespace => (&mut self.namespace, &self.not_namespaces),
        };
        let contradicts = only.as_ref().is_some_and(|only| *only != value) || not.contains(&value);
        self.never |= contradicts;
        *only = Some(value);
    }

    fn exclude(&mut self, field: Field, value: String) {
        let (only, not) = match field {
            Field::Name => (&self.name, &mut self.not_names),
            Field::Namespace => (&self.namespace, &mut self.not_namespaces),
        };
        self.never |= only.as_ref() == Some(&value);
        not.insert(value);
    }
}

#[derive(Clone, Copy)]
enum Field {
    Name,
    Namespace,
}

/// Reads a `fieldSelector`; an empty one fits everything.
///
/// # Errors
///
/// 400 for bad syntax and for fields other than the two.
pub fn parse_field_selector(text: &str) -> Result<FieldSelector, Failure> {
    let mut sorted = terms(text);
    sorted.retain(|term| !term.is_empty());
    // A real server reads terms in this order, and all of them before it looks
    // at fields: the first error is the same.
    sorted.sort_unstable();
    let mut read = Vec::with_capacity(sorted.len());
    for term in sorted {
        let Some((field, negated, value)) = split(term) else {
            return Err(Failure::bad_request(format!(
                "invalid selector: '{}'; can't understand '{}'",
                cut(text),
                cut(term)
            )));
        };
        read.push((field, negated, unescape(value)?));
    }
    let mut selector = FieldSelector::default();
    for (field, negated, value) in read {
        let field = match field {
            "metadata.name" => Field::Name,
            "metadata.namespace" => Field::Namespace,
            other => {
                let message = format!("field label not supported: {}", cut(other));
                return Err(Failure::bad_request(message));
            }
        };
        if negated {
            selector.exclude(field, value);
        } else {
            selector.demand(field, value);
        }
    }
    Ok(selector)
}

/// Terms between commas that no backslash escapes; escapes stay as they are.
fn terms(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut escaped = false;
    let mut start = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                terms.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

/// Field, whether the operator is `!=`, and the value as written.
fn split(term: &str) -> Option<(&str, bool, &str)> {
    let at = term
        .char_indices()
        .find(|(at, _)| term[*at..].starts_with("!=") || term[*at..].starts_with('='))?
        .0;
    let (field, rest) = term.split_at(at);
    if let Some(value) = rest.strip_prefix("!=") {
        return Some((field, true, value));
    }
    let value = rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?;
    Some((field, false, value))
}

fn unescape(text: &str) -> Result<String, Failure> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => value.push(escaped),
                other => {
                    let sequence: String = ['\\'].into_iter().chain(other).collect();
                    return Err(Failure::bad_request(format!(
                        "invalid field selector: invalid escape sequence: {sequence}"
                    )));
                }
            },
            ',' | '=' => {
                return Err(Failure::bad_request(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(char)
                )));
            }
            char => value.push(char),
        }
    }
    Ok(value)
}

/// A part of the input in a message, cut.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(256)]
}

/// Sees that a selector agrees with the name in the path, as GET-like watches
/// of one object need it.
///
/// # Errors
///
/// 400 if it wants another name.
pub fn restrict_to_name(selector: &mut FieldSelector, name: &str) -> Result<(), Failure> {
    if selector.name.as_deref().is_some_and(|only| only != name) {
        let message = "fieldSelector metadata.name doesn't match requested name";
        return Err(Failure::bad_request(message));
    }
    selector.name = Some(name.to_owned());
    Ok(())
}
