//! The query of a request, by its route's parameters. Pure.

use kubescape_engine::nearest;
use uuid::Uuid;

use crate::request::{parse_bool, parse_id};
use crate::routes::Route;

/// Longest query.
const MOST_BYTES: usize = 16 << 10;

/// What a query says.
#[derive(Debug, Default)]
pub(crate) struct Query {
    values: Vec<(&'static str, String)>,
}

impl Query {
    /// Reads it; `Err` says all that is wrong. Names count in any case.
    pub(crate) fn parse(query: Option<&str>, route: &'static Route) -> Result<Self, String> {
        let query = query.unwrap_or_default();
        if query.len() > MOST_BYTES {
            return Err(format!("the query has more than {MOST_BYTES} bytes"));
        }
        let mut parsed = Self::default();
        let mut errors = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let mut known = route.parameters.iter();
            let Some(parameter) = known.find(|known| known.name.eq_ignore_ascii_case(&name)) else {
                errors.push(unknown(&name, route));
                continue;
            };
            let name = parameter.name;
            if let Some(known) = parsed.text(name) {
                // Callers who do not know the spelling send both, as in `ID=a&id=a`.
                if known != value {
                    errors.push(format!("{name}: is given twice; keep one of them"));
                }
            } else if parameter.schema == "boolean" && parse_bool(&value).is_none() {
                errors.push(format!("{name}: give true or false"));
            } else if name == "id" && !value.is_empty() && parse_id(&value).is_none() {
                errors.push("id: is no UUID; give an ID as POST /v1/scan answers it".to_owned());
            } else {
                parsed.values.push((name, value.into_owned()));
            }
        }
        if errors.is_empty() {
            return Ok(parsed);
        }
        // The query is short, but so may its parts be.
        errors.truncate(10);
        Err(errors.join("; "))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut values = self.values.iter();
        values
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.text(name).and_then(parse_bool).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> Option<Uuid> {
        parse_id(self.text("id")?)
    }

    /// A list with commas; without empty items.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let items = self.text(name).unwrap_or_default().split(',');
        items
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }
}

fn unknown(name: &str, route: &Route) -> String {
    let near = nearest(name, route.parameters.iter().map(|known| known.name));
    let name: String = name.chars().take(64).collect();
    match near {
        Some(near) => format!("there is no parameter {name:?}; did you mean {near}?"),
        None => format!("there is no parameter {name:?} here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    fn parse(query: &str) -> Result<Query, String> {
        let results = ROUTES.iter().find(|route| route.name == "getResults");
        Query::parse(Some(query), results.unwrap())
    }

    #[test]
    fn names_count_in_any_case_and_ids_are_uuids() {
        let id = "7c6ee1f2-44a4-4f8b-a3f4-0d0f6a3f2f6d";
        let query = parse(&format!("ID={id}&Keep=True")).unwrap();
        assert_eq!(query.id().unwrap().to_string(), id);
        assert!(query.is("keep"));
        let twice = parse(&format!("ID={id}&id={id}")).unwrap();
        assert_eq!(twice.id(), query.id());
        assert_eq!(parse("id=").unwrap().id(), None);
        assert!(parse("id=..%2F..%2Fetc").unwrap_err().contains("no UUID"));
    }

    #[test]
    fn what_is_wrong_is_said_at_once() {
        let error = parse("keep=perhaps&kep=1&keep=1").unwrap_err();
        assert!(error.contains("give true or false"), "{error}");
        assert!(error.contains("did you mean keep?"), "{error}");
        assert!(parse("keep=1&keep=0").unwrap_err().contains("given twice"));
    }
}
