//! How much CPU and memory containers ask for and may take.

use kubescape_engine::{Container, Inputs, Out, Value, Workload};

use crate::quantity::Quantity;

/// `resources.limits.cpu` and its kind.
#[derive(Clone, Copy)]
struct Amount {
    /// `limits` or `requests`.
    list: &'static str,
    /// `cpu` or `memory`.
    resource: &'static str,
}

impl Amount {
    const CPU_LIMIT: Self = Self::new("limits", "cpu");
    const CPU_REQUEST: Self = Self::new("requests", "cpu");
    const MEMORY_LIMIT: Self = Self::new("limits", "memory");
    const MEMORY_REQUEST: Self = Self::new("requests", "memory");

    const fn new(list: &'static str, resource: &'static str) -> Self {
        Self { list, resource }
    }

    fn of<'a>(self, container: &Container<'a>) -> Value<'a> {
        container.at("resources").at(self.list).at(self.resource)
    }

    fn is_missing(self, container: &Container<'_>) -> bool {
        self.of(container).is_nothing()
    }

    /// The input that bounds it: `cpu_limit_max`.
    fn input(self, end: &str) -> &'static str {
        match (self.resource, self.list, end) {
            ("cpu", "limits", "max") => "cpu_limit_max",
            ("cpu", "limits", _) => "cpu_limit_min",
            ("cpu", _, "max") => "cpu_request_max",
            ("cpu", _, _) => "cpu_request_min",
            (_, "limits", "max") => "memory_limit_max",
            (_, "limits", _) => "memory_limit_min",
            (_, _, "max") => "memory_request_max",
            (_, _, _) => "memory_request_min",
        }
    }

    /// Below the user's minimum or above the user's maximum.
    fn is_out_of_bounds(self, container: &Container<'_>, inputs: &Inputs) -> bool {
        let Some(amount) = Quantity::of(self.of(container)) else {
            return false;
        };
        let bound = |end| inputs.first(self.input(end)).and_then(Quantity::parse);
        bound("max").is_some_and(|max| amount > max) || bound("min").is_some_and(|min| amount < min)
    }
}

/// A container lacks the limit of CPU, of memory, or of both.
pub(crate) fn no_limits<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    for container in workload.containers() {
        let missing = [Amount::CPU_LIMIT, Amount::MEMORY_LIMIT]
            .map(|amount| amount.is_missing(container).then_some(amount));
        if missing.iter().all(Option::is_none) {
            continue;
        }
        let finding = out.fail(workload.object);
        for Amount { list, resource } in missing.into_iter().flatten() {
            finding.fix(
                format_args!("{container}.resources.{list}.{resource}"),
                "YOUR_VALUE",
            );
        }
    }
}

/// A container may take all CPU time of its node.
pub(crate) fn no_cpu_limit<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, Amount::CPU_LIMIT, out);
}

/// The scheduler does not know how much CPU time a container needs.
pub(crate) fn no_cpu_request<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, Amount::CPU_REQUEST, out);
}

/// A container may take all memory of its node.
pub(crate) fn no_memory_limit<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, Amount::MEMORY_LIMIT, out);
}

/// The scheduler does not know how much memory a container needs.
pub(crate) fn no_memory_request<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing(workload, Amount::MEMORY_REQUEST, out);
}

/// CPU limit and request of a container are missing or out of the bounds that
/// the user sets.
pub(crate) fn cpu_out_of_bounds<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    missing_or_out_of_bounds(workload, [Amount::CPU_LIMIT, Amount::CPU_REQUEST], out);
}

/// As [`cpu_out_of_bounds`], for memory.
pub(crate) fn memory_out_of_bounds<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let amounts = [Amount::MEMORY_LIMIT, Amount::MEMORY_REQUEST];
    missing_or_out_of_bounds(workload, amounts, out);
}

fn missing_or_out_of_bounds<'a>(workload: &Workload<'a>, amounts: [Amount; 2], out: &mut Out<'a>) {
    for amount in amounts {
        missing(workload, amount, out);
    }
    for container in workload.containers() {
        for amount in amounts {
            if amount.is_out_of_bounds(container, out.inputs) {
                let Amount { list, resource } = amount;
                out.fail(workload.object)
                    .review(format_args!("{container}.resources.{list}.{resource}"));
            }
        }
    }
}

fn missing<'a>(workload: &Workload<'a>, amount: Amount, out: &mut Out<'a>) {
    for container in workload.containers() {
        if !amount.is_missing(container) {
            continue;
        }
        let Amount { list, resource } = amount;
        let finding = out.fail(workload.object);
        if resource == "cpu" {
            // Findings about CPU have always carried the list, those about
            // memory never; consumers see the difference.
            finding.with_review_list();
        }
        finding.fix(
            format_args!("{container}.resources.{list}.{resource}"),
            "YOUR_VALUE",
        );
    }
}
