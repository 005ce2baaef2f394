//! Turns `data/` into Rust tables, so that the program starts without parsing
//! anything. What is wrong in a data file stops the build with its name.

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a build script has nobody to return errors to: it stops the build"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    id: String,
    name: String,
    score: f64,
    #[serde(default)]
    category: String,
    #[serde(default)]
    subcategory: String,
    scopes: Vec<String>,
    action_required: Option<String>,
    #[expect(
        dead_code,
        reason = "for readers of the file: the tables need only the frameworks"
    )]
    since_seed: bool,
    frameworks: Vec<String>,
    frameworks_seed: Vec<String>,
    description: String,
    remediation: String,
    #[serde(default)]
    rule: Vec<Rule>,
}

/// A rule is defined once, with its kinds; other controls just name it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    kinds: Option<Vec<String>>,
    #[serde(default)]
    inputs: Vec<String>,
    #[serde(default = "usual_score")]
    alert_score: f64,
    #[serde(default = "usual_package")]
    package: String,
    /// Function that narrows the judged objects, below `crate::checks`.
    applies: Option<String>,
    // Exactly one of these says what judges; functions are below `crate::checks`.
    object: Option<String>,
    workload: Option<String>,
    subject: Option<String>,
    join: Option<String>,
    /// Of a join that looks across namespaces: the kinds by which it does.
    #[serde(default)]
    wide: Vec<String>,
    unavailable: Option<String>,
    #[serde(default)]
    manual: bool,
}

