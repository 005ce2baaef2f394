//! Containers that may run as root.

use kubescape_engine::{Container, Out, Value, Workload};

/// A container may run with the user or the group number 0. Settings of the
/// container come before those of the pod; what neither sets is up to the
/// image, so it counts as root.
pub(crate) fn may_be_root<'a>(workload: &Workload<'a>, out: &mut Out<'a>) {
    let containers = workload.init_containers().iter();
    for container in containers.chain(workload.containers()) {
        let settings = Settings {
            workload,
            container,
        };
        let user = settings.user_fix();
        let group = settings.group_fix();
        if user.is_none() && group.is_none() {
            continue;
        }
        let finding = out.fail(workload.object);
        finding.with_review_list();
        for fix in [user, group].into_iter().flatten() {
            match fix.level {
                Level::Container => finding.fix(
                    format_args!("{container}.securityContext.{}", fix.key),
                    fix.value,
                ),
                Level::Pod => finding.fix(
                    format_args!("{workload}.securityContext.{}", fix.key),
                    fix.value,
                ),
            };
        }
    }
}

struct Fix {
    level: Level,
    key: &'static str,
    value: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    Container,
    Pod,
}

struct Settings<'s, 'a> {
    workload: &'s Workload<'a>,
    container: &'s Container<'a>,
}

impl<'a> Settings<'_, 'a> {
    fn find(&self, key: &str) -> Option<(Value<'a>, Level)> {
        let own = self.container.security_context().at(key);
        if !own.is_nothing() {
            return Some((own, Level::Container));
        }
        let of_pod = self.workload.security_context().at(key);
        (!of_pod.is_nothing()).then_some((of_pod, Level::Pod))
    }

    /// What keeps the container from running as user 0, when nothing does yet.
    fn user_fix(&self) -> Option<Fix> {
        let non_root = self.find("runAsNonRoot");
        if non_root.is_some_and(|(value, _)| value.is_true()) {
            return None;
        }
        match self.find("runAsUser") {
            Some((user, level)) => (user.as_i64() == Some(0)).then_some(Fix {
                level,
                key: "runAsUser",
                value: "1000",
            }),
            None => Some(Fix {
                level: non_root.map_or(Level::Container, |(_, level)| level),
                key: "runAsNonRoot",
                value: "true",
            }),
        }
    }

    /// The same for group 0, which `runAsNonRoot` does not rule out.
    fn group_fix(&self) -> Option<Fix> {
        let level = match self.find("runAsGroup") {
            Some((group, level)) => (group.as_i64() == Some(0)).then_some(level)?,
            None => Level::Container,
        };
        Some(Fix {
            level,
            key: "runAsGroup",
            value: "1000",
        })
    }
}
