//! When a stored object is stale, kind by kind. (storage reference, section 12)
//! Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use kubescape_names::{InstanceId, USER_MANAGED_PREFIX, Wlid, annotation};

use super::facts::{Facts, Presence};
use super::kind::Kind;
use super::stored::Stored;

/// What an object of a resource depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Its workload.
    Workload,
    /// Its workload and that one's container.
    Container,
    /// A revision of its workload's template.
    Template,
    /// Its image in a pod.
    Image,
    /// Its instance in a pod.
    Instance,
    /// Both, as far as it names them.
    ImageAndInstance,
}

/// The resources that are cleaned up. Not named and never touched: `knownservers`,
/// `collapseconfigurations`. Upstream left `sbomsyfts` and `sbomsyftfiltereds` alone
/// while nobody wrote them; now they are the SBOMs, and would grow without end.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("applicationactivities", Rule::Workload),
    ("applicationprofiles", Rule::Template),
    ("applicationprofilesummaries", Rule::Workload),
    ("containerprofiles", Rule::Template),
    ("networkneighborhoods", Rule::Template),
    ("networkneighborses", Rule::Workload),
    ("openvulnerabilityexchangecontainers", Rule::Image),
    ("sbomspdxv2p3filtereds", Rule::Instance),
    ("sbomspdxv2p3s", Rule::Image),
    ("sbomsummaries", Rule::Image),
    ("sbomsyftfiltereds", Rule::Instance),
    ("sbomsyfts", Rule::Image),
    ("seccompprofiles", Rule::Template),
    ("vulnerabilitymanifests", Rule::ImageAndInstance),
    ("vulnerabilitymanifestsummaries", Rule::Container),
    ("workloadconfigurationscans", Rule::Workload),
    ("workloadconfigurationscansummaries", Rule::Workload),
];

/// How long something has to be away, while that is watched, before what depends
/// on it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Graces {
    /// Workloads and their containers.
    pub(crate) workload: Duration,
    /// What runs: images, instances and templates, so that those of workloads
    /// that are scaled to zero and of Jobs outlive a day.
    pub(crate) image: Duration,
}

/// Why an object stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// What it depends on is there.
    InUse,
    /// A person wrote it.
    UserManaged,
    /// It does not say what it depends on: a person wrote it, too.
    NoAnnotation,
    /// What it says cannot be read.
    Unreadable,
    /// Its workload is of a kind that is not followed, or of the whole cluster.
    OtherKind,
    /// It is about a node.
    Host,
    /// Jobs of CronJobs have names that change; nothing says whose it is.
    Unclear,
}

/// Why an object goes: this is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    Workload,
    Container,
    Template,
    Image,
    Instance,
}

impl Reason {
    /// For logs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Workload => "workload gone",
            Self::Container => "container gone",
            Self::Template => "template gone",
            Self::Image => "image not in any pod",
            Self::Instance => "instance has no pods",
        }
    }

    /// How long that has to last.
    pub(crate) const fn grace(self, graces: &Graces) -> Duration {
        match self {
            Self::Workload | Self::Container => graces.workload,
            Self::Template | Self::Image | Self::Instance => graces.image,
        }
    }
}

/// What the facts say about one object; how long it is so decides the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep(Kept),
    Stale {
        why: Reason,
        /// It was in use since the last sweep.
        fresh: bool,
    },
    /// These kinds would have to be known to say.
    Unknown(BTreeSet<Kind>),
}

/// Judges one object.
pub(crate) fn judge(rule: Rule, stored: &Stored, facts: &Facts) -> Verdict {
    let by_user = stored.managed_by.as_deref();
    if by_user.is_some_and(|by| by.eq_ignore_ascii_case(annotation::MANAGED_BY_USER))
        || stored.name.starts_with(USER_MANAGED_PREFIX)
    {
        return Verdict::Keep(Kept::UserManaged);
    }
    let judged = match rule {
        Rule::Workload => by_workload(stored, facts, ""),
        Rule::Container => {
            let container = stored.container.as_deref();
            by_workload(stored, facts, container.unwrap_or_default())
        }
        Rule::Template => by_template(stored, facts),
        Rule::Image => by_image(stored, facts),
        Rule::Instance => by_instance(stored, facts),
        Rule::ImageAndInstance => by_both(stored, facts),
    };
    judged.unwrap_or_else(Verdict::Keep)
}

fn verdict(presence: Presence, why: Reason) -> Verdict {
    match presence {
        Presence::Present => Verdict::Keep(Kept::InUse),
        Presence::JustGone => Verdict::Stale { why, fresh: true },
        Presence::Absent => Verdict::Stale { why, fresh: false },
        Presence::Unknown(kinds) => Verdict::Unknown(kinds),
    }
}

fn given(text: Option<&String>) -> Result<&str, Kept> {
    match text.map(String::as_str) {
        None | Some("") => Err(Kept::NoAnnotation),
        Some(text) => Ok(text),
    }
}

struct Workload {
    kind: Kind,
    namespace: String,
    name: String,
}

impl Workload {
    fn presence(&self, facts: &Facts) -> Presence {
        facts.object(self.kind, &self.namespace, &self.name, "")
    }
}

