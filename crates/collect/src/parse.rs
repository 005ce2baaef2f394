//! One document → its objects.

use kubescape_engine::{Arena, ParseError, Value, from_json_str};
use kubescape_yaml::{YamlError, YamlErrorKind, from_yaml};

use crate::documents::{Format, Inherited, RawDocument};
use crate::find::Source;
use crate::problem::{Code, Problem};

/// What one document holds.
#[derive(Clone, Debug, Default)]
pub struct Parsed<'a> {
    /// Its objects in order; lists are expanded.
    pub objects: Vec<ParsedObject<'a>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// One object of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParsedObject<'a> {
    /// The object.
    pub value: Value<'a>,
    /// What to put before a path in the object to have a path in the document:
    /// `""`, or `items[3].` in a list.
    pub prefix: &'a str,
}

/// Reads the objects of a document that [`read_documents`](crate::read_documents)
/// cut out of `source`. A document of comments has none.
///
/// Lines and columns of the problems are those of the file.
pub fn parse<'a>(document: &'a RawDocument, source: &Source, arena: &'a Arena) -> Parsed<'a> {
    let mut reader = Reader {
        document,
        source,
        arena,
        parsed: Parsed::default(),
    };
    match reader.read() {
        Ok(Some(value)) => reader.document_value(value),
        Ok(None) => {}
        Err(problem) => reader.parsed.problems.push(problem),
    }
    reader.parsed
}

struct Reader<'a, 's> {
    document: &'a RawDocument,
    source: &'s Source,
    arena: &'a Arena,
    parsed: Parsed<'a>,
}

