//! Flags as Go programs take them: `-name value`, `-name=value`, `--name`.

use std::path::PathBuf;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};

/// What to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// GET, POST, …
    pub method: Method,
    /// `scheme://host/path`.
    pub url: String,
    /// Beside those of every request. Not shown in errors.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The file with the body.
    pub body: Option<PathBuf>,
    /// Where the answer's body goes.
    pub output: Option<PathBuf>,
    /// Whether any certificate will do.
    pub skip_ssl_verify: bool,
}

/// What is wrong with the flags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagsError {
    /// A flag that does not exist.
    #[error(
        "-{0} is not a flag: use -method, -scheme, -host, -path, -headers, -path-body, -path-output, -skip-ssl-verify"
    )]
    Unknown(String),
    /// It needs a value.
    #[error("-{0} has no value")]
    NoValue(String),
    /// One that must be there.
    #[error("-{0} is missing")]
    Missing(&'static str),
    /// The method is none.
    #[error("-method {0:?} is not known: use get, head, post, put, patch or delete")]
    Method(String),
    /// The scheme is none.
    #[error("-scheme {0:?} is not known: use http or https")]
    Scheme(String),
    /// A header is none; its value may be a secret.
    #[error("-headers: the {0}. header is not NAME:VALUE; separate several with ;")]
    Header(usize),
    /// A switch is neither on nor off.
    #[error("-{0} is neither true nor false")]
    Switch(String),
}

/// One flag and its value, if it has one after `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Without dashes.
    pub name: String,
    /// What follows.
    pub value: Option<String>,
}

/// Takes arguments apart as Go's `flag` does: up to the first that is no flag, or
/// `--`. `switch` says which flags take no value of their own.
///
/// # Errors
///
/// A flag lacks its value.
pub fn split(
    arguments: &[String],
    switch: impl Fn(&str) -> bool,
) -> Result<Vec<Given>, FlagsError> {
    let mut given = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let name = match argument
            .strip_prefix("--")
            .or_else(|| argument.strip_prefix('-'))
        {
            Some(name) if !name.is_empty() => name,
            _ => break,
        };
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None if switch(name) => (name, None),
            None => {
                let value = rest.next();
                let value = value.ok_or_else(|| FlagsError::NoValue(name.to_owned()))?;
                (name, Some(value.clone()))
            }
        };
        given.push(Given {
            name: name.to_owned(),
            value,
        });
    }
    Ok(given)
}

const SKIP: &str = "skip-ssl-verify";

impl Flags {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// The first that is wrong.
    pub fn parse(arguments: &[String]) -> Result<Self, FlagsError> {
        let mut texts: [Option<String>; 7] = Default::default();
        const NAMES: [&str; 7] = [
            "method",
            "scheme",
            "host",
            "path",
            "headers",
            "path-body",
            "path-output",
        ];
        let mut skip_ssl_verify = false;
        for Given { name, value } in split(arguments, |name| name == SKIP)? {
            if name == SKIP {
                let value = value.unwrap_or_else(|| "true".to_owned());
                skip_ssl_verify = switch(&value).ok_or(FlagsError::Switch(name))?;
                continue;
            }
            let at = NAMES.iter().position(|known| *known == name);
            match at.and_then(|at| texts.get_mut(at)) {
                Some(place) => *place = value,
                None => return Err(FlagsError::Unknown(name)),
            }
        }
        let [method, scheme, host, path, headers, body, output] =
            texts.map(|text| text.map(unquoted).filter(|text| !text.is_empty()));
        let method = method.ok_or(FlagsError::Missing("method"))?;
        let host = host.ok_or(FlagsError::Missing("host"))?;
        let scheme = scheme.unwrap_or_else(|| "http".to_owned()).to_lowercase();
        if !["http", "https"].contains(&scheme.as_str()) {
            return Err(FlagsError::Scheme(scheme));
        }
        let path = path.unwrap_or_default();
        Ok(Self {
            method: known_method(&method)?,
            url: format!("{scheme}://{host}/{}", path.trim_start_matches('/')),
            headers: read_headers(&headers.unwrap_or_default())?,
            body: body.map(PathBuf::from),
            output: output.map(PathBuf::from),
            skip_ssl_verify,
        })
    }
}

fn switch(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// Shipped CronJobs carry literal quotes: `-headers="Content-Type:…"` without a shell.
fn unquoted(text: String) -> String {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    match inner('"').or_else(|| inner('\'')) {
        Some(inner) => inner.to_owned(),
        None => text,
    }
}

fn known_method(text: &str) -> Result<Method, FlagsError> {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    known
        .into_iter()
        .find(|method| method.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| FlagsError::Method(text.to_owned()))
}

fn read_headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, FlagsError> {
    let parts = text.split(';').map(str::trim).enumerate();
    parts
        .filter(|(_, part)| !part.is_empty())
        .map(|(at, part)| {
            let wrong = || FlagsError::Header(at + 1);
            let (name, value) = part.split_once(':').ok_or_else(wrong)?;
            let name = name.trim().parse().map_err(|_| wrong())?;
            let mut value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
            value.set_sensitive(true);
            Ok((name, value))
        })
        .collect()
}
