//! Reads label selectors. (`apimachinery/pkg/labels/selector.go`)

use std::collections::BTreeSet;

use super::label::{Requirement, Selector};
use super::lexer::{Lexer, Token};
use crate::failure::Failure;
use crate::qualified::{label_value_errors, qualified_name_errors};
use crate::quote::quote;

/// The binary operators as a real server lists them.
const OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

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
        if matches!(self.0.peek(), Token::End | Token::Comma) {
            return Ok(if negated {
                Requirement::Missing(key)
            } else {
                Requirement::Exists(key)
            });
        }
        // A real server, too, drops the `!` of `!key=value`.
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
        check_value(key, 0, value)?;
        Ok(value.to_owned())
    }

    fn number(&mut self, key: &str) -> Result<i64, String> {
        let value = self.raw_value()?;
        let number = value.parse().map_err(|_| {
            let why = "for 'Gt', 'Lt' operators, the value must be an integer";
            invalid("values[0]", value, why)
        })?;
        check_value(key, 0, value)?;
        Ok(number)
    }

    /// `(a,b)`; values may be empty, as in `()`, `(,a)` and `(a,,b)`.
    fn values(&mut self, key: &str) -> Result<BTreeSet<String>, String> {
        match self.0.take() {
            Token::Open => {}
            other => return Err(format!("found '{}' expected: '('", shown(other))),
        }
        let mut values = BTreeSet::new();
        loop {
            let value = match self.0.peek() {
                Token::Word(word) => {
                    self.0.take();
                    word
                }
                Token::Comma | Token::Close => "",
                other => {
                    return Err(format!(
                        "found '{}', expected: ',', ')' or identifier",
                        shown(other)
                    ));
                }
            };
            values.insert(value.to_owned());
            match self.0.take() {
                Token::Comma => {}
                Token::Close => break,
                other => {
                    return Err(format!("found '{}', expected: ',' or ')'", shown(other)));
                }
            }
        }
        for (index, value) in values.iter().enumerate() {
            check_value(key, index, value)?;
        }
        Ok(values)
    }
}

fn check_value(key: &str, index: usize, value: &str) -> Result<(), String> {
    let errors = label_value_errors(value);
    if errors.is_empty() {
        return Ok(());
    }
    let path = format!("values[{index}][{key}]");
    Err(invalid(&path, value, &errors.join("; ")))
}

fn invalid(path: &str, value: &str, why: &str) -> String {
    format!("{path}: Invalid value: {}: {why}", quote(value))
}

/// A token in a message; long ones are cut.
fn shown(token: Token<'_>) -> &str {
    let text = token.text();
    &text[..text.floor_char_boundary(100)]
}
