//! Reads label selectors. (`apimachinery/pkg/labels/selector.go`)

use std::collections::BTreeSet;

use super::label::{Requirement, Selector};
use super::lexer::{Lexer, Token};
use crate::failure::Failure;
use crate::qualified::{label_value_errors, qualified_name_errors};
use crate::quote::quote;

/// The binary operators as a real server lists them.
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

/// Most errors of one requirement that are told.
const MOST_ERRORS: usize = 10;

/// Reads a `labelSelector`; an empty one fits everything. Requirements come out
/// ordered by key, as from a real server.
///
/// # Errors
///
/// 400 in the words of a real server.
pub fn parse_label_selector(text: &str) -> Result<Selector, Failure> {
    let mut requirements = Parser(Lexer::new(text))
        .parse()
        .map_err(Failure::bad_request)?;
    requirements.sort_by(|a, b| a.key().cmp(b.key()));
    Ok(Selector(requirements))
}

struct Parser<'a>(Lexer<'a>);

impl<'a> Parser<'a> {
    fn parse(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            match self.0.peek() {
                Token::End => return Ok(requirements),
                Token::Word(_) | Token::Not => {}
                other => {
                    return Err(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        shown(other)
                    ));
                }
            }
            let requirement = self
                .requirement()
                .map_err(|error| format!("unable to parse requirement: {error}"))?;
            requirements.push(requirement);
            match self.0.take() {
                Token::End => return Ok(requirements),
                Token::Comma => {}
                other => {
                    return Err(format!(
                        "found '{}', expected: ',' or 'end of string'",
                        shown(other)
                    ));
                }
            }
            let next = self.0.peek();
            if !matches!(next, Token::Word(_) | Token::Not) {
                return Err(format!(
                    "found '{}', expected: identifier after ','",
                    shown(next)
                ));
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.0.peek() == Token::Not;
        if negated {
            self.0.take();
        }
        let key = match self.0.take() {
            Token::Word(word) => word,
            other => return Err(format!("found '{}', expected: identifier", shown(other))),
        };
        let errors = qualified_name_errors(key);
        if !errors.is_empty() {
            return Err(invalid("<nil>", key, &errors.join("; ")));
        }
        let key = key.to_owned();
        if negated {
            // What may follow is the caller's to judge: `!key=value` is refused.
            return Ok(Requirement::Missing(key));
        }
        if matches!(self.0.peek(), Token::End | Token::Comma) {
            return Ok(Requirement::Exists(key));
        }
        match self.0.take() {
            Token::Word("in") => Ok(Requirement::In(key.clone(), self.values(&key)?)),
            Token::Word("notin") => Ok(Requirement::NotIn(key.clone(), self.values(&key)?)),
            Token::Equals | Token::DoubleEquals => {
                let value = self.value(&key)?;
                Ok(Requirement::Equals(key, value))
            }
            Token::NotEquals => {
                let value = self.value(&key)?;
                Ok(Requirement::NotEquals(key, value))
            }
            Token::Greater => {
                let number = self.number(&key)?;
                Ok(Requirement::GreaterThan(key, number))
            }
            Token::Less => {
                let number = self.number(&key)?;
                Ok(Requirement::LessThan(key, number))
            }
            other => Err(format!("found '{}', expected: {OPERATORS}", shown(other))),
        }
    }

    /// The one value after `=`; an absent one is empty.
    fn raw_value(&mut self) -> Result<&'a str, String> {
        if matches!(self.0.peek(), Token::End | Token::Comma) {
            return Ok("");
        }
        match self.0.take() {
            Token::Word(word) => Ok(word),
            other => Err(format!("found '{}', expected: identifier", shown(other))),
        }
    }

    fn value(&mut self, key: &str) -> Result<String, String> {
        let value = self.raw_value()?;
        unless_any(&value_errors(key, [value]))?;
        Ok(value.to_owned())
    }

    fn number(&mut self, key: &str) -> Result<i64, String> {
        let value = self.raw_value()?;
        let number = value.parse();
        let mut errors = Vec::new();
        if number.is_err() {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer";
            errors.push(invalid("values[0]", value, why));
        }
        errors.extend(value_errors(key, [value]));
        unless_any(&errors)?;
        Ok(number.unwrap_or_default())
    }

    /// `(a,b)`; values may be empty, as in `()`, `(,a)` and `(a,,b)`.
    fn values(&mut self, key: &str) -> Result<BTreeSet<String>, String> {
        match self.0.take() {
            Token::Open => {}
            other => return Err(format!("found '{}' expected: '('", shown(other))),
        }
        let mut values = BTreeSet::new();
        let mut expected = "',', ')' or identifier";
        loop {
            let value = match self.0.peek() {
                Token::Word(word) => {
                    self.0.take();
                    word
                }
                Token::Comma | Token::Close => "",
                other => return Err(format!("found '{}', expected: {expected}", shown(other))),
            };
            values.insert(value.to_owned());
            match self.0.take() {
                Token::Comma => expected = "',', or identifier",
                Token::Close => break,
                other => {
                    return Err(format!("found '{}', expected: ',' or ')'", shown(other)));
                }
            }
        }
        unless_any(&value_errors(key, values.iter().map(String::as_str)))?;
        Ok(values)
    }
}

/// What is wrong with values, up to [`MOST_ERRORS`].
fn value_errors<'v>(key: &str, values: impl IntoIterator<Item = &'v str>) -> Vec<String> {
    let wrong = values.into_iter().enumerate().filter_map(|(index, value)| {
        let errors = label_value_errors(value);
        let path = format!("values[{index}][{key}]");
        (!errors.is_empty()).then(|| invalid(&path, value, &errors.join("; ")))
    });
    wrong.take(MOST_ERRORS).collect()
}

/// One error stands alone, several in brackets. (`ErrorList.ToAggregate`)
fn unless_any(errors: &[String]) -> Result<(), String> {
    match errors {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("[{}]", many.join(", "))),
    }
}

fn invalid(path: &str, value: &str, why: &str) -> String {
    format!("{path}: Invalid value: {}: {why}", quote(value))
}

/// A token in a message; long ones are cut.
fn shown(token: Token<'_>) -> &str {
    let text = token.text();
    &text[..text.floor_char_boundary(100)]
}
