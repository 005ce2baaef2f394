//! Reading commands: the body of `triggerAction` and the payload of notifications.

use serde_json::{Map, Value, json};

use crate::fold::{Wrong, field, list_of, object_of, remove, text_of};

/// The most commands of one request; more is no honest client.
pub const MAX_COMMANDS: usize = 10_000;

/// Why commands cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The text is no JSON. The place only: texts may hold passwords.
    #[error("the commands are not JSON (line {line}, column {column})")]
    Json {
        /// Where it stops being JSON.
        line: usize,
        /// Likewise.
        column: usize,
    },
    /// The list is missing.
    #[error("there is no list of commands: send {{\"commands\":[…]}}")]
    NoList,
    /// Too many at once.
    #[error("there are {0} commands: send at most {MAX_COMMANDS} at once")]
    TooMany(usize),
    /// One of them is not as documented.
    #[error("command {at}: {problem}")]
    Command {
        /// Its place, from 0.
        at: usize,
        /// What is wrong.
        problem: String,
    },
}

/// A selection of workloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Designator {
    /// `Attributes`, usually.
    pub designator_type: String,
    /// One workload.
    pub wlid: String,
    /// A scope.
    pub wild_wlid: String,
    /// A secret's identifier; nothing acts on it.
    pub sid: String,
    /// Say what is selected: `namespace`.
    pub attributes: Map<String, Value>,
}

impl Designator {
    /// An attribute that is a text.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        field(&self.attributes, name)?
            .as_str()
            .filter(|text| !text.is_empty())
    }
}

/// How actions hang together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobTracking {
    /// The job's identifier; empty: it gets one.
    pub job_id: String,
    /// The job that led to this.
    pub parent_action: String,
    /// The sender's counter.
    pub num_seq: i64,
    /// When it was sent; empty: unknown.
    pub timestamp: String,
}

/// One command. All but the name may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    /// What to do; see [`crate::CommandName`].
    pub name: String,
    /// Where an answer goes; kept for the sender.
    pub response_id: String,
    /// One workload.
    pub wlid: String,
    /// A scope of workloads.
    pub wild_wlid: String,
    /// A secret's identifier.
    pub sid: String,
    /// A scope of secrets.
    pub wild_sid: String,
    /// Selections of workloads.
    pub designators: Vec<Designator>,
    /// How actions hang together.
    pub tracking: JobTracking,
    /// What the command needs beside; may hold credentials, so never log it.
    pub args: Map<String, Value>,
}

/// What names and times a recurring scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobParams {
    /// The cron expression; empty: none was given.
    pub schedule: String,
    /// The `CronJob`'s name; empty: none was given.
    pub name: String,
}

/// Commands, and how many had no name and are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unpacked {
    /// In order.
    pub commands: Vec<Command>,
    /// Those without a name.
    pub nameless: usize,
}

