//! The joining rules, run over all objects that they read.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::finding::{About, Finding, Out};
use crate::gap::Effects;
use crate::plan::{Plan, RuleNumber};
use crate::record::{Fault, FaultPool, Origin, Record};
use crate::rule::{Check, Rule};
use crate::{Arena, Corpus, Inputs, Object, Value, Vector};

/// What joining rules found.
pub(crate) struct Joined {
    /// Faults of objects of the input, with the numbers of their records.
    pub(crate) faults: Vec<(u32, Arc<Fault>)>,
    /// Resources that are no single object of the input: subjects with what they
    /// may do, objects made up by checks. With their faults.
    pub(crate) made: Vec<Record>,
    /// Rules that failed inside the program.
    pub(crate) broken: Vec<RuleNumber>,
}

/// Runs the joining rules of the plan that are `wanted` over `objects`, whose `seq` are the numbers
/// of their records. Nothing is said of records that are hidden.
pub(crate) fn join<'a>(
    plan: &Plan,
    effects: &Effects,
    objects: &'a [Object<'a>],
    arena: &'a Arena,
    hidden: &dyn Fn(u32) -> bool,
    wanted: &dyn Fn(&Rule) -> bool,
) -> Joined {
    let inputs = plan.inputs.clone();
    let corpus = Corpus::new(objects, arena);
    let mut joiner = Joiner {
        plan,
        inputs: &inputs,
        effects,
        hidden,
        wanted,
        pool: FaultPool::default(),
        numbers_of_made: HashMap::new(),
        joined: Joined {
            faults: Vec::new(),
            made: Vec::new(),
            broken: Vec::new(),
        },
    };
    joiner.run(&corpus);
    joiner.joined
}

/// Which resource a fault is of.
#[derive(Clone, Copy)]
enum Place {
    /// Number of a record of the input.
    Input(u32),
    /// Number among those made here.
    Made(usize),
}

struct Joiner<'s> {
    plan: &'s Plan,
    inputs: &'s Inputs,
    effects: &'s Effects,
    hidden: &'s dyn Fn(u32) -> bool,
    wanted: &'s dyn Fn(&Rule) -> bool,
    pool: FaultPool,
    /// Places in `joined.made`, by ID.
    numbers_of_made: HashMap<String, usize>,
    joined: Joined,
}

impl<'s> Joiner<'s> {
    fn run<'a>(&mut self, corpus: &'a Corpus<'a>)
    where
        's: 'a,
    {
        let subject_rules: Arc<[RuleNumber]> =
            self.numbers(|check| matches!(check, Check::Subject(_)));
        if !subject_rules.is_empty() {
            self.enumerate_vectors(corpus, &subject_rules);
        }
        for number in subject_rules
            .iter()
            .chain(&*self.numbers(|check| matches!(check, Check::Join(_))))
        {
            self.run_rule(*number, corpus);
        }
    }

    fn numbers(&self, wanted: impl Fn(Check) -> bool) -> Arc<[RuleNumber]> {
        let numbered = (0..).zip(&self.plan.rules).zip(&self.plan.controls_of);
        let used = numbered.filter(|(_, controls)| !controls.is_empty());
        used.map(|(rule, _)| rule)
            .filter(|(_, rule)| wanted(rule.check) && (self.wanted)(rule))
            .map(|(number, _)| number)
            .collect()
    }

    /// A panic in a rule costs that rule and nothing else.
    fn run_rule<'a>(&mut self, number: RuleNumber, corpus: &'a Corpus<'a>)
    where
        's: 'a,
    {
        if self.effects.stopped[usize::from(number)].is_some() {
            return;
        }
        let check = self.plan.rules[usize::from(number)].check;
        let inputs = self.inputs;
        let attempt = catch_unwind(AssertUnwindSafe(|| findings(check, corpus, inputs)));
        let Ok(findings) = attempt else {
            self.joined.broken.push(number);
            return;
        };
        for finding in findings {
            self.book(number, &finding, corpus);
        }
    }

