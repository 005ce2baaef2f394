//! Asks a configuration for its fields.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::env::Env;
use super::file::ConfigFile;
use super::problem::{Problem, Problems, Severity};
use super::value::{FromConfig, Raw};

/// Warnings about unknown keys of one object; the rest is counted.
const MAX_UNKNOWN: usize = 20;

/// Reads one object of a file, with the environment and flags over it: a flag wins
/// over a variable, a variable over the file, the file over the default.
///
/// Keys are compared without case, as upstream's loader does.
pub struct Reader<'a> {
    source: String,
    /// Path of this object in the file, with a dot at its end, or empty.
    prefix: String,
    fields: BTreeMap<String, Found>,
    asked: Vec<String>,
    env: &'a Env,
    problems: &'a mut Problems,
    /// The file is unusable: do not also complain about what it lacks.
    broken: bool,
}

struct Found {
    key: String,
    value: Value,
}

impl<'a> Reader<'a> {
    /// Of a whole file; notes what is wrong with the file itself.
    pub fn new(file: ConfigFile, env: &'a Env, problems: &'a mut Problems) -> Self {
        let broken = file.note(problems);
        Self::of(
            file.source,
            String::new(),
            file.fields,
            env,
            problems,
            broken,
        )
    }

    fn of(
        source: String,
        prefix: String,
        object: Map<String, Value>,
        env: &'a Env,
        problems: &'a mut Problems,
        broken: bool,
    ) -> Self {
        let mut fields: BTreeMap<String, Found> = BTreeMap::new();
        for (key, value) in object {
            let found = Found {
                key: key.clone(),
                value,
            };
            if let Some(old) = fields.insert(key.to_lowercase(), found) {
                problems.push(Problem {
                    severity: Severity::Error,
                    source: source.clone(),
                    field: format!("{prefix}{}", short(&key)),
                    text: format!(
                        "is also given as {}, and case does not count",
                        short(&old.key)
                    ),
                    remedy: "keep one of them".to_owned(),
                });
            }
        }
        Self {
            source,
            prefix,
            fields,
            asked: Vec::new(),
            env,
            problems,
            broken,
        }
    }

    /// A field by its documented name.
    pub fn field<'r>(&'r mut self, name: &'r str) -> Field<'r, 'a> {
        self.asked.push(name.to_owned());
        Field {
            reader: self,
            name,
            variable: None,
            flag: None,
            in_file: true,
        }
    }

    /// A setting that only the environment has.
    pub fn variable<'r>(&'r mut self, name: &'r str) -> Field<'r, 'a> {
        Field {
            reader: self,
            name,
            variable: Some(name),
            flag: None,
            in_file: false,
        }
    }

    /// An object of fields; `None` when unset. Ask it, then [`Reader::finish`] it.
    pub fn object(&mut self, name: &str) -> Option<Reader<'_>> {
        self.asked.push(name.to_owned());
        let object = match self.take(name)? {
            Value::Object(object) => object,
            other => {
                self.wrong(name, Raw::Json(&other), "an object: fields between { and }");
                return None;
            }
        };
        let prefix = format!("{}{name}.", self.prefix);
        Some(Reader::of(
            self.source.clone(),
            prefix,
            object,
            self.env,
            self.problems,
            self.broken,
        ))
    }

    /// An object whose keys are names and whose values are objects: `read` gets
    /// each, and need not finish it.
    pub fn objects(&mut self, name: &str, mut read: impl FnMut(&str, &mut Reader<'_>)) {
        let Some(mut outer) = self.object(name) else {
            return;
        };
        let keys: Vec<String> = outer
            .fields
            .values()
            .map(|found| found.key.clone())
            .collect();
        for key in keys {
            if let Some(mut inner) = outer.object(&key) {
                read(&key, &mut inner);
                inner.finish();
            }
        }
    }

    /// Notes an error that concerns a field, such as two that contradict.
    pub fn error(&mut self, name: &str, text: impl Display, remedy: impl Display) {
        self.note(Severity::Error, name, text, remedy);
    }

    /// Notes a warning about a field.
    pub fn warn(&mut self, name: &str, text: impl Display, remedy: impl Display) {
        self.note(Severity::Warning, name, text, remedy);
    }

    /// Warns about keys that nobody asked for.
    pub fn finish(mut self) {
        let unknown: Vec<String> = self
            .fields
            .values()
            .map(|found| found.key.clone())
            .collect();
        for key in unknown.iter().take(MAX_UNKNOWN) {
            let remedy = match self.asked.iter().find(|name| near(name, key)) {
                Some(name) => format!("did you mean {name}?"),
                None => "remove it, or check its spelling".to_owned(),
            };
            self.note(
                Severity::Warning,
                &short(key),
                "is not a known field",
                remedy,
            );
        }
        if let Some(more) = unknown
            .len()
            .checked_sub(MAX_UNKNOWN)
            .filter(|more| *more > 0)
        {
            self.note(
                Severity::Warning,
                "…",
                format!("{more} more fields are not known"),
                "remove them",
            );
        }
    }

    /// The file's value; null counts as unset.
    fn take(&mut self, name: &str) -> Option<Value> {
        let found = self.fields.remove(&name.to_lowercase())?;
        (!found.value.is_null()).then_some(found.value)
    }

    fn wrong(&mut self, name: &str, raw: Raw<'_>, wanted: &str) {
        let text = format!("{} is not usable", raw.shown());
        self.error(name, text, format!("give {wanted}"));
    }

    fn note(&mut self, severity: Severity, name: &str, text: impl Display, remedy: impl Display) {
        let field = format!("{}{name}", self.prefix);
        let source = self.source.clone();
        self.problems.push(Problem {
            severity,
            source,
            field,
            text: text.to_string(),
            remedy: remedy.to_string(),
        });
    }
}

