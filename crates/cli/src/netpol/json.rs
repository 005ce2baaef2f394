//! A simulation for machines.

use kubescape_collect::Problem;
use kubescape_netpol::{JointFlow, JointVerdict, LabelSelector, Verdict};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::object::full_name;
use super::simulate::{Counts, Simulation, Workload};

/// Everything, judged while it is written: memory does not grow with flows.
pub(super) struct Report<'s, 'i> {
    pub(super) simulation: &'s Simulation<'i>,
    pub(super) all: bool,
}

impl Serialize for Report<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let simulation = self.simulation;
        let mut report = serializer.serialize_map(None)?;
        report.serialize_entry("workloads", &Workloads(self))?;
        // From here on the sums are complete.
        report.serialize_entry("policies", &policies(simulation))?;
        report.serialize_entry("summary", &Summary::of(simulation))?;
        let refused = simulation.refused.borrow();
        let problems = simulation.input.problems.iter().chain(&*refused);
        let problems: Vec<_> = problems.map(ProblemRecord::of).collect();
        report.serialize_entry("problems", &problems)?;
        report.end()
    }
}

struct Workloads<'r, 's, 'i>(&'r Report<'s, 'i>);

impl Serialize for Workloads<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for workload in self.0.simulation.workloads() {
            list.serialize_element(&OneWorkload(self.0, workload))?;
        }
        list.end()
    }
}

struct OneWorkload<'r, 's, 'i>(&'r Report<'s, 'i>, Workload<'i>);

impl Serialize for OneWorkload<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report, workload) = self;
        let observation = workload.observation;
        let metadata = observation.metadata();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", observation.kind())?;
        map.serialize_entry("namespace", &metadata.namespace)?;
        map.serialize_entry("name", &metadata.name)?;
        map.serialize_entry("file", &observation.place.file)?;
        map.serialize_entry("line", &observation.place.line)?;
        let gaps = observation.source().gaps();
        let warnings: Vec<_> = gaps.iter().map(ToString::to_string).collect();
        map.serialize_entry("warnings", &warnings)?;
        let counts = std::cell::Cell::default();
        let flows = Flows {
            report,
            workload,
            counts: &counts,
        };
        map.serialize_entry("flows", &flows)?;
        map.serialize_entry("counts", &CountsRecord::from(counts.get()))?;
        map.end()
    }
}

struct Flows<'r, 's, 'i> {
    report: &'r Report<'s, 'i>,
    workload: &'r Workload<'i>,
    counts: &'r std::cell::Cell<Counts>,
}

impl Serialize for Flows<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let simulation = self.report.simulation;
        let mut list = serializer.serialize_seq(None)?;
        let mut written = Ok(());
        let counts = simulation.judge(self.workload, &mut |flow| {
            let wanted = self.report.all || flow.verdict != JointVerdict::Allowed;
            if wanted && written.is_ok() {
                let record = FlowRecord::of(flow, self.workload, simulation);
                written = list.serialize_element(&record);
            }
        });
        written?;
        self.counts.set(counts);
        list.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowRecord<'f> {
    direction: String,
    verdict: &'static str,
    peer: PeerRecord<'f>,
    address: Option<&'f str>,
    port: Option<PortRecord>,
    /// What each policy says that is or may be for the flow.
    policies: Vec<OpinionRecord>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PeerRecord<'f> {
    #[serde(rename = "type")]
    kind: &'f str,
    pod_selector: Option<&'f LabelSelector>,
    namespace_selector: Option<&'f LabelSelector>,
    dns_names: Vec<&'f str>,
}

