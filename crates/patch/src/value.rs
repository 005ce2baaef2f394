//! JSON values compared and ordered as Kubernetes does it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::{Number, Value};

/// A JSON value, as a rule a scalar, that tells entries of lists apart.
///
/// Ordered as structured-merge-diff orders values: numbers, texts, booleans,
/// lists, objects, null. Numbers are equal by value: `1` is `1.0`.
#[derive(Clone, Debug)]
pub struct Scalar(pub Value);

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scalar {}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scalar {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Value::String(text) => text.hash(state),
            Value::Bool(yes) => yes.hash(state),
            // Equal numbers have equal floats; `+ 0.0` makes one zero of two.
            Value::Number(number) => (float(number) + 0.0).to_bits().hash(state),
            other => rank(other).hash(state),
        }
    }
}

/// Whether a value can tell entries of a list apart.
pub(crate) fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_))
}

/// Whether two values are the same, numbers by value.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => numbers(one, other) == Ordering::Equal,
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let mut fields = one.iter();
            let found = |(key, value)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && fields.all(found)
        }
        _ => one == other,
    }
}

/// Whether a value nests deeper than `limit` steps. Stops at the limit.
pub(crate) fn deeper(value: &Value, limit: usize) -> bool {
    let within = |value: &Value| match limit {
        0 => true,
        _ => deeper(value, limit - 1),
    };
    match value {
        Value::Array(items) => items.iter().any(within),
        Value::Object(fields) => fields.values().any(within),
        _ => false,
    }
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => numbers(one, other),
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => {
            let pairs = one.iter().zip(other);
            let mut orders = pairs.map(|(one, other)| compare(one, other));
            let first = orders.find(|order| order.is_ne());
            first.unwrap_or_else(|| one.len().cmp(&other.len()))
        }
        (Value::Object(one), Value::Object(other)) => {
            let (mut one, mut other): (Vec<_>, Vec<_>) =
                (one.iter().collect(), other.iter().collect());
            one.sort_unstable_by_key(|(key, _)| *key);
            other.sort_unstable_by_key(|(key, _)| *key);
            let pairs = one.iter().zip(&other);
            let mut orders = pairs.map(|((one, first), (other, second))| {
                one.cmp(other).then_with(|| compare(first, second))
            });
            let first = orders.find(|order| order.is_ne());
            first.unwrap_or_else(|| one.len().cmp(&other.len()))
        }
        _ => rank(one).cmp(&rank(other)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    }
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

/// By value. Whole numbers that one float stands for are still told apart, so
/// that this is an order.
fn numbers(one: &Number, other: &Number) -> Ordering {
    let order = float(one).partial_cmp(&float(other));
    order
        .unwrap_or(Ordering::Equal)
        .then_with(|| whole(one).cmp(&whole(other)))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "only compared among numbers of one float, where it is exact or saturates alike"
)]
fn whole(number: &Number) -> i128 {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => number.into(),
        (None, Some(number)) => number.into(),
        (None, None) => float(number) as i128,
    }
}
