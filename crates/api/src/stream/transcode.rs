//! From JSON to the stored form along a schema: what [`crate::normalize`] and
//! [`crate::inspect`] do to a value, done to a text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::members::{Member, put_in_order};
use crate::inspect::MOST_REPORTED;
use crate::normalize::normalize;
use crate::path::{Path, Step};
use crate::schema::{Field, Object, Presence, Schema};

/// Lists and objects in each other within `spec`; the object around it is one
/// more. That is how deep [`crate::parse`] reads.
const DEEPEST: usize = 126;

/// Bytes that are kept free for the next few fields.
const SPARE: usize = 4 << 10;

/// Appends the stored form of `spec`; gives the paths of unknown fields.
pub(super) fn transcode(
    field: &'static Field,
    spec: &str,
    out: &mut Vec<u8>,
) -> Option<Vec<String>> {
    let mut writer = Writer {
        out,
        members: Vec::new(),
        scratch: Vec::new(),
        path: vec![Part::Known("spec")],
        unknown: Vec::new(),
        depth: 0,
    };
    let mut reader = serde_json::Deserializer::from_str(spec);
    let of = field.schema;
    let wrote = One::new(&mut writer, of).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    if !allowed(field, &wrote) {
        return None;
    }
    writer.unknown.sort();
    Some(writer.unknown.iter().map(|path| shown(path)).collect())
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Of all objects that are open, one after the other.
    members: Vec<Member>,
    scratch: Vec<u8>,
    path: Vec<Part>,
    unknown: Vec<Vec<Named>>,
    depth: usize,
}

/// A step down to what is being written.
#[derive(Clone, Copy)]
enum Part {
    Known(&'static str),
    /// A free key, by its place in the text.
    Key(usize, usize),
    Index(usize),
}

/// A step with its name; sorts as the walk over a value goes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Field(String),
    Key(String),
    Index(usize),
}

fn shown(path: &[Named]) -> String {
    let mut steps = Path::default();
    for part in path {
        steps.push(match part {
            Named::Field(name) => Step::Field(name),
            Named::Key(name) => Step::Key(name),
            Named::Index(index) => Step::Index(*index),
        });
    }
    steps.to_string()
}

/// What was written, as far as the field around it must know.
enum Wrote {
    Null,
    /// `omitempty` would leave it out: before or after it was given its form.
    Empty,
    /// A text; not empty.
    Text,
    Integer(i64),
    Other,
}

/// Whether a field may have that value: what a schema says beyond types.
fn allowed(field: &Field, wrote: &Wrote) -> bool {
    match wrote {
        Wrote::Integer(number) => field
            .range
            .is_none_or(|(least, most)| (least..=most).contains(number)),
        // The number zero and the empty text are both empty.
        Wrote::Empty => {
            !field.required
                && field
                    .range
                    .is_none_or(|(least, most)| least <= 0 && most >= 0)
        }
        Wrote::Null => !field.required,
        Wrote::Text | Wrote::Other => true,
    }
}

/// Whether a field may be zero.
fn zero_allowed(field: &Field) -> bool {
    let in_range = field
        .range
        .is_none_or(|(least, most)| (least..=most).contains(&0));
    in_range && !field.required
}

impl Writer<'_> {
    fn json(&mut self, value: impl serde::Serialize) -> bool {
        serde_json::to_writer(&mut *self.out, &value).is_ok()
    }

    /// Writes what a field has that is not there.
    fn zero(&mut self, schema: Schema) -> bool {
        let mut value = serde_json::Value::Null;
        normalize(schema, &mut value);
        self.json(value)
    }

    fn note_unknown(&mut self, name: &str) {
        if self.unknown.len() >= MOST_REPORTED {
            return;
        }
        let parts = self.path.iter().map(|part| match *part {
            Part::Known(name) => Named::Field(name.to_owned()),
            Part::Key(start, end) => {
                Named::Key(serde_json::from_slice(&self.out[start..end]).unwrap_or_default())
            }
            Part::Index(index) => Named::Index(index),
        });
        let own = Named::Field(name.to_owned());
        self.unknown.push(parts.chain([own]).collect());
    }
}

/// Writes one value.
struct One<'w, 'o> {
    writer: &'w mut Writer<'o>,
    schema: Schema,
    /// The texts that are allowed; empty for any.
    choices: &'static [&'static str],
}

impl<'w, 'o> One<'w, 'o> {
    fn new(writer: &'w mut Writer<'o>, schema: Schema) -> Self {
        Self {
            writer,
            schema,
            choices: &[],
        }
    }

    /// The schema of what is no text.
    fn inner(&self) -> Schema {
        match self.schema {
            Schema::OrString(inner) => *inner,
            other => other,
        }
    }
}

fn unfit<E: Error>() -> E {
    E::custom("not of the stored form's making")
}

