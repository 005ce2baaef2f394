//! JSON patches (RFC 6902).

use std::io;

use json_patch::jsonptr::Pointer;
use json_patch::{AddOperation, PatchErrorKind, PatchOperation, patch_unsafe};
use serde::Deserialize;
use serde_json::Value;

use crate::value::deeper;
use crate::{Error, Limits};

/// Most values that are looked at in all to keep nesting within bounds.
const MOST_LOOKED_AT: usize = 1 << 24;

/// Changes `object` by a JSON patch: a list of operations (RFC 6902), of
/// which all happen or none.
///
/// Like kube-apiserver, and more kindly than the RFC, `replace` of a field that
/// is not there adds it and `test` for null holds of a field that is not there.
///
/// # Errors
///
/// [`Error::BadRequest`] when `patch` is no list of operations,
/// [`Error::Unprocessable`] when an operation does not fit or a `test` fails,
/// [`Error::TooLarge`] beyond the limits.
pub fn json_patch(mut object: Value, patch: Value, limits: &Limits) -> Result<Value, Error> {
    let Value::Array(operations) = patch else {
        let message = "error decoding patch: a JSON patch is a list of operations";
        return Err(Error::BadRequest(message.to_owned()));
    };
    if operations.len() > limits.operations {
        return Err(Error::TooLarge(format!(
            "The allowed maximum operations in a JSON patch is {}, got {}",
            limits.operations,
            operations.len()
        )));
    }
    let mut budget = Budget {
        limits,
        copied: 0,
        looked_at: 0,
    };
    for operation in operations {
        if deeper(&operation, limits.depth) {
            return Err(limits.too_deep());
        }
        let operation = read(&operation)?;
        budget.charge(&object, &operation)?;
        run(&mut object, operation)?;
    }
    match object {
        Value::Object(_) | Value::Array(_) => Ok(object),
        _ => Err(Error::Unprocessable(
            "replace operation value must be object or array".to_owned(),
        )),
    }
}

fn read(operation: &Value) -> Result<PatchOperation, Error> {
    let kind = operation.get("op").and_then(Value::as_str);
    let known = ["add", "remove", "replace", "move", "copy", "test"];
    if let Some(kind) = kind.filter(|kind| !known.contains(kind)) {
        let kind = &kind[..kind.floor_char_boundary(100)];
        return Err(Error::Unprocessable(format!("Unexpected kind: {kind}")));
    }
    PatchOperation::deserialize(operation)
        .map_err(|error| Error::BadRequest(format!("error decoding patch: {error}")))
}

/// Runs one operation; on errors the object may be half changed and is dropped.
fn run(object: &mut Value, operation: PatchOperation) -> Result<(), Error> {
    let operation = match operation {
        PatchOperation::Replace(replace) if is_new_field(object, &replace.path) => {
            PatchOperation::Add(AddOperation {
                path: replace.path,
                value: replace.value,
            })
        }
        PatchOperation::Test(test) if test.value.is_null() && is_new_field(object, &test.path) => {
            return Ok(());
        }
        operation => operation,
    };
    let operation = [operation];
    patch_unsafe(object, &operation).map_err(|error| explain(&operation[0], &error.kind))
}

/// Whether a path leads to a field that an object lacks.
fn is_new_field(object: &Value, path: &Pointer) -> bool {
    let Some((parent, field)) = path.split_back() else {
        return false;
    };
    let parent = object.pointer(parent.as_str()).and_then(Value::as_object);
    parent.is_some_and(|fields| !fields.contains_key(field.decoded().as_ref()))
}

/// Says what went wrong in the words of kube-apiserver's library.
fn explain(operation: &PatchOperation, error: &PatchErrorKind) -> Error {
    let (name, from) = match operation {
        PatchOperation::Add(_) => ("add", None),
        PatchOperation::Remove(_) => ("remove", None),
        PatchOperation::Replace(_) => ("replace", None),
        PatchOperation::Move(operation) => ("move", Some(&operation.from)),
        PatchOperation::Copy(operation) => ("copy", Some(&operation.from)),
        PatchOperation::Test(_) => ("test", None),
    };
    let path = shown(operation.path());
    Error::Unprocessable(match error {
        PatchErrorKind::TestFailed => format!("testing value {path} failed: test failed"),
        PatchErrorKind::InvalidFromPointer => {
            let from = from.map_or("", |from| shown(from));
            format!(
                "{name} operation does not apply: doc is missing from path: {from}: missing value"
            )
        }
        PatchErrorKind::InvalidPointer => {
            format!(
                "{name} operation does not apply: doc is missing path: \"{path}\": missing value"
            )
        }
        other => format!("error in {name} for path: '{path}': {other}"),
    })
}

fn shown(path: &Pointer) -> &str {
    let path = path.as_str();
    &path[..path.floor_char_boundary(200)]
}

/// What the operations have cost so far.
struct Budget<'l> {
    limits: &'l Limits,
    copied: usize,
    looked_at: usize,
}

impl Budget<'_> {
    fn charge(&mut self, object: &Value, operation: &PatchOperation) -> Result<(), Error> {
        let path = operation.path().tokens().count();
        let moved = match operation {
            PatchOperation::Add(add) => Some(&add.value),
            PatchOperation::Replace(replace) => Some(&replace.value),
            PatchOperation::Move(from) => object.pointer(from.from.as_str()),
            PatchOperation::Copy(from) => {
                let value = object.pointer(from.from.as_str());
                self.copy(value)?;
                value
            }
            PatchOperation::Remove(_) | PatchOperation::Test(_) => None,
        };
        let Some(moved) = moved else {
            return Ok(());
        };
        let room = self.limits.depth.checked_sub(path);
        match room {
            Some(room) if self.fits(moved, room) => Ok(()),
            _ if self.looked_at > MOST_LOOKED_AT => Err(Error::TooLarge(
                "the patch moves too much: move smaller parts, or replace the object".to_owned(),
            )),
            _ => Err(self.limits.too_deep()),
        }
    }

    fn copy(&mut self, value: Option<&Value>) -> Result<(), Error> {
        let limit = self.limits.copied_bytes;
        let Some(value) = value else {
            return Ok(());
        };
        let mut count = Count {
            left: limit - self.copied,
        };
        let counted = serde_json::to_writer(&mut count, value);
        self.copied = limit - count.left;
        counted.map_err(|_| {
            Error::TooLarge(format!(
                "Unable to complete the copy, the accumulated size increase of copy exceeds the limit {limit}"
            ))
        })
    }

    /// Whether a value nests no deeper than this, within what may be looked at.
    fn fits(&mut self, value: &Value, room: usize) -> bool {
        self.looked_at += 1;
        if self.looked_at > MOST_LOOKED_AT {
            return false;
        }
        let mut below = |value: &Value| room > 0 && self.fits(value, room - 1);
        match value {
            Value::Array(items) => items.iter().all(&mut below),
            Value::Object(fields) => fields.values().all(&mut below),
            _ => true,
        }
    }
}

/// Counts bytes down; fails when none are left.
struct Count {
    left: usize,
}

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.left.checked_sub(bytes.len()) {
            Some(left) => self.left = left,
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