impl<'a> Reader<'a, '_> {
    fn read(&self) -> Result<Option<Value<'a>>, Problem> {
        let text = &self.document.text;
        match self.document.format {
            Format::Yaml => {
                // Only the first document of a stream may have a mark, and
                // there it was passed over.
                match from_yaml(text, self.arena).map_err(|error| self.yaml_problem(&error))? {
                    Some(Value::Null) | None => Ok(None),
                    value => Ok(value),
                }
            }
            Format::Json => from_json_str(text, self.arena)
                .map(Some)
                .map_err(|error| self.json_problem(&error)),
        }
    }

    fn document_value(&mut self, value: Value<'a>) {
        if value.is_object() {
            let inherited = self.document.inherited.as_ref();
            return self.object(value, "", inherited, false);
        }
        let what = match value {
            Value::Array(_) => "a list",
            Value::Str(_) => "a string",
            Value::Bool(_) => "a boolean",
            Value::Null => "null",
            _ => "a number",
        };
        self.not_an_object(&format!("{what}, not an object"), false);
    }

    /// Adds an object or, when it is a list, its items. `inside` says that it
    /// is an item itself.
    fn object(
        &mut self,
        value: Value<'a>,
        prefix: &'a str,
        inherited: Option<&Inherited>,
        inside: bool,
    ) {
        let api_version = value.at("apiVersion").str();
        let kind = value.at("kind").str();
        let items = value.at("items");
        match kind.strip_suffix("List") {
            Some("") if !api_version.is_empty() => self.items(items, prefix, None),
            Some(item_kind) if items.is_array() => {
                let inherited = Inherited {
                    api_version: api_version.to_owned(),
                    kind: item_kind.to_owned(),
                };
                self.items(items, prefix, Some(&inherited));
            }
            _ if !api_version.is_empty() && !kind.is_empty() => {
                self.parsed.objects.push(ParsedObject { value, prefix });
            }
            _ => match inherited {
                Some(inherited) => self.inherit(value, prefix, inherited),
                None => self.no_kind(value, prefix, inside),
            },
        }
    }

    fn items(&mut self, items: Value<'a>, prefix: &'a str, inherited: Option<&Inherited>) {
        for (index, item) in items.items().iter().enumerate() {
            let prefix = self.arena.fmt(format_args!("{prefix}items[{index}]."));
            if item.is_object() {
                self.object(*item, prefix, inherited, true);
            } else {
                let place = prefix.trim_end_matches('.');
                self.not_an_object(&format!("{place} is not an object"), true);
            }
        }
    }

    /// Adds an item that leaves out what the header of its list says already.
    fn inherit(&mut self, value: Value<'a>, prefix: &'a str, inherited: &Inherited) {
        let mut entries = value.entries().to_vec();
        for (key, text) in [
            ("apiVersion", &inherited.api_version),
            ("kind", &inherited.kind),
        ] {
            if value.at(key).is_nothing() && !text.is_empty() {
                // Behind an explicit `null`: of two, the last counts.
                entries.push((key, Value::Str(self.arena.str(text))));
            }
        }
        let value = self.arena.object(&entries);
        if value.at("kind").str().is_empty() || value.at("apiVersion").str().is_empty() {
            return self.no_kind(value, prefix, true);
        }
        self.parsed.objects.push(ParsedObject { value, prefix });
    }

    fn no_kind(&mut self, value: Value<'a>, prefix: &str, inside: bool) {
        let missing = match ["apiVersion", "kind"].map(|key| value.at(key).str().is_empty()) {
            [true, true] => "no apiVersion and no kind",
            [true, false] => "no apiVersion",
            _ => "no kind",
        };
        let place = match prefix.trim_end_matches('.') {
            "" => "a Kubernetes object".to_owned(),
            place => format!("{place} is a Kubernetes object"),
        };
        let (code, message) = if self.source.explicit || inside {
            let message = match prefix {
                "" => missing.to_owned(),
                _ => format!("{}: {missing}", prefix.trim_end_matches('.')),
            };
            (Code::NoKind, message)
        } else {
            let message = format!("skipped: not {place} ({missing})");
            (Code::NotKubernetes, message)
        };
        self.problem(code, message);
    }

    fn not_an_object(&mut self, message: &str, inside: bool) {
        if self.source.explicit || inside {
            self.problem(Code::NotAnObject, message);
        } else {
            let message = format!("skipped: not a Kubernetes object ({message})");
            self.problem(Code::NotKubernetes, message);
        }
    }

    fn problem(&mut self, code: Code, message: impl Into<String>) {
        let line = self.first_line();
        let problem = self.place(code, message, line, None);
        self.parsed.problems.push(problem);
    }

    /// The line of the text with the first content.
    fn first_line(&self) -> u64 {
        let solid = |line: &&str| {
            let line = line.trim_start();
            !(line.is_empty() || line.starts_with(['#', '%']) || line.trim_end() == "---")
        };
        let mut lines = (1..).zip(self.document.text.lines());
        lines
            .find(|(_, line)| solid(line))
            .map_or(1, |(number, _)| number)
    }

    /// A problem at a place of the text.
    fn place(
        &self,
        code: Code,
        message: impl Into<String>,
        line: u64,
        column: Option<u64>,
    ) -> Problem {
        let (line, from_1) = self.document.place_in_file(line, column.unwrap_or(1));
        Problem::new(code, &self.source.name, message)
            .at(line, column.map(|_| from_1))
            .in_document(self.document.index)
    }

    fn yaml_problem(&self, error: &YamlError) -> Problem {
        let (line, column) = (error.line as u64, error.column as u64);
        let message = &error.message;
        let (code, message) = match error.kind {
            YamlErrorKind::DuplicateKey { first_line } => {
                let (first, _) = self.document.place_in_file(first_line as u64, 1);
                let message = format!("{message}, first in line {first}");
                (Code::DuplicateKey, message)
            }
            YamlErrorKind::TooDeep => (Code::TooDeep, message.clone()),
            YamlErrorKind::AliasBomb => (Code::AliasBomb, message.clone()),
            _ if is_template(&self.document.text) => {
                let message = format!("a template, not YAML: {message}");
                (Code::Template, message)
            }
            _ => (Code::BadYaml, format!("not YAML: {message}")),
        };
        self.place(code, message, line, Some(column))
    }

    fn json_problem(&self, error: &ParseError) -> Problem {
        if error.message.contains("given twice") {
            // The YAML reader knows where both are.
            if let Err(error) = from_yaml(&self.document.text, self.arena) {
                return self.yaml_problem(&error);
            }
        }
        let line = self.document.text.lines().nth(error.line.saturating_sub(1));
        // Bytes → characters.
        let column = line.map_or(error.column, |line| {
            let before = |(at, _): &(usize, char)| *at < error.column;
            line.char_indices().take_while(before).count()
        });
        let place = (error.line as u64, Some(column.max(1) as u64));
        let (code, message) = if error.message.contains("recursion limit") {
            (Code::TooDeep, "nested deeper than 128 levels".to_owned())
        } else {
            (Code::BadJson, format!("not JSON: {}", error.message))
        };
        self.place(code, message, place.0, place.1)
    }
}

/// Whether a text that is no YAML looks like a template of Helm's kind.
fn is_template(text: &str) -> bool {
    text.contains("{{")
        && text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("{{")
                || line.contains(": {{")
                || line.contains("- {{")
                || line.contains("{{-")
                || line.contains("-}}")
                || line.contains(".Values.")
        })
}