fn workload(stored: &Stored) -> Result<Workload, Kept> {
    let about = stored.workload_kind.as_deref().unwrap_or_default();
    if ["host", "node"].map(|host| host.eq_ignore_ascii_case(about)) != [false, false] {
        return Err(Kept::Host);
    }
    let wlid: Wlid = given(stored.wlid.as_ref())?
        .parse()
        .map_err(|_| Kept::Unreadable)?;
    let named = wlid.workload().ok_or(Kept::OtherKind)?;
    if ["host", "node"].contains(&&*named.kind) {
        return Err(Kept::Host);
    }
    let kind = Kind::named(&named.kind).ok_or(Kept::OtherKind)?;
    // A Service of Knative is another kind of the same name.
    let group = stored.api_group.as_deref().unwrap_or_default();
    if !group.is_empty() && group != kind.names().group {
        return Err(Kept::OtherKind);
    }
    Ok(Workload {
        kind,
        namespace: named.namespace.clone(),
        name: named.name.clone(),
    })
}

fn by_workload(stored: &Stored, facts: &Facts, container: &str) -> Result<Verdict, Kept> {
    let workload = workload(stored)?;
    let whole = verdict(workload.presence(facts), Reason::Workload);
    let asked = !container.is_empty() && workload.kind.runs();
    if !asked || whole != Verdict::Keep(Kept::InUse) {
        return Ok(whole);
    }
    let Workload {
        kind,
        namespace,
        name,
    } = &workload;
    let presence = facts.object(*kind, namespace, name, container);
    Ok(verdict(presence, Reason::Container))
}

fn by_template(stored: &Stored, facts: &Facts) -> Result<Verdict, Kept> {
    let workload = workload(stored)?;
    let hash = stored.template_hash.as_deref().unwrap_or_default();
    if hash.is_empty() || matches!(workload.kind, Kind::Job | Kind::CronJob) {
        return by_workload(stored, facts, "");
    }
    let template = facts.template(&workload.namespace, hash);
    let just_gone = template == Presence::JustGone;
    match (template, workload.presence(facts)) {
        (Presence::Present, _) => Err(Kept::InUse),
        (unknown @ Presence::Unknown(_), other) => {
            Ok(verdict(unknown.and(other), Reason::Template))
        }
        (template, Presence::Present) => Ok(verdict(template, Reason::Template)),
        (_, workload) => Ok(match verdict(workload, Reason::Workload) {
            Verdict::Stale { why, fresh } => Verdict::Stale {
                why,
                fresh: fresh || just_gone,
            },
            other => other,
        }),
    }
}

fn by_image(stored: &Stored, facts: &Facts) -> Result<Verdict, Kept> {
    let image = given(stored.image_id.as_ref())?;
    Ok(verdict(facts.image(image), Reason::Image))
}

fn by_instance(stored: &Stored, facts: &Facts) -> Result<Verdict, Kept> {
    let presence = instance(stored, facts)?;
    Ok(verdict(presence, Reason::Instance))
}

fn instance(stored: &Stored, facts: &Facts) -> Result<Presence, Kept> {
    let id: InstanceId = given(stored.instance_id.as_ref())?
        .parse()
        .map_err(|_| Kept::Unreadable)?;
    let presence = facts.instance(&id);
    let job = ["job", "cronjob"].map(|kind| kind.eq_ignore_ascii_case(id.kind()));
    if presence == Presence::Present || job == [false, false] {
        return Ok(presence);
    }
    // Later clients put the hash of the pod's spec into the name of a CronJob's
    // Jobs: such an instance is there while its workload is.
    let workload = workload(stored).map_err(|_| Kept::Unclear)?;
    match workload.presence(facts) {
        Presence::Present => Ok(Presence::Present),
        other => Ok(other.and(presence)),
    }
}

fn by_both(stored: &Stored, facts: &Facts) -> Result<Verdict, Kept> {
    let image = if_named(by_image(stored, facts))?;
    let instance = if_named(by_instance(stored, facts))?;
    match (image, instance) {
        (None, None) => Err(Kept::NoAnnotation),
        (Some(one), None) | (None, Some(one)) => Ok(one),
        (Some(image), Some(instance)) => Ok(both(image, instance)),
    }
}

fn if_named(judged: Result<Verdict, Kept>) -> Result<Option<Verdict>, Kept> {
    match judged {
        Ok(verdict) => Ok(Some(verdict)),
        Err(Kept::NoAnnotation) => Ok(None),
        Err(kept) => Err(kept),
    }
}

/// Of two that are both needed: what is unknown decides, then what is stale.
fn both(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Keep(_) => 0,
        Verdict::Stale { fresh: true, .. } => 1,
        Verdict::Stale { fresh: false, .. } => 2,
        Verdict::Unknown(_) => 3,
    };
    match (one, other) {
        (Verdict::Unknown(mut one), Verdict::Unknown(other)) => {
            one.extend(other);
            Verdict::Unknown(one)
        }
        (one, other) if rank(&one) >= rank(&other) => one,
        (_, other) => other,
    }
}
