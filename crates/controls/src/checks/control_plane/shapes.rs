//! The few forms that checks of flags have. All of them name the argument to
//! look at, or the place for the one that is missing.

use kubescape_engine::{Finding, Out};

use super::component::Component;
use super::flag::Flag;

/// A finding about the Pod, with its list of places to look at.
pub(super) fn fail<'o, 'a>(component: &Component<'a>, out: &'o mut Out<'a>) -> &'o mut Finding<'a> {
    out.fail(component.object).with_review_list()
}

/// Reports the value of a flag, with a better one.
pub(super) fn replace<'a>(
    component: &Component<'a>,
    flag: &Flag<'_>,
    value: &str,
    out: &mut Out<'a>,
) {
    fail(component, out)
        .review(flag.place)
        .fix(flag.place, flag.with(value));
}

/// Reports that a flag is missing, with the value that it should have.
pub(super) fn append<'a>(component: &Component<'a>, name: &str, value: &str, out: &mut Out<'a>) {
    fail(component, out).fix(component.end(0), format_args!("--{name}={value}"));
}

/// The flag must be there and have this value.
pub(super) fn must_be<'a>(
    component: &Component<'a>,
    name: &'a str,
    value: &str,
    out: &mut Out<'a>,
) {
    match component.flag(name) {
        None => append(component, name, value, out),
        Some(flag) if flag.value != value => replace(component, &flag, value, out),
        Some(_) => {}
    }
}

/// The flag must be there and switch on or off.
pub(super) fn must_switch<'a>(
    component: &Component<'a>,
    name: &'a str,
    on: bool,
    out: &mut Out<'a>,
) {
    let value = if on { "true" } else { "false" };
    match component.switch(name) {
        None => append(component, name, value, out),
        Some(flag) if flag.switch() != Some(on) => replace(component, &flag, value, out),
        Some(_) => {}
    }
}

/// The flag must not switch on; off is how it is without it.
pub(super) fn must_not_switch_on<'a>(component: &Component<'a>, name: &'a str, out: &mut Out<'a>) {
    if let Some(flag) = component
        .switch(name)
        .filter(|flag| flag.switch() == Some(true))
    {
        replace(component, &flag, "false", out);
    }
}

/// Each flag must be there; its value is the user's own.
pub(super) fn must_be_set<'a>(
    component: &Component<'a>,
    flags: &[(&'a str, &str)],
    out: &mut Out<'a>,
) {
    if flags.iter().any(|(name, _)| component.flag(name).is_none()) {
        fix_missing(component, flags, fail(component, out));
    }
}

/// Adds the missing ones of `flags` to a finding. Each keeps a place of its
/// own behind the last argument, whether or not the others are missing.
pub(super) fn fix_missing<'a>(
    component: &Component<'a>,
    flags: &[(&'a str, &str)],
    finding: &mut Finding<'a>,
) {
    for (further, (name, value)) in flags.iter().enumerate() {
        if component.flag(name).is_none() {
            finding.fix(component.end(further), format_args!("--{name}={value}"));
        }
    }
}

/// The flag's list must be there and hold `item`.
pub(super) fn must_list<'a>(
    component: &Component<'a>,
    name: &'a str,
    item: &str,
    out: &mut Out<'a>,
) {
    if component.lists(name, item) {
        return;
    }
    match component.flag(name) {
        None => append(component, name, item, out),
        Some(flag) => {
            let items: Vec<_> = flag.items().chain([item]).collect();
            replace(component, &flag, &items.join(","), out);
        }
    }
}

/// The flag's list must not hold `item`. When nothing else is in the list,
/// `instead` is the better value; without one the flag can go.
pub(super) fn must_not_list<'a>(
    component: &Component<'a>,
    name: &'a str,
    item: &str,
    instead: Option<&str>,
    out: &mut Out<'a>,
) {
    let Some(flag) = component.flags(name).find(|flag| flag.has(item)) else {
        return;
    };
    let rest: Vec<_> = flag.items().filter(|other| *other != item).collect();
    let finding = fail(component, out).review(flag.place);
    match (rest.as_slice(), instead) {
        ([], None) => finding,
        ([], Some(value)) => finding.fix(flag.place, flag.with(value)),
        (rest, _) => finding.fix(flag.place, flag.with(rest.join(","))),
    };
}

/// The flag must be there; a person has to see whether its value fits.
pub(super) fn must_be_reviewed<'a>(component: &Component<'a>, name: &'a str, out: &mut Out<'a>) {
    match component.flag(name) {
        None => append(component, name, "YOUR_VALUE", out),
        Some(flag) => {
            fail(component, out).review(flag.place);
        }
    }
}
