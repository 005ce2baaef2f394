//! `JUnit` XML: a suite per framework, a case per control.

use std::fmt::Write as _;
use std::io::{self, Write};

use kubescape_engine::{Control, ControlResult, Status};
use kubescape_scan::Scan;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::Facts;
use crate::faults::{Failures, title_of};
use crate::place::{Whereabouts, whereabouts};

/// More failed objects of one case are only counted: CI servers show the text
/// whole.
const OBJECTS: usize = 500;

pub(crate) fn write(scan: &Scan, facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let outcome = &scan.outcome;
    let failures = Failures::of(outcome);
    let mut report = Report::new("kubescape");
    if outcome.plan.frameworks.is_empty() {
        let all: Vec<usize> = (0..outcome.controls.len()).collect();
        report.add_test_suite(suite(
            scan,
            facts,
            &failures,
            "controls",
            &all,
            (None, outcome.total.compliance),
        ));
    }
    let summed = outcome.plan.frameworks.iter().zip(&outcome.frameworks);
    for (place, ((framework, numbers), summary)) in summed.enumerate() {
        let suite = suite(
            scan,
            facts,
            &failures,
            framework.name,
            numbers,
            (Some(place), summary.compliance),
        );
        report.add_test_suite(suite);
    }
    if scan.is_partial() {
        report.add_test_suite(input_suite(scan));
    }
    report.serialize(&mut *out).map_err(io::Error::other)?;
    out.flush()
}

fn suite(
    scan: &Scan,
    facts: &Facts,
    failures: &Failures,
    name: &str,
    numbers: &[usize],
    (framework, compliance): (Option<usize>, f32),
) -> TestSuite {
    let mut suite = TestSuite::new(name);
    if !facts.generated.is_empty() {
        suite
            .extra
            .insert("timestamp".into(), facts.generated.as_str().into());
    }
    suite.add_property(Property::new("complianceScore", format!("{compliance:.2}")));
    suite.add_property(Property::new(
        "inputDigest",
        format!("sha256:{}", scan.digest),
    ));
    for number in numbers {
        let result = match framework {
            // Exceptions may hold in one framework only.
            Some(place) => scan.outcome.control_in(place, *number),
            None => &scan.outcome.controls[*number],
        };
        suite.add_test_case(case(scan, failures, (*number, result), name));
    }
    suite
}

fn case(
    scan: &Scan,
    failures: &Failures,
    (number, result): (usize, &ControlResult),
    suite: &str,
) -> TestCase {
    let control = scan.outcome.plan.controls[number];
    let status = match result.status {
        Status::Passed => TestCaseStatus::success(),
        Status::Skipped => {
            let mut status = TestCaseStatus::skipped();
            let reason = if result.info.is_empty() {
                result.sub_status.name()
            } else {
                &result.info
            };
            status.set_message(reason.to_owned());
            status
        }
        Status::Failed => failure(scan, failures, (number, result), control),
    };
    let mut case = TestCase::new(format!("{} {}", control.id, control.name), status);
    case.set_classname(suite.to_owned());
    case.add_property(Property::new("severity", control.severity().name()));
    case.add_property(Property::new(
        "complianceScore",
        format!("{:.2}", result.compliance),
    ));
    case
}

fn failure(
    scan: &Scan,
    failures: &Failures,
    (number, result): (usize, &ControlResult),
    control: &Control,
) -> TestCaseStatus {
    let counts = result.counts;
    let mut objects: Vec<String> = failures
        .records(number)
        .map(|record| object(scan, record))
        .collect();
    objects.sort();
    let mut text = format!("{}\n\nFailed objects:\n", control.remediation.trim());
    for object in objects.iter().take(OBJECTS) {
        // Writing to memory cannot fail.
        let _ = writeln!(text, "  {object}");
    }
    if objects.len() > OBJECTS {
        let _ = writeln!(text, "  … and {} more", objects.len() - OBJECTS);
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_type(control.severity().name())
        .set_message(format!(
            "{} of {} objects failed",
            counts.failed,
            counts.all()
        ))
        .set_description(text);
    status
}

/// `path:line: Deployment shop/cart`.
fn object(scan: &Scan, record: usize) -> String {
    let title = title_of(&scan.outcome, record);
    match whereabouts(scan, record) {
        Some(Whereabouts::File { name, line }) => {
            let name = if name == "<stdin>" { "-" } else { name };
            format!("{name}:{line}: {title}")
        }
        Some(place) => format!("{}: {title}", place.text()),
        None => title,
    }
}

/// What could not be read must not look as if it had passed.
fn input_suite(scan: &Scan) -> TestSuite {
    let mut suite = TestSuite::new("input");
    for problem in scan.problems.iter().filter(|problem| !problem.is_note()) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status
            .set_type(problem.code.as_str())
            .set_message(problem.to_string());
        let mut case = TestCase::new(problem.path.clone(), status);
        case.set_classname("input");
        suite.add_test_case(case);
    }
    suite
}