#[derive(Serialize)]
struct PortRecord {
    protocol: String,
    port: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpinionRecord {
    policy: String,
    selects_pods: Option<bool>,
    verdict: &'static str,
    reason: String,
}

impl<'f> FlowRecord<'f> {
    fn of(
        flow: &'f JointFlow<'_, '_>,
        workload: &Workload<'_>,
        simulation: &Simulation<'_>,
    ) -> Self {
        let neighbor = flow.neighbor;
        let policy = |number: usize| {
            let policy = workload.policies[number];
            full_name(&simulation.input.policies[policy].policy.metadata)
        };
        let opinions = flow.opinions.iter().map(|opinion| {
            let (verdict, reason) = words(&opinion.verdict);
            OpinionRecord {
                policy: policy(opinion.policy),
                selects_pods: opinion.selects.then_some(true),
                verdict,
                reason,
            }
        });
        Self {
            direction: flow.direction.to_string(),
            verdict: word(flow.verdict),
            peer: PeerRecord {
                kind: &neighbor.kind,
                pod_selector: neighbor.pod_selector.as_ref(),
                namespace_selector: neighbor.namespace_selector.as_ref(),
                dns_names: neighbor.names().collect(),
            },
            address: flow.address,
            port: flow.port.map(|port| PortRecord {
                protocol: port.protocol(),
                port: port.port,
            }),
            policies: opinions.collect(),
        }
    }
}

/// A verdict in one word.
pub(super) fn word(verdict: JointVerdict) -> &'static str {
    match verdict {
        JointVerdict::Allowed => "allowed",
        JointVerdict::Blocked => "blocked",
        JointVerdict::Undecidable => "undecidable",
    }
}

/// What a policy says alone, in one word, and why.
pub(super) fn words(verdict: &Verdict) -> (&'static str, String) {
    match verdict {
        Verdict::Allowed(reason) => ("allowed", reason.to_string()),
        Verdict::Blocked(reason) => ("blocked", reason.to_string()),
        Verdict::Undecidable(reason) => ("undecidable", reason.to_string()),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyRecord<'i> {
    namespace: &'i str,
    name: &'i str,
    file: &'i str,
    line: u64,
    directions: Vec<String>,
    /// For how many workloads it is …
    workloads: usize,
    /// … and for how many more it may be.
    possible_workloads: usize,
}

fn policies<'i>(simulation: &Simulation<'i>) -> Vec<PolicyRecord<'i>> {
    let uses = simulation.uses.borrow();
    let policies = simulation.input.policies.iter().zip(&*uses);
    let record =
        |(policy, uses): (&'i super::object::Policy, &super::simulate::Uses)| PolicyRecord {
            namespace: &policy.policy.metadata.namespace,
            name: &policy.policy.metadata.name,
            file: &policy.place.file,
            line: policy.place.line,
            directions: policy.directions(),
            workloads: uses.certain,
            possible_workloads: uses.possible,
        };
    policies.map(record).collect()
}

#[derive(Serialize)]
struct CountsRecord {
    allowed: u64,
    blocked: u64,
    undecidable: u64,
}

impl From<Counts> for CountsRecord {
    fn from(counts: Counts) -> Self {
        Self {
            allowed: counts.allowed,
            blocked: counts.blocked,
            undecidable: counts.undecidable,
        }
    }
}

#[derive(Serialize)]
struct Summary {
    workloads: usize,
    policies: usize,
    #[serde(flatten)]
    counts: CountsRecord,
    /// Whether all of the input was read and judged.
    complete: bool,
}

impl Summary {
    fn of(simulation: &Simulation<'_>) -> Self {
        let input = simulation.input;
        Self {
            workloads: input.observations.len() - simulation.refused.borrow().len(),
            policies: input.policies.len(),
            counts: simulation.totals.get().into(),
            complete: simulation.is_complete(),
        }
    }
}

#[derive(Serialize)]
struct ProblemRecord<'p> {
    code: &'static str,
    path: &'p str,
    line: Option<u64>,
    message: &'p str,
    remedy: &'p str,
}

impl<'p> ProblemRecord<'p> {
    fn of(problem: &'p Problem) -> Self {
        Self {
            code: problem.code.as_str(),
            path: &problem.path,
            line: problem.line,
            message: &problem.message,
            remedy: &problem.remedy,
        }
    }
}
