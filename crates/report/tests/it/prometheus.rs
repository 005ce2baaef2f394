//! Metrics of scans.

use kubescape_report::prometheus::{FAMILIES, Sums, text};

use crate::goldens::check;
use crate::scans::{frameworks, scan_of};

fn sums(resources: bool) -> Sums {
    let scan = scan_of(&["shop", "rbac.yaml"], &frameworks(&["NSA", "MITRE"]));
    Sums::new(&scan, resources)
}

/// Value of the only sample that starts so.
fn value(page: &str, start: &str) -> u32 {
    let mut lines = page.lines().filter_map(|line| line.strip_prefix(start));
    let value = lines.next().unwrap().trim().parse().unwrap();
    assert_eq!(lines.next(), None, "{start} stands there twice");
    value
}

#[test]
fn the_page_is_as_documented() {
    check("metrics.prom", &text(&sums(true), &[]).unwrap());
}

#[test]
fn each_family_stands_together_under_its_own_head() {
    let page = text(&sums(true), &[]).unwrap();
    let mut heads = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for family in &FAMILIES {
        assert_eq!(heads.next(), Some(&*format!("{} gauge", family.name)));
    }
    assert_eq!(heads.next(), None);
    let mut current = "";
    for line in page.lines() {
        match line.strip_prefix("# ") {
            Some(head) => current = head.split(' ').nth(1).unwrap(),
            None => assert!(line.starts_with(&format!("{current}{{")), "{line}"),
        }
    }
}

#[test]
fn some_frameworks_give_what_a_scan_by_just_these_would_give() {
    let both = sums(false);
    for names in [&["nsa"][..], &["MITRE", "NSA"]] {
        let alone = scan_of(&["shop", "rbac.yaml"], &frameworks(names));
        let alone = Sums::new(&alone, false);
        assert_eq!(text(&both, names).unwrap(), text(&alone, &[]).unwrap());
    }
    let page = text(&both, &["nsa"]).unwrap();
    assert!(value(&page, "kubescape_cluster_count_resources_failed{}") > 0);
    assert!(!page.contains("MITRE"));
}

#[test]
fn a_framework_that_was_not_judged_is_an_error_with_a_hint() {
    let error = text(&sums(false), &["nsaa"]).unwrap_err();
    assert!(
        error.to_string().ends_with("did you mean \"NSA\"?"),
        "{error}"
    );
    let error = text(&sums(false), &["cis-v1.10.0"]).unwrap_err();
    assert!(
        error.to_string().ends_with("it did by MITRE, NSA"),
        "{error}"
    );
}

#[test]
fn labels_are_escaped() {
    // The format's own characters in a label's value.
    let scan = scan_of(&["shop"], &frameworks(&["NSA"]));
    let mut scan = scan;
    let record = scan
        .outcome
        .records
        .iter_mut()
        .find(|record| !record.faults.is_empty());
    record.unwrap().name = "a\"b\\c\nd".into();
    let page = text(&Sums::new(&scan, true), &[]).unwrap();
    assert!(page.contains(r#"name="a\"b\\c\nd"}"#), "{page}");
}
