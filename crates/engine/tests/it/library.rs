//! A library small enough to compute its results by hand.

use kubescape_engine::{
    ActionRequired, Arena, Check, Control, Corpus, Framework, Gap, Inputs, Judge, Kept, KindMatch,
    Library, Object, Out, Outcome, Plan, Rule, Scope, Selection, Value, Vector, Workload,
    conclude_with_gaps, from_json_str,
};

fn host_network<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    if workload.pod.at("hostNetwork").is_true() {
        out.fail(workload.object)
            .delete(format_args!("{workload}.hostNetwork"));
    }
}

fn any_secret<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "Secret" {
        out.fail(object);
    }
}

fn lonely_service<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for service in corpus.of_kind("Service") {
        if corpus.workloads_in(service.namespace).next().is_none() {
            out.fail(*service).failed("spec.selector");
        }
    }
}

fn any_wildcard<'a>(vector: &'a Vector<'a>, out: &mut Out<'a>) {
    if vector
        .rules()
        .iter()
        .any(|rule| rule.at("verbs").contains_str("*"))
    {
        out.fail(vector)
            .review("relatedObjects[1].rules[0].verbs[0]");
    }
}

/// Names the node in an object of its own, as rules that join node data do.
fn old_kernel<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    for node in corpus.of_kind("Node") {
        let entries = [
            ("kind", Value::Str("Node")),
            ("name", Value::Str(node.name)),
        ];
        out.fail(out.arena.object(&entries)).failed("kernelVersion");
    }
}

fn kubelet<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "KubeletInfo" {
        out.fail(object);
    }
}

macro_rules! kinds {
    ($($group:literal / $kind:literal),*) => { &[$(KindMatch { group: $group, kind: $kind }),*] };
}

const fn rule(
    name: &'static str,
    check: Check,
    kinds: &'static [KindMatch],
    inputs: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        check,
        kinds,
        wide: &[],
        applies: None,
        alert_score: 7.0,
        package: "armo_builtins",
        inputs,
    }
}

static RULES: [Rule; 7] = [
    rule(
        "host-network",
        Check::Workload(host_network),
        kinds!["" / "Pod", "apps" / "Deployment"],
        &[],
    ),
    rule(
        "lonely-service",
        Check::Join(lonely_service),
        kinds!["" / "Service", "apps" / "Deployment"],
        &[],
    ),
    rule(
        "needs-kubelet",
        Check::Object(kubelet),
        kinds!["hostdata.kubescape.cloud" / "KubeletInfo"],
        &[],
    ),
    rule(
        "needs-network",
        Check::Unavailable("asks the registry"),
        kinds!["" / "Pod"],
        &[],
    ),
    rule(
        "secrets",
        Check::Object(any_secret),
        kinds!["" / "Secret"],
        &["allowed"],
    ),
    rule(
        "old-kernel",
        Check::Join(old_kernel),
        kinds!["" / "Node"],
        &[],
    ),
    rule(
        "wildcards",
        Check::Subject(any_wildcard),
        kinds![
            "rbac.authorization.k8s.io" / "Role",
            "rbac.authorization.k8s.io" / "RoleBinding"
        ],
        &[],
    ),
];

const fn control(id: &'static str, base_score: f32, rules: &'static [&'static Rule]) -> Control {
    Control {
        id,
        name: id,
        base_score,
        category: "",
        subcategory: "",
        scopes: &[Scope::Cluster, Scope::File],
        action_required: None,
        description: "",
        remediation: "",
        rules,
    }
}

static CONTROLS: [Control; 8] = [
    control("C-0001", 9.0, &[&RULES[0]]),
    control("C-0002", 7.0, &[&RULES[1]]),
    control("C-0003", 5.0, &[&RULES[2]]),
    control("C-0004", 5.0, &[&RULES[3]]),
    Control {
        action_required: Some(ActionRequired::Configuration),
        ..control("C-0005", 2.0, &[&RULES[4]])
    },
    control("C-0006", 4.0, &[&RULES[6]]),
    Control {
        action_required: Some(ActionRequired::ManualReview),
        ..control("C-0007", 1.0, &[])
    },
    Control {
        scopes: &[Scope::Cluster],
        ..control("C-0008", 3.0, &[&RULES[5]])
    },
];

static FRAMEWORKS: [Framework; 1] = [Framework {
    name: "Small",
    description: "",
    controls: &[
        &CONTROLS[0],
        &CONTROLS[1],
        &CONTROLS[2],
        &CONTROLS[3],
        &CONTROLS[4],
        &CONTROLS[5],
        &CONTROLS[6],
    ],
}];

pub(crate) static LIBRARY: Library = Library {
    version: "test",
    controls: &CONTROLS,
    rules: &RULES,
    frameworks: &FRAMEWORKS,
};

/// Scans manifests with the whole framework.
pub(crate) fn scan(documents: &[&str]) -> Outcome {
    let selection = Selection {
        frameworks: vec!["small".to_owned()],
        ..Selection::default()
    };
    scan_by(&selection, Some(Scope::File), documents)
}

/// Scans what could be read of a cluster with the whole framework.
pub(crate) fn scan_with_gaps(documents: &[&str], gaps: Vec<Gap>) -> Outcome {
    let selection = Selection {
        frameworks: vec!["small".to_owned()],
        ..Selection::default()
    };
    scan_all(&selection, Some(Scope::Cluster), documents, gaps)
}

/// Scans documents by a selection; without a target the documents decide.
pub(crate) fn scan_by(selection: &Selection, target: Option<Scope>, documents: &[&str]) -> Outcome {
    scan_all(selection, target, documents, Vec::new())
}

fn scan_all(
    selection: &Selection,
    target: Option<Scope>,
    documents: &[&str],
    gaps: Vec<Gap>,
) -> Outcome {
    let plan = Plan::new(&LIBRARY, selection, target, Inputs::default()).unwrap();
    let mut judge = Judge::new(&plan);
    let (mut records, mut kept) = (Vec::new(), Vec::new());
    for text in documents {
        let arena = Arena::new();
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        if let Some(judged) = judge.judge(object.resource_id(), object, &arena) {
            let seq = u32::try_from(records.len()).unwrap();
            kept.extend(judged.kept.map(|json| Kept { seq, json }));
            records.push(judged.record);
        }
    }
    conclude_with_gaps(plan, records, &kept, gaps)
}