impl Rule {
    fn is_name_only(&self) -> bool {
        let functions = [
            &self.applies,
            &self.object,
            &self.workload,
            &self.subject,
            &self.join,
            &self.unavailable,
        ];
        functions.iter().all(|function| function.is_none())
            && !self.manual
            && self.inputs.is_empty()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Framework {
    name: String,
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frameworks {
    #[serde(default)]
    framework: Vec<Framework>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseRules {
    #[serde(default)]
    rule: Vec<Rule>,
}

fn usual_score() -> f64 {
    7.0
}

fn usual_package() -> String {
    "armo_builtins".to_owned()
}

const WORKLOADS: [&str; 7] = [
    "core/Pod",
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/DaemonSet",
    "apps/StatefulSet",
    "batch/Job",
    "batch/CronJob",
];

fn main() {
    println!("cargo:rerun-if-changed=data");
    let data = Path::new("data");
    let mut controls: Vec<Control> = toml_files(&data.join("controls"))
        .iter()
        .map(|path| read_control(path))
        .collect();
    controls.sort_by(|a, b| a.id.cmp(&b.id));
    let loose: LooseRules = read(&data.join("rules.toml"));
    let frameworks: Frameworks = read(&data.join("frameworks.toml"));
    let inputs: BTreeMap<String, Vec<String>> = read(&data.join("inputs.toml"));

    check_inputs(&controls, &loose.rule, &inputs);
    let rules = define_rules(&controls, &loose.rule);
    let mut code = String::new();
    write_rules(&mut code, &rules);
    write_controls(&mut code, &controls, &rules);
    write_frameworks(&mut code, &controls, frameworks.framework);
    write_inputs(&mut code, &inputs);
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(target.join("library.rs"), code).expect("OUT_DIR is writable");
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("readable folder").path());
    paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect()
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a control. Its file is named after its ID, so no ID is given twice.
fn read_control(path: &Path) -> Control {
    let control: Control = read(path);
    let place = path.display();
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    assert!(
        stem == Some(&control.id),
        "{place}: the control's ID is {}",
        control.id
    );
    assert!(
        (0.0..=10.0).contains(&control.score),
        "{place}: no such score: {}",
        control.score
    );
    let texts = [
        ("name", &control.name),
        ("description", &control.description),
        ("remediation", &control.remediation),
    ];
    for (key, text) in texts {
        assert!(!text.trim().is_empty(), "{place}: the {key} is empty");
    }
    let lists = [
        ("scopes", &control.scopes),
        ("frameworks", &control.frameworks),
        ("frameworks_seed", &control.frameworks_seed),
    ];
    for (key, items) in lists {
        let once: BTreeSet<_> = items.iter().collect();
        assert!(
            once.len() == items.len(),
            "{place}: {key} names something twice"
        );
    }
    control
}

/// Every input that a rule reads must have a default.
fn check_inputs(controls: &[Control], loose: &[Rule], inputs: &BTreeMap<String, Vec<String>>) {
    let rules = controls.iter().flat_map(|control| &control.rule);
    for rule in rules.chain(loose) {
        for name in &rule.inputs {
            assert!(
                inputs.contains_key(name),
                "inputs.toml: no entry for {name}, which rule {} reads",
                rule.name
            );
        }
    }
}

/// The defined rules by name; every name must be defined exactly once.
fn define_rules(controls: &[Control], loose: &[Rule]) -> BTreeMap<String, String> {
    let mut rules = BTreeMap::new();
    let named = controls
        .iter()
        .flat_map(|control| control.rule.iter().map(|rule| (control.id.as_str(), rule)));
    let all: Vec<_> = named
        .chain(loose.iter().map(|rule| ("rules.toml", rule)))
        .collect();
    for (place, rule) in &all {
        if rule.kinds.is_some() {
            let code = rule_code(place, rule);
            assert!(
                rules.insert(rule.name.clone(), code).is_none(),
                "{place}: rule {} is defined twice",
                rule.name
            );
        }
    }
    for (place, rule) in &all {
        let name = &rule.name;
        assert!(
            rules.contains_key(name),
            "{place}: rule {name} is defined nowhere"
        );
        assert!(
            rule.kinds.is_some() || rule.is_name_only(),
            "{place}: rule {name} names no kinds, so it must be defined elsewhere and only named here"
        );
    }
    rules
}

fn rule_code(place: &str, rule: &Rule) -> String {
    let functions = [
        ("Object", &rule.object),
        ("Workload", &rule.workload),
        ("Subject", &rule.subject),
        ("Join", &rule.join),
    ];
    let function = functions.into_iter().filter_map(|(shape, path)| {
        let path = path.as_ref()?;
        Some(format!("Check::{shape}(crate::checks::{path})"))
    });
    let unavailable = rule.unavailable.as_ref();
    let other = [
        unavailable.map(|reason| format!("Check::Unavailable({reason:?})")),
        rule.manual.then(|| "Check::Manual".to_owned()),
    ];
    let mut given = function.chain(other.into_iter().flatten());
    let check = given
        .next()
        .unwrap_or_else(|| panic!("{place}: rule {} names no check", rule.name));
    assert!(
        given.next().is_none(),
        "{place}: rule {} names two checks",
        rule.name
    );
    let kinds = kinds_code(place, rule);
    let applies = rule.applies.as_ref().map_or("None".to_owned(), |path| {
        format!("Some(crate::checks::{path})")
    });
    format!(
        "Rule {{ name: {:?}, check: {check}, kinds: &[{kinds}], wide: &{:?}, applies: {applies}, alert_score: {:?}, package: {:?}, inputs: &{:?} }}",
        rule.name, rule.wide, rule.alert_score, rule.package, rule.inputs
    )
}

fn kinds_code(place: &str, rule: &Rule) -> String {
    let mut kinds = Vec::new();
    for kind in rule.kinds.iter().flatten() {
        if kind == "workloads" {
            kinds.extend(WORKLOADS.map(str::to_owned));
        } else {
            kinds.push(kind.clone());
        }
    }
    let mut code = String::new();
    let mut seen = BTreeSet::new();
    for kind in kinds {
        let (group, name) = kind
            .split_once('/')
            .unwrap_or_else(|| panic!("{place}: kind {kind} has no group"));
        assert!(
            seen.insert(kind.clone()),
            "{place}: kind {kind} is given twice"
        );
        let group = if group == "core" { "" } else { group };
        write!(code, "KindMatch {{ group: {group:?}, kind: {name:?} }}, ").expect("memory");
    }
    code
}

fn write_rules(code: &mut String, rules: &BTreeMap<String, String>) {
    writeln!(code, "pub(crate) static RULES: [Rule; {}] = [", rules.len()).expect("memory");
    for rule in rules.values() {
        writeln!(code, "    {rule},").expect("memory");
    }
    code.push_str("];\n");
}

fn write_controls(code: &mut String, controls: &[Control], rules: &BTreeMap<String, String>) {
    let number = |name: &String| {
        rules
            .keys()
            .position(|known| known == name)
            .expect("checked before")
    };
    writeln!(
        code,
        "pub(crate) static CONTROLS: [Control; {}] = [",
        controls.len()
    )
    .expect("memory");
    for control in controls {
        let Control {
            id,
            name,
            score,
            category,
            subcategory,
            description,
            remediation,
            ..
        } = control;
        let scopes: Vec<_> = control
            .scopes
            .iter()
            .map(|scope| scope_code(id, scope))
            .collect();
        let action = match control.action_required.as_deref() {
            None => "None",
            Some("configuration") => "Some(ActionRequired::Configuration)",
            Some("requires review") => "Some(ActionRequired::RequiresReview)",
            Some("manual review") => "Some(ActionRequired::ManualReview)",
            Some(other) => panic!("{id}: no such action: {other}"),
        };
        let rules: Vec<_> = control
            .rule
            .iter()
            .map(|rule| format!("&RULES[{}]", number(&rule.name)))
            .collect();
        writeln!(
            code,
            "    Control {{ id: {id:?}, name: {name:?}, base_score: {score:?}, category: {category:?}, subcategory: {subcategory:?}, scopes: &[{}], action_required: {action}, description: {:?}, remediation: {:?}, rules: &[{}] }},",
            scopes.join(", "),
            description.trim(),
            remediation.trim(),
            rules.join(", ")
        )
        .expect("memory");
    }
    code.push_str("];\n");
}

fn scope_code(id: &str, scope: &str) -> &'static str {
    match scope {
        "file" => "Scope::File",
        "cluster" => "Scope::Cluster",
        "cloud" => "Scope::Cloud",
        "EKS" => "Scope::Eks",
        "AKS" => "Scope::Aks",
        "GKE" => "Scope::Gke",
        other => panic!("{id}: no such scope: {other}"),
    }
}

fn write_frameworks(code: &mut String, controls: &[Control], known: Vec<Framework>) {
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, control) in controls.iter().enumerate() {
        for name in &control.frameworks {
            members.entry(name.clone()).or_default().push(number);
        }
    }
    let today: BTreeSet<_> = members.keys().cloned().collect();
    for (number, control) in controls.iter().enumerate() {
        for name in &control.frameworks_seed {
            let name = if today.contains(name) {
                format!("{name}@seed")
            } else {
                name.clone()
            };
            members.entry(name).or_default().push(number);
        }
    }
    let texts: BTreeMap<_, _> = known
        .into_iter()
        .map(|framework| (framework.name, framework.description))
        .collect();
    for name in texts.keys() {
        assert!(
            members.contains_key(name),
            "frameworks.toml: no control is in {name}"
        );
    }
    writeln!(
        code,
        "pub(crate) static FRAMEWORKS: [Framework; {}] = [",
        members.len()
    )
    .expect("memory");
    for (name, numbers) in &members {
        let plain = name.trim_end_matches("@seed");
        let text = texts
            .get(plain)
            .unwrap_or_else(|| panic!("frameworks.toml: no entry for {plain}"));
        let seed = if name.ends_with("@seed") {
            " As it was in the library of chart 1.16.7."
        } else {
            ""
        };
        let controls: Vec<_> = numbers
            .iter()
            .map(|number| format!("&CONTROLS[{number}]"))
            .collect();
        writeln!(
            code,
            "    Framework {{ name: {name:?}, description: {:?}, controls: &[{}] }},",
            format!("{}{seed}", text.trim()),
            controls.join(", ")
        )
        .expect("memory");
    }
    code.push_str("];\n");
}

fn write_inputs(code: &mut String, inputs: &BTreeMap<String, Vec<String>>) {
    writeln!(
        code,
        "pub(crate) static INPUTS: [(&str, &[&str]); {}] = [",
        inputs.len()
    )
    .expect("memory");
    for (name, values) in inputs {
        writeln!(code, "    ({name:?}, &{values:?}),").expect("memory");
    }
    code.push_str("];\n");
}
