//! The clauses of an `Accept` header.

/// More clauses than this are not looked at; clients send at most a handful.
const MOST_CLAUSES: usize = 64;

/// One media range with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clause<'a> {
    pub(super) main: &'a str,
    pub(super) sub: &'a str,
    /// The weight in thousandths, 0 to 1000.
    weight: u16,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    /// The value of a parameter; empty when it is not there.
    pub(super) fn parameter(&self, name: &str) -> &'a str {
        let found = self.parameters.iter().rev().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| *value)
    }

    /// Whether the range covers this type.
    pub(super) fn covers(&self, main: &str, sub: &str) -> bool {
        (self.main == "*" && self.sub == "*")
            || (self.main.eq_ignore_ascii_case(main)
                && (self.sub == "*" || self.sub.eq_ignore_ascii_case(sub)))
    }

    fn is_wild(&self) -> (bool, bool) {
        (self.main == "*", self.sub == "*")
    }
}

/// The clauses by weight, then explicit ones before wild ones, then in the
/// client's order. Those that make no sense or have weight 0 are left out.
pub(super) fn clauses(header: &str) -> Vec<Clause<'_>> {
    let parsed = header.split(',').take(MOST_CLAUSES).filter_map(clause);
    let mut clauses: Vec<Clause<'_>> = parsed.filter(|clause| clause.weight > 0).collect();
    clauses.sort_by_key(|clause| (std::cmp::Reverse(clause.weight), clause.is_wild()));
    clauses
}

/// A media range or type: `main/sub;key=value;…`. `*` alone is `*/*`.
pub(super) fn clause(text: &str) -> Option<Clause<'_>> {
    let mut parts = text.split(';');
    let (main, sub) = match parts.next()?.trim() {
        "*" => ("*", "*"),
        range => range.split_once('/')?,
    };
    let (main, sub) = (main.trim(), sub.trim());
    if main.is_empty() || sub.is_empty() || sub.contains('/') {
        return None;
    }
    let mut clause = Clause {
        main,
        sub,
        weight: 1000,
        parameters: Vec::new(),
    };
    for part in parts.take(MOST_CLAUSES) {
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim().trim_matches('"'));
        if key.eq_ignore_ascii_case("q") {
            clause.weight = weight(value);
        } else {
            clause.parameters.push((key, value));
        }
    }
    Some(clause)
}

/// A weight such as `0.5`; one that makes no sense counts nothing, as in Go.
fn weight(text: &str) -> u16 {
    let weight = text.parse::<f32>().unwrap_or(0.0);
    if weight.is_nan() {
        return 0;
    }
    // Between 0 and 1000, so nothing is lost but fractions of thousandths.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped"
    )]
    let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_come_by_weight_and_then_by_how_explicit_they_are() {
        let header = "*/*, application/*;q=0.5, text/html;q=0.5, application/json, a/b;q=0, bad, x/y/z, ;,, c/d;q=x";
        let order: Vec<String> = clauses(header)
            .iter()
            .map(|clause| format!("{}/{}", clause.main, clause.sub))
            .collect();
        assert_eq!(
            order,
            ["application/json", "*/*", "text/html", "application/*"]
        );
    }

    #[test]
    fn parameters_may_be_quoted_and_spaced() {
        let clause = clause(" application/json ; as=\"Table\" ;v = v1;q=0.3").unwrap();
        assert_eq!(clause.parameter("as"), "Table");
        assert_eq!(clause.parameter("v"), "v1");
        assert_eq!(clause.parameter("g"), "");
        assert_eq!(clause.weight, 300);
    }
}