/// Some source has a value that is not usable.
struct Wrong;

/// A field being asked for: say where else it may come from, then get it.
#[must_use = "ends with get, or, or required"]
pub struct Field<'r, 'a> {
    reader: &'r mut Reader<'a>,
    name: &'r str,
    variable: Option<&'r str>,
    flag: Option<(&'r str, Option<String>)>,
    in_file: bool,
}

impl<'r> Field<'r, '_> {
    /// An environment variable that wins over the file.
    pub fn env(mut self, variable: &'r str) -> Self {
        self.variable = Some(variable);
        self
    }

    /// A flag of the command line that wins over both, when it was given.
    pub fn flag(mut self, flag: &'r str, given: Option<String>) -> Self {
        self.flag = Some((flag, given));
        self
    }

    /// The value; `None` when it is unset, or wrong, which is noted. A wrong value
    /// is noted even where a stronger source hides it.
    pub fn get<T: FromConfig>(mut self) -> Option<T> {
        self.found().ok().flatten()
    }

    /// The value, or a default when it is unset (or wrong, which is noted).
    pub fn or<T: FromConfig>(self, default: T) -> T {
        self.get().unwrap_or(default)
    }

    /// The value; unset is an error, `remedy` says what to do.
    pub fn required<T: FromConfig>(mut self, remedy: &str) -> Option<T> {
        let found = self.found().ok()?;
        if found.is_none() && !self.reader.broken {
            let flag = self.flag.as_ref().map(|(flag, _)| *flag);
            let others: Vec<&str> = flag.into_iter().chain(self.variable).collect();
            let text = if others.is_empty() {
                "has no value".to_owned()
            } else {
                format!("has no value, nor has {}", others.join(" or "))
            };
            self.reader.error(self.name, text, remedy);
        }
        found
    }

    /// `Err` when some source is wrong, which is noted; `Ok(None)` when all are silent.
    fn found<T: FromConfig>(&mut self) -> Result<Option<T>, Wrong> {
        let mut right = true;
        let mut value = None;
        if self.in_file
            && let Some(given) = self.reader.take(self.name)
        {
            let raw = Raw::Json(&given);
            value = T::from_config(raw);
            if value.is_none() {
                right = false;
                let (source, prefix) = (self.reader.source.clone(), self.reader.prefix.clone());
                self.wrong::<T>(source, format!("{prefix}{}", self.name), raw);
            }
        }
        let env = self.reader.env;
        let outside = [
            self.variable
                .and_then(|name| Some(("environment", name, env.get(name)?.to_owned()))),
            self.flag
                .as_ref()
                .and_then(|(name, given)| Some(("flags", *name, given.clone()?))),
        ];
        for (source, name, given) in outside.into_iter().flatten() {
            let raw = Raw::Text(&given);
            let new = T::from_config(raw);
            if new.is_none() {
                right = false;
                self.wrong::<T>(source.to_owned(), name.to_owned(), raw);
            }
            value = new.or(value);
        }
        if right { Ok(value) } else { Err(Wrong) }
    }

    fn wrong<T: FromConfig>(&mut self, source: String, field: String, raw: Raw<'_>) {
        let text = if T::SECRET {
            "is not usable".to_owned()
        } else {
            format!("{} is not usable", raw.shown())
        };
        self.reader.problems.push(Problem {
            severity: Severity::Error,
            source,
            field,
            text,
            remedy: format!("give {}", T::WANTED),
        });
    }
}

/// Keys come from outside and may be long.
fn short(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// Whether two keys differ by at most two slips of the pen.
fn near(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.to_lowercase().chars().take(65).collect();
    let other: Vec<char> = other.to_lowercase().chars().take(65).collect();
    if one.len() > 64 || other.len() > 64 {
        return false;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (j, b) in other.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let new = (corner + usize::from(a != b)).min(left + 1).min(above + 1);
            corner = above;
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            left = new;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().is_some_and(|distance| *distance <= 2)
}