/// Reads commands.
///
/// # Errors
///
/// The first thing that is wrong, without any value of it.
pub fn parse(text: &[u8]) -> Result<Unpacked, CommandError> {
    let value: Value = serde_json::from_slice(text).map_err(|error| CommandError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    Unpacked::from_value(&value)
}

impl Unpacked {
    /// The same from a value: `{"commands":[…]}`.
    ///
    /// # Errors
    ///
    /// As [`parse`].
    pub fn from_value(value: &Value) -> Result<Self, CommandError> {
        let list = value
            .as_object()
            .and_then(|object| field(object, "commands"));
        let Some(Value::Array(items)) = list else {
            return Err(CommandError::NoList);
        };
        if items.len() > MAX_COMMANDS {
            return Err(CommandError::TooMany(items.len()));
        }
        let mut unpacked = Self::default();
        for (at, item) in items.iter().enumerate() {
            let command = Command::from_value(item).map_err(|wrong| CommandError::Command {
                at,
                problem: wrong.to_string(),
            })?;
            if command.name.is_empty() {
                unpacked.nameless += 1;
            } else {
                unpacked.commands.push(command);
            }
        }
        Ok(unpacked)
    }
}

impl Command {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// A field of another type than documented.
    pub fn from_value(value: &Value) -> Result<Self, Wrong> {
        let Value::Object(object) = value else {
            return Err(Wrong {
                field: "the command",
                wanted: "an object",
            });
        };
        let text = |name| text_of(object, name).map(str::to_owned);
        let designators = list_of(object, "designators")?.iter().map(designator);
        Ok(Self {
            name: text("commandName")?,
            response_id: text("responseID")?,
            wlid: text("wlid")?,
            wild_wlid: text("wildWlid")?,
            sid: text("sid")?,
            wild_sid: text("wildSid")?,
            designators: designators.collect::<Result<_, _>>()?,
            tracking: tracking(object)?,
            args: object_of(object, "args")?.cloned().unwrap_or_default(),
        })
    }

    /// As it is sent. `jobTracking` is always there.
    pub fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("commandName".to_owned(), self.name.as_str().into());
        for (key, text) in [
            ("responseID", &self.response_id),
            ("wlid", &self.wlid),
            ("wildWlid", &self.wild_wlid),
            ("sid", &self.sid),
            ("wildSid", &self.wild_sid),
        ] {
            if !text.is_empty() {
                object.insert(key.to_owned(), text.as_str().into());
            }
        }
        if !self.designators.is_empty() {
            let designators = self.designators.iter().map(Designator::to_value).collect();
            object.insert("designators".to_owned(), Value::Array(designators));
        }
        object.insert("jobTracking".to_owned(), self.tracking.to_value());
        if !self.args.is_empty() {
            object.insert("args".to_owned(), Value::Object(self.args.clone()));
        }
        Value::Object(object)
    }

    /// What the command is about: the literal `designators` if there are any, else the
    /// first of wildWlid, wildSid, wlid and sid.
    pub fn id(&self) -> &str {
        if !self.designators.is_empty() {
            return "designators";
        }
        [&self.wild_wlid, &self.wild_sid, &self.wlid, &self.sid]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("", String::as_str)
    }

    /// Name and schedule of a recurring scan: of `jobParams`, or else of the deprecated
    /// `kubescapeJobParams`, of `args.cronTabSchedule`, of a designator's attribute
    /// `cronTabSchedule`, each field by itself.
    pub fn job_params(&self) -> JobParams {
        let of = |object: &str, key: &str| {
            let inner = field(&self.args, object)?.as_object()?;
            words(field(inner, key)?)
        };
        let either = |key: &str| of("jobParams", key).or_else(|| of("kubescapeJobParams", key));
        let schedule = either("cronTabSchedule")
            .or_else(|| words(field(&self.args, "cronTabSchedule")?))
            .or_else(|| {
                let mut found = self.designators.iter();
                found.find_map(|one| words(field(&one.attributes, "cronTabSchedule")?))
            });
        JobParams {
            schedule: schedule.unwrap_or_default(),
            name: either("name").unwrap_or_default(),
        }
    }

    /// A map of texts among the arguments: `labels`, `fieldSelector`,
    /// `containerToImageIDs`.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn map(&self, name: &'static str) -> Result<Vec<(String, String)>, Wrong> {
        let Some(object) = object_of(&self.args, name)? else {
            return Ok(Vec::new());
        };
        object
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key.clone(), text.clone())),
                _ => Err(Wrong {
                    field: name,
                    wanted: "an object of texts",
                }),
            })
            .collect()
    }

    /// Takes an argument out.
    pub fn take_arg(&mut self, name: &str) -> Option<Value> {
        remove(&mut self.args, name)
    }
}

fn words(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn designator(value: &Value) -> Result<Designator, Wrong> {
    let Value::Object(object) = value else {
        return Err(Wrong {
            field: "designators",
            wanted: "a list of objects",
        });
    };
    let text = |name| text_of(object, name).map(str::to_owned);
    Ok(Designator {
        designator_type: text("designatorType")?,
        wlid: text("wlid")?,
        wild_wlid: text("wildwlid")?,
        sid: text("sid")?,
        attributes: object_of(object, "attributes")?
            .cloned()
            .unwrap_or_default(),
    })
}

fn tracking(object: &Map<String, Value>) -> Result<JobTracking, Wrong> {
    let Some(object) = object_of(object, "jobTracking")? else {
        return Ok(JobTracking::default());
    };
    let text = |name| text_of(object, name).map(str::to_owned);
    let num_seq = match field(object, "numSeq") {
        None => 0,
        Some(number) => number.as_i64().ok_or(Wrong {
            field: "numSeq",
            wanted: "a whole number",
        })?,
    };
    Ok(JobTracking {
        job_id: text("jobID")?,
        parent_action: text("parentAction")?,
        num_seq,
        timestamp: text("timestamp")?,
    })
}

impl Designator {
    fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert(
            "designatorType".to_owned(),
            self.designator_type.as_str().into(),
        );
        for (key, text) in [
            ("wlid", &self.wlid),
            ("wildwlid", &self.wild_wlid),
            ("sid", &self.sid),
        ] {
            if !text.is_empty() {
                object.insert(key.to_owned(), text.as_str().into());
            }
        }
        let attributes = Value::Object(self.attributes.clone());
        object.insert("attributes".to_owned(), attributes);
        Value::Object(object)
    }
}

impl JobTracking {
    fn to_value(&self) -> Value {
        let timestamp = if self.timestamp.is_empty() {
            "0001-01-01T00:00:00Z"
        } else {
            &self.timestamp
        };
        let mut value = json!({ "timestamp": timestamp });
        let Some(object) = value.as_object_mut() else {
            return value;
        };
        for (key, text) in [
            ("jobID", &self.job_id),
            ("parentAction", &self.parent_action),
        ] {
            if !text.is_empty() {
                object.insert(key.to_owned(), text.as_str().into());
            }
        }
        if self.num_seq != 0 {
            object.insert("numSeq".to_owned(), self.num_seq.into());
        }
        value
    }
}
