//! What somebody means: a control or an object. Pure.

use kubescape_controls::LIBRARY;
use kubescape_engine::Control;
use kubescape_explain::ObjectRef;

use super::find;
use crate::exit::Failure;
use crate::kinds::{is_known, singular};

/// What is to be explained.
pub(crate) enum Meant {
    Control(&'static Control),
    Object(ObjectRef),
}

/// Reads the words of the command line.
pub(crate) fn meant(words: &[String]) -> Result<Meant, Failure> {
    let text = words.join(" ");
    match (control(&text), object(words)?) {
        // Names of controls are words, too: kinds that nobody knows count for nothing.
        (Some(control), Some(object)) if is_known(&object.kind) => Err(ambiguous(control, &object)),
        (Some(control), _) => Ok(Meant::Control(control)),
        (None, Some(object)) => Ok(Meant::Object(object)),
        // It says what may have been meant.
        (None, None) => find(&text).map(Meant::Control).map_err(|failure| {
            Failure::usage(format!(
                "{failure}; an object is KIND/NAME, as in deployment/cart"
            ))
        }),
    }
}

fn control(text: &str) -> Option<&'static Control> {
    let named = || {
        let mut controls = LIBRARY.controls.iter();
        controls.find(|control| control.name.eq_ignore_ascii_case(text))
    };
    LIBRARY.control(text).or_else(named)
}

/// `KIND/NAME`, `KIND NAME`, `VERSION/KIND/NAME` or `GROUP/VERSION/KIND/NAME`; none
/// when it has another form. Two words are an object when the first may be a kind.
fn object(words: &[String]) -> Result<Option<ObjectRef>, Failure> {
    let (api_version, kind, name) = match words {
        [word] => {
            let parts: Vec<&str> = word.split('/').collect();
            match parts[..] {
                [kind, name] => (String::new(), kind, name),
                [version, kind, name] => (version.to_owned(), kind, name),
                [group, version, kind, name] => (format!("{group}/{version}"), kind, name),
                _ => return Ok(None),
            }
        }
        [kind, name] if is_known(kind) || !kind.contains('-') && is_name(name) => {
            (String::new(), kind.as_str(), name.as_str())
        }
        _ => return Ok(None),
    };
    // Names of controls have blanks.
    if kind.contains(' ') || name.contains(' ') {
        return Ok(None);
    }
    if kind.is_empty() || name.is_empty() || api_version.starts_with('/') {
        let text = words.join(" ");
        return Err(Failure::usage(format!(
            "\"{text}\" names no object: write KIND/NAME, as in deployment/cart"
        )));
    }
    Ok(Some(ObjectRef {
        api_version,
        kind: singular(kind).to_owned(),
        namespace: String::new(),
        name: name.to_owned(),
    }))
}

/// Whether an object may be called that.
fn is_name(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.starts_with(letter) && text.chars().all(|one| letter(one) || "-.:".contains(one))
}

fn ambiguous(control: &Control, object: &ObjectRef) -> Failure {
    Failure::usage(format!(
        "this may be the control {id} ({name}) or the object {object}: write `kubescape explain {id}` or `kubescape explain {kind}/{object_name}`",
        id = control.id,
        name = control.name,
        kind = object.kind.to_lowercase(),
        object_name = object.name,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        match meant(&words) {
            Ok(Meant::Control(control)) => Ok(control.id.to_owned()),
            Ok(Meant::Object(object)) => {
                let api_version = &object.api_version;
                Ok(format!("{api_version} {object}").trim_start().to_owned())
            }
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[test]
    fn objects_are_named_in_several_ways() {
        for (words, object) in [
            (&["deployment/cart"][..], "deployment cart"),
            (&["deploy/cart"], "Deployment cart"),
            (&["Deployment", "cart"], "Deployment cart"),
            (&["widget", "a.b-1"], "widget a.b-1"),
            (&["v1/Pod/cart-1"], "v1 Pod cart-1"),
            (&["apps/v1/Deployment/cart"], "apps/v1 Deployment cart"),
            (&["clusterrole/system:node"], "clusterrole system:node"),
        ] {
            assert_eq!(said(words).as_deref(), Ok(object), "{words:?}");
        }
    }

    #[test]
    fn controls_are_named_by_id_or_name_with_or_without_quotes() {
        let name = LIBRARY.control("C-0041").unwrap().name;
        assert_eq!(said(&["c-0041"]).as_deref(), Ok("C-0041"));
        assert_eq!(said(&[name]).as_deref(), Ok("C-0041"));
        let words: Vec<&str> = name.split(' ').collect();
        assert_eq!(said(&words).as_deref(), Ok("C-0041"));
        // None of all is taken for an object.
        for control in LIBRARY.controls {
            let id = said(&[control.name]);
            let same_name = LIBRARY
                .controls
                .iter()
                .find(|other| other.name == control.name);
            assert_eq!(id.as_deref(), Ok(same_name.unwrap().id), "{}", control.name);
        }
    }

    #[test]
    fn what_may_be_both_is_asked_back() {
        let object = ObjectRef {
            kind: "Pod".to_owned(),
            name: "security".to_owned(),
            ..ObjectRef::default()
        };
        let text = ambiguous(LIBRARY.control("C-0016").unwrap(), &object).to_string();
        assert!(text.contains("kubescape explain C-0016"), "{text}");
        assert!(text.contains("kubescape explain pod/security"), "{text}");
    }

    #[test]
    fn what_is_neither_says_how_to_write_both() {
        let text = said(&["C-9999"]).unwrap_err();
        assert!(
            text.contains("there is no control") && text.contains("KIND/NAME"),
            "{text}"
        );
        assert!(
            said(&["deployment/"])
                .unwrap_err()
                .contains("names no object")
        );
        assert!(said(&["/cart"]).unwrap_err().contains("names no object"));
        assert!(said(&["a/b/c/d/e"]).is_err());
    }
}
