//! Exceptions over a library whose results are computed by hand.

mod matching;
mod reading;
mod stories;

use kubescape_engine::exceptions::{Exceptions, Policy, read};
use kubescape_engine::{
    Arena, Check, Control, Framework, Inputs, Judge, Kept, KindMatch, Library, Object, Out,
    Outcome, Plan, Record, Rule, Scope, Selection, Status, SubStatus, Vector, Workload, conclude,
    from_json_str,
};

/// When all of these scans are made.
pub(crate) const NOW: &str = "2026-01-02T03:04:05Z";

fn host_network<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.pod.at("hostNetwork").is_true() {
        out.fail(workload.object)
            .delete(format_args!("{workload}.hostNetwork"));
    }
}

/// One finding a container.
fn privileged<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.all_containers() {
        if container.security_context().at("privileged").is_true() {
            out.fail(workload.object)
                .failed(format_args!("{container}.securityContext.privileged"));
        }
    }
}

fn any_namespace<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    out.fail(object);
}

fn any_subject<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    out.fail(vector).review("relatedObjects[1].rules[0]");
}

const fn rule(name: &'static str, check: Check, kinds: &'static [KindMatch]) -> Rule {
    Rule {
        name,
        check,
        kinds,
        wide: &[],
        applies: None,
        alert_score: 7.0,
        package: "armo_builtins",
        inputs: &[],
    }
}

macro_rules! kinds {
    ($($group:literal / $kind:literal),*) => { &[$(KindMatch { group: $group, kind: $kind }),*] };
}

static RULES: [Rule; 4] = [
    rule(
        "host-network",
        Check::Workload(host_network),
        kinds!["" / "Pod", "apps" / "Deployment"],
    ),
    rule(
        "privileged",
        Check::Workload(privileged),
        kinds!["" / "Pod", "apps" / "Deployment"],
    ),
    rule(
        "namespaces",
        Check::Object(any_namespace),
        kinds!["" / "Namespace"],
    ),
    rule(
        "subjects",
        Check::Subject(any_subject),
        kinds![
            "rbac.authorization.k8s.io" / "Role",
            "rbac.authorization.k8s.io" / "RoleBinding"
        ],
    ),
];

const fn control(id: &'static str, name: &'static str, rules: &'static [&'static Rule]) -> Control {
    Control {
        id,
        name,
        base_score: 5.0,
        category: "",
        subcategory: "",
        scopes: &[Scope::Cluster, Scope::File],
        action_required: None,
        description: "",
        remediation: "",
        rules,
    }
}

static CONTROLS: [Control; 4] = [
    control("C-0001", "Host network", &[&RULES[0]]),
    control("C-0002", "Both", &[&RULES[0], &RULES[1]]),
    control("C-0003", "Namespaces", &[&RULES[2]]),
    control("C-0004", "Subjects", &[&RULES[3]]),
];

const fn framework(name: &'static str, controls: &'static [&'static Control]) -> Framework {
    Framework {
        name,
        description: "",
        controls,
    }
}

static FRAMEWORKS: [Framework; 3] = [
    framework(
        "All",
        &[&CONTROLS[0], &CONTROLS[1], &CONTROLS[2], &CONTROLS[3]],
    ),
    framework("One", &[&CONTROLS[0], &CONTROLS[1]]),
    framework("Two", &[&CONTROLS[1], &CONTROLS[2]]),
];

static LIBRARY: Library = Library {
    version: "test",
    controls: &CONTROLS,
    rules: &RULES,
    frameworks: &FRAMEWORKS,
};

/// A plan by frameworks; by all controls when there are none.
fn plan(frameworks: &[&str], exceptions: Exceptions) -> Plan {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let selection = Selection {
        frameworks: owned(frameworks),
        controls: if frameworks.is_empty() {
            owned(&["C-0001", "C-0002", "C-0003", "C-0004"])
        } else {
            Vec::new()
        },
        ..Selection::default()
    };
    let mut plan = Plan::new(&LIBRARY, &selection, Some(Scope::File), Inputs::default()).unwrap();
    plan.exceptions = exceptions;
    plan
}

/// Scans objects; each may stand in a file.
fn scan(plan: Plan, documents: &[(&str, &str)]) -> Outcome {
    let mut judge = Judge::new(&plan);
    let (mut records, mut kept) = (Vec::new(), Vec::new());
    for (path, text) in documents {
        let arena = Arena::new();
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        let judged = judge.judge_at(object.resource_id(), path, object, &arena);
        if let Some(judged) = judged {
            let seq = u32::try_from(records.len()).unwrap();
            kept.extend(judged.kept.map(|json| Kept { seq, json }));
            records.push(judged.record);
        }
    }
    conclude(plan, records, &kept)
}

fn policies(text: &str) -> Vec<Policy> {
    let arena = Arena::new();
    read(from_json_str(text, &arena).unwrap(), "exceptions.json").unwrap()
}

fn exceptions(text: &str) -> Exceptions {
    Exceptions::new(policies(text), &["prod".to_owned()], NOW.parse().unwrap())
}

/// Status of a control for a resource, by name.
fn verdict(outcome: &Outcome, name: &str, id: &str) -> (Status, SubStatus) {
    let record = record(outcome, name);
    let number = number(outcome, id);
    let verdicts = outcome.verdicts(record);
    let verdict = verdicts.iter().find(|one| one.control == number).unwrap();
    (verdict.status.status, verdict.status.sub_status)
}

fn record<'o>(outcome: &'o Outcome, name: &str) -> &'o Record {
    let mut records = outcome.records.iter();
    records
        .find(|record| &*record.name == name && !record.hidden)
        .unwrap()
}

fn number(outcome: &Outcome, id: &str) -> usize {
    let mut controls = outcome.plan.controls.iter();
    controls.position(|control| control.id == id).unwrap()
}

const EXCEPTED: (Status, SubStatus) = (Status::Passed, SubStatus::WithExceptions);
const FAILED: (Status, SubStatus) = (Status::Failed, SubStatus::None);
