//! One rule over a set of objects, start to end. The streaming scan takes the
//! same checks apart; this is the plain way, for rule cases and small inputs.

use crate::finding::{Finding, Out};
use crate::rule::{Check, Rule};
use crate::{Corpus, Inputs, Object, Workload};

/// Runs a rule over every object of the corpus, without regard to the rule's
/// kinds: the functions themselves know what they judge.
///
/// # Errors
///
/// The reason when the rule cannot be judged here.
pub fn judge<'a>(
    rule: &Rule,
    corpus: &'a Corpus<'a>,
    inputs: &'a Inputs,
) -> Result<Vec<Finding<'a>>, String> {
    let mut out = Out::new(corpus.arena(), inputs);
    match rule.check {
        Check::Object(check) => corpus
            .objects()
            .iter()
            .for_each(|object| check(object, &mut out)),
        Check::Workload(check) => {
            let workloads = corpus
                .objects()
                .iter()
                .filter_map(|object| Workload::of(object, corpus.arena()));
            workloads.for_each(|workload| check(&workload, &mut out));
        }
        Check::Subject(check) => corpus
            .vectors()
            .iter()
            .for_each(|vector| check(vector, &mut out)),
        Check::Join(check) => check(corpus, &mut out),
        // Upstream's rule answers so whatever it is given; rule cases expect it.
        Check::Manual => {
            out.fail_alone().message("A person has to judge this");
        }
        Check::Unavailable(reason) => return Err(reason.to_owned()),
    }
    Ok(out.take())
}

/// The objects that count as judged by the rule: those that `applies` lets through.
pub fn enumerate<'a>(rule: &Rule, corpus: &Corpus<'a>) -> Vec<&'a Object<'a>> {
    let applies = |object: &&Object<'a>| rule.applies.is_none_or(|applies| applies(object));
    corpus.objects().iter().filter(applies).collect()
}