impl<'de> DeserializeSeed<'de> for One<'_, '_> {
    type Value = Wrote;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Wrote, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_, '_> {
    type Value = Wrote;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Wrote, E> {
        if !self.writer.zero(self.schema) {
            return Err(unfit());
        }
        Ok(Wrote::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Wrote, E> {
        if !matches!(self.inner(), Schema::Bool | Schema::Any) || !self.writer.json(value) {
            return Err(unfit());
        }
        Ok(if value { Wrote::Other } else { Wrote::Empty })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Wrote, E> {
        let fits = match self.inner() {
            Schema::Int32 | Schema::IntOrString => i32::try_from(value).is_ok(),
            Schema::Int64 | Schema::Number | Schema::Any => true,
            _ => false,
        };
        if !fits || !self.writer.json(value) {
            return Err(unfit());
        }
        Ok(match value {
            0 => Wrote::Empty,
            _ => Wrote::Integer(value),
        })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Wrote, E> {
        if let Ok(value) = i64::try_from(value) {
            return self.visit_i64(value);
        }
        if !matches!(self.inner(), Schema::Number | Schema::Any) || !self.writer.json(value) {
            return Err(unfit());
        }
        Ok(Wrote::Other)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Wrote, E> {
        if !matches!(self.inner(), Schema::Number | Schema::Any) || !self.writer.json(value) {
            return Err(unfit());
        }
        Ok(if value == 0.0 {
            Wrote::Empty
        } else {
            Wrote::Other
        })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Wrote, E> {
        let fits = match self.schema {
            Schema::String | Schema::IntOrString | Schema::Any | Schema::OrString(_) => {
                self.writer.json(value)
            }
            Schema::Time => crate::rules::is_time(value) && self.writer.json(value),
            Schema::ListOrOne(item) => {
                let list = matches!(item, Schema::String | Schema::Any);
                let one = if value.is_empty() {
                    None
                } else {
                    Some([value])
                };
                list && self.writer.json(one)
            }
            _ => false,
        };
        let known = value.is_empty() || self.choices.is_empty() || self.choices.contains(&value);
        if !fits || !known {
            return Err(unfit());
        }
        Ok(if value.is_empty() {
            Wrote::Empty
        } else {
            Wrote::Text
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut reader: A) -> Result<Wrote, A::Error> {
        let item = match self.inner() {
            Schema::List(item) | Schema::ListOrOne(item) => *item,
            Schema::Any => Schema::Any,
            _ => return Err(unfit()),
        };
        let writer = self.writer;
        writer.deeper()?;
        writer.out.push(b'[');
        let mut count = 0;
        loop {
            let before = writer.out.len();
            if count > 0 {
                writer.out.push(b',');
            }
            writer.path.push(Part::Index(count));
            let wrote = reader.next_element_seed(One::new(writer, item))?;
            writer.path.pop();
            let Some(wrote) = wrote else {
                writer.out.truncate(before);
                break;
            };
            not_null_for_zero(&wrote, item)?;
            count += 1;
        }
        writer.out.push(b']');
        writer.depth -= 1;
        Ok(match count {
            0 => Wrote::Empty,
            _ => Wrote::Other,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, reader: A) -> Result<Wrote, A::Error> {
        match self.inner() {
            Schema::Object(object) => self.writer.object(object, reader),
            Schema::Map(item) => self.writer.map(*item, reader),
            Schema::Any => self.writer.map(Schema::Any, reader),
            _ => Err(unfit()),
        }
    }
}

/// A null among items becomes the zero of its type, which the rules of that type
/// have not seen: whoever reads values has to judge it.
fn not_null_for_zero<E: Error>(wrote: &Wrote, item: Schema) -> Result<(), E> {
    if matches!(wrote, Wrote::Null) && !zero_is_sound(item) {
        return Err(unfit());
    }
    Ok(())
}

/// Whether no rule minds the zero of a type.
fn zero_is_sound(schema: Schema) -> bool {
    match schema {
        Schema::OrString(inner) => zero_is_sound(*inner),
        Schema::Object(object) => {
            let checked =
                object.check.is_some() || object.inline.iter().any(|it| it.check.is_some());
            !checked
                && object.all_fields().all(|field| {
                    !field.required
                        && field
                            .range
                            .is_none_or(|(least, most)| least <= 0 && most >= 0)
                        && (field.presence != Presence::Always || zero_is_sound(field.schema))
                })
        }
        _ => true,
    }
}

impl Writer<'_> {
    fn deeper<E: Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(unfit());
        }
        Ok(())
    }

    /// Begins a field; gives where its key begins and ends.
    fn key<E: Error>(&mut self, start: usize, key: &str) -> Result<(usize, usize), E> {
        if self.out.len() > start {
            self.out.push(b',');
        }
        let begin = self.out.len();
        if !self.json(key) {
            return Err(unfit());
        }
        let end = self.out.len();
        self.out.push(b':');
        Ok((begin, end))
    }

    fn member<E: Error>(&mut self, begin: usize, key_end: usize) -> Result<(), E> {
        // By a quarter, where a vector alone would double.
        if self.out.capacity() - self.out.len() < SPARE {
            self.out.reserve_exact(self.out.len() / 4 + SPARE);
        }
        let member = Member::new(begin, key_end, self.out.len()).ok_or_else(unfit)?;
        self.members.push(member);
        Ok(())
    }

    /// Ends the object whose first field begins at `start`.
    fn close<E: Error>(&mut self, start: usize, first: usize) -> Result<(), E> {
        let members = &mut self.members[first..];
        if !put_in_order(self.out, start, members, &mut self.scratch) {
            return Err(unfit());
        }
        self.members.truncate(first);
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    fn map<'de, A: MapAccess<'de>>(
        &mut self,
        item: Schema,
        mut reader: A,
    ) -> Result<Wrote, A::Error> {
        self.deeper()?;
        self.out.push(b'{');
        let (start, first) = (self.out.len(), self.members.len());
        while let Some(key) = reader.next_key_seed(Key)? {
            let (begin, end) = self.key(start, &key)?;
            self.path.push(Part::Key(begin, end));
            let wrote = reader.next_value_seed(One::new(self, item))?;
            not_null_for_zero(&wrote, item)?;
            self.path.pop();
            self.member(begin, end)?;
        }
        let empty = self.members.len() == first;
        self.close(start, first)?;
        Ok(if empty { Wrote::Empty } else { Wrote::Other })
    }

    fn object<'de, A: MapAccess<'de>>(
        &mut self,
        object: &'static Object,
        mut reader: A,
    ) -> Result<Wrote, A::Error> {
        // A rule over several fields needs them all at once.
        if object.check.is_some() || object.inline.iter().any(|part| part.check.is_some()) {
            return Err(unfit());
        }
        self.deeper()?;
        self.out.push(b'{');
        let (start, first) = (self.out.len(), self.members.len());
        let (mut seen, mut known) = (Seen::default(), 0);
        while let Some(key) = reader.next_key_seed(Key)? {
            let before = self.out.len();
            let (begin, end) = self.key(start, &key)?;
            let found = object
                .all_fields()
                .enumerate()
                .find(|(_, field)| field.name == key);
            let Some((number, field)) = found else {
                self.note_unknown(&key);
                // Read to find what is given twice in it; it leaves no trace.
                reader.next_value_seed(One::new(self, Schema::Any))?;
                self.out.truncate(before);
                seen.unknown(&key)?;
                continue;
            };
            seen.known(number)?;
            known += 1;
            self.path.push(Part::Known(field.name));
            let kept = self.field(field, &mut reader)?;
            self.path.pop();
            if kept {
                self.member(begin, end)?;
            } else {
                self.out.truncate(before);
            }
        }
        self.missing(object, start, &seen)?;
        let empty = known == 0 || self.members.len() == first;
        self.close(start, first)?;
        Ok(if empty { Wrote::Empty } else { Wrote::Other })
    }

    /// Writes the value of a known field; false when it is left out.
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        field: &'static Field,
        reader: &mut A,
    ) -> Result<bool, A::Error> {
        if field.check.is_some() {
            return Err(unfit());
        }
        let before = self.out.len();
        let one = One {
            writer: self,
            schema: field.schema,
            choices: field.one_of,
        };
        let wrote = reader.next_value_seed(one)?;
        let kept = match (field.presence, &wrote) {
            (Presence::Nullable, Wrote::Null) => {
                self.out.truncate(before);
                self.out.extend_from_slice(b"null");
                true
            }
            (Presence::Optional | Presence::Omitted, Wrote::Null)
            | (Presence::Omitted, Wrote::Empty) => false,
            _ => true,
        };
        if !allowed(field, &wrote) {
            return Err(unfit());
        }
        Ok(kept)
    }

    /// Writes the fields that are always there and were not given.
    fn missing<E: Error>(
        &mut self,
        object: &'static Object,
        start: usize,
        seen: &Seen,
    ) -> Result<(), E> {
        for (number, field) in object.all_fields().enumerate() {
            if seen.has(number) {
                continue;
            }
            let written = matches!(field.presence, Presence::Always | Presence::Nullable);
            if field.required || (written && !zero_allowed(field)) {
                return Err(unfit());
            }
            if !written {
                continue;
            }
            let (begin, end) = self.key(start, field.name)?;
            let schema = match field.presence {
                Presence::Nullable => Schema::Any,
                _ => field.schema,
            };
            if !self.zero(schema) {
                return Err(unfit());
            }
            self.member(begin, end)?;
        }
        Ok(())
    }
}

/// The fields of an object that were given.
#[derive(Default)]
struct Seen {
    known: u128,
    /// Names of unknown fields; more than a few are not worth the stream.
    unknown: Vec<String>,
}

impl Seen {
    fn has(&self, number: usize) -> bool {
        self.known & (1 << number) != 0
    }

    fn known<E: Error>(&mut self, number: usize) -> Result<(), E> {
        if number >= 128 || self.has(number) {
            return Err(unfit());
        }
        self.known |= 1 << number;
        Ok(())
    }

    fn unknown<E: Error>(&mut self, name: &str) -> Result<(), E> {
        const MOST: usize = 64;
        if self.unknown.len() >= MOST || self.unknown.iter().any(|known| known == name) {
            return Err(unfit());
        }
        self.unknown.push(name.to_owned());
        Ok(())
    }
}

/// Reads a key, without a copy where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(key.into())
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(key.to_owned().into())
    }
}
