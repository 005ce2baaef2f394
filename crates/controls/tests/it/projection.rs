//! Joins see only the part of an object that `project` keeps. They must come to
//! the same result as with the whole.

use std::env;
use std::path::{Path, PathBuf};

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{
    About, Arena, Check, Corpus, Fault, Inputs, Object, Rule, Value, judge, project,
};
use kubescape_rulecases::{Case, find, inputs, objects};

/// Whom the rule fails, with places; without the objects themselves.
fn faults(rule: &Rule, objects: &[Value<'_>], inputs: &Inputs) -> Vec<String> {
    let arena = Arena::new();
    let corpus = Corpus::of_values(objects, &arena);
    let findings = judge(rule, &corpus, inputs).unwrap();
    let describe = |about: &About<'_>| match about {
        About::Object(object) => object.resource_id(),
        About::Vector(vector) => vector.resource_id(),
        About::External(value) => format!("{} {}", value.at("kind").str(), value.at("name").str()),
    };
    let mut lines: Vec<_> = findings
        .iter()
        .map(|finding| {
            let about: Vec<_> = finding.about.iter().map(describe).collect();
            format!("{about:?} {:?}", Fault::new(0, finding))
        })
        .collect();
    lines.sort();
    lines
}

/// What differs, if anything.
fn compare(case: &Case) -> Option<String> {
    let rule = LIBRARY.rule(&case.rule)?;
    if !matches!(rule.check, Check::Join(_) | Check::Subject(_)) {
        return None;
    }
    let arena = Arena::new();
    let whole = objects(&case.folder, &arena).unwrap();
    let inputs = inputs(&case.folder, &default_inputs()).unwrap();
    let cut: Vec<_> = whole
        .iter()
        .map(|value| project(arena.alloc(Object::new(*value, 0)), &arena))
        .collect();
    let (expected, actual) = (faults(rule, &whole, &inputs), faults(rule, &cut, &inputs));
    let name = format!("{}/{}", case.rule, case.name);
    (expected != actual)
        .then(|| format!("{name}\n  whole: {expected:#?}\n  projected: {actual:#?}\n"))
}

#[test]
fn joins_find_the_same_in_projected_objects() {
    let mut roots = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")];
    roots.extend(
        env::var_os("KUBESCAPE_CONFORMANCE").map(|root| PathBuf::from(root).join("regolibrary")),
    );
    for root in roots {
        let differences: Vec<_> = find(&root).unwrap().iter().filter_map(compare).collect();
        assert!(
            differences.is_empty(),
            "projection changes results:\n{}",
            differences.concat()
        );
    }
}
