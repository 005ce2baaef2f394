//! What an exception says, as plain data. (config-scanning reference §6)

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// One exception: which objects it is for, and what of them it accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The file it stands in, or who brought it.
    pub source: String,
    /// Why that is accepted; may be empty.
    pub reason: String,
    /// `alertOnly`, `disable`: they mean the same.
    pub actions: Vec<String>,
    /// When it ends.
    pub expiry: Expiry,
    /// For which objects: any of these.
    pub designators: Vec<Designator>,
    /// What it accepts: any of these; everything when there are none.
    pub posture: Vec<Posture>,
}

/// A control, rule and framework, each of which may be left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posture {
    /// Pattern of frameworks' names; any when empty.
    pub framework: String,
    /// Pattern of controls' IDs; any when empty.
    pub control: String,
    /// A control's name, which counts where nothing else is given.
    pub control_name: String,
    /// Pattern of rules' names; any when empty.
    pub rule: String,
}

/// Which objects are meant: those that match all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Designator {
    /// Patterns by key: `cluster`, `namespace`, `kind`, `name`, `path`, `resourceID`,
    /// `containerName`, and any other as a label or annotation.
    pub attributes: Vec<(String, String)>,
    /// What the object's labels have to satisfy, too.
    pub selector: Vec<Requirement>,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// How its value is compared.
    pub operator: Operator,
    /// With what.
    pub values: Vec<String>,
}

/// As in Kubernetes' `matchExpressions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// One of the values.
    In,
    /// None of them, or no such label.
    NotIn,
    /// The label is there.
    Exists,
    /// It is not.
    DoesNotExist,
}

/// When an exception ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    #[default]
    Never,
    /// At this time.
    At(Timestamp),
    /// Nobody can tell from this text, so it has.
    Unknown(String),
}

impl Expiry {
    /// RFC 3339, or a date, which means its first moment in UTC. Empty is never.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Never;
        }
        let date = |text: &str| {
            let date: Date = text.parse().ok()?;
            let start = date.to_zoned(TimeZone::UTC).ok()?;
            Some(start.timestamp())
        };
        let time = text.parse::<Timestamp>().ok();
        time.or_else(|| date(text))
            .map_or_else(|| Self::Unknown(text.to_owned()), Self::At)
    }

    /// Why it does not hold any more.
    pub(super) fn ended(&self, now: Timestamp) -> Option<String> {
        match self {
            Self::At(end) if *end <= now => Some(format!("expired at {end}")),
            Self::Unknown(text) => Some(format!("its end is no time: {text}")),
            Self::Never | Self::At(_) => None,
        }
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => Ok(()),
            Self::At(end) => end.fmt(out),
            Self::Unknown(text) => out.write_str(text),
        }
    }
}