    /// Every subject counts as judged by the rules that read its binding and role.
    fn enumerate_vectors(&mut self, corpus: &Corpus<'_>, rules: &[RuleNumber]) {
        for vector in corpus.vectors() {
            let id = vector.resource_id();
            if self.numbers_of_made.contains_key(&id) {
                continue;
            }
            let judges = |number: &&RuleNumber| {
                let rule = self.plan.rules[usize::from(**number)];
                let [binding, role] = [vector.binding, vector.role]
                    .map(|object| rule.reads(object.group, object.kind));
                binding
                    && role
                    && rule
                        .applies
                        .is_none_or(|applies| applies(&Object::new(vector.value, 0)))
            };
            let rules = rules.iter().filter(judges).copied().collect();
            let record = self.vector_record(vector, rules);
            self.make(id, record);
        }
    }

    fn make(&mut self, id: String, record: Record) -> usize {
        let place = self.joined.made.len();
        self.numbers_of_made.insert(id, place);
        self.joined.made.push(record);
        place
    }

    /// Whoever asked not to hear of a binding does not want to hear of its subjects.
    fn vector_record(&self, vector: &Vector<'_>, rules: Arc<[RuleNumber]>) -> Record {
        let mut record = Record::of_vector(vector, 1.0, rules);
        record.hidden = (self.hidden)(vector.binding.seq);
        record
    }

    fn book(&mut self, number: RuleNumber, finding: &Finding<'_>, corpus: &Corpus<'_>) {
        let fault = self.pool.share(Fault::new(number, finding));
        for about in &finding.about {
            let place = match about {
                About::Object(object) => Some(Place::Input(object.seq)),
                About::Vector(vector) => Some(self.place_of_vector(vector)),
                About::External(value) => self.place_of_made(*value, corpus),
            };
            match place {
                Some(Place::Input(number)) if !(self.hidden)(number) => {
                    self.joined.faults.push((number, Arc::clone(&fault)));
                }
                Some(Place::Made(place)) => {
                    let record = &mut self.joined.made[place];
                    if !record.hidden {
                        record.faults.push(Arc::clone(&fault));
                    }
                }
                Some(Place::Input(_)) | None => {}
            }
        }
    }

    fn place_of_vector(&mut self, vector: &Vector<'_>) -> Place {
        let id = vector.resource_id();
        if let Some(place) = self.numbers_of_made.get(&id) {
            return Place::Made(*place);
        }
        let record = self.vector_record(vector, [].into());
        Place::Made(self.make(id, record))
    }

    /// The record for an object that a check made up: that of the object of the
    /// input which it stands for, where there is one. What has no kind is an
    /// explanation and no resource.
    fn place_of_made(&mut self, value: Value<'_>, corpus: &Corpus<'_>) -> Option<Place> {
        let object = Object::new(value, 0);
        if object.kind.is_empty() {
            return None;
        }
        let (name, namespace) = if object.name.is_empty() {
            (value.at("name").str(), value.at("namespace").str())
        } else {
            (object.name, object.namespace)
        };
        let stands_for = |other: &&&Object<'_>| other.name == name && other.namespace == namespace;
        if let Some(twin) = corpus.of_kind(object.kind).iter().find(stands_for) {
            return Some(Place::Input(twin.seq));
        }
        let id = if object.name.is_empty() {
            format!("{}/{namespace}/{}/{name}", object.api_version, object.kind)
        } else {
            object.resource_id()
        };
        if let Some(place) = self.numbers_of_made.get(&id) {
            return Some(Place::Made(*place));
        }
        // It counts as judged by the rules that fail it.
        let mut record = Record::of_object(id.clone(), &object, [].into());
        record.name = name.into();
        record.namespace = namespace.into();
        record.origin = Origin::Made;
        Some(Place::Made(self.make(id, record)))
    }
}

fn findings<'a>(check: Check, corpus: &'a Corpus<'a>, inputs: &'a Inputs) -> Vec<Finding<'a>> {
    let mut out = Out::new(corpus.arena(), inputs);
    match check {
        Check::Subject(check) => corpus
            .vectors()
            .iter()
            .for_each(|vector| check(vector, &mut out)),
        Check::Join(check) => check(corpus, &mut out),
        _ => {}
    }
    out.take()
}
