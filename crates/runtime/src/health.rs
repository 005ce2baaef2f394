//! `/livez`, `/readyz` and `/healthz`, as Kubernetes' own components answer them.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, RwLock};

use crate::shutdown::{Phase, Shutdown};

/// What a check decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `/livez` and `/healthz`, and readiness with them: failing means that only
    /// a restart helps.
    Live,
    /// `/readyz` only: failing means "send no requests now".
    Ready,
}

/// The named checks of a process. Clones share them.
///
/// `/livez` answers for [`Scope::Live`]; `/readyz` for all checks and fails as soon
/// as the process begins to leave; `/healthz` is the older name of `/livez`.
#[derive(Clone)]
pub struct Health {
    checks: Arc<RwLock<Vec<Arc<Check>>>>,
    shutdown: Shutdown,
}

struct Check {
    name: String,
    scope: Scope,
    state: State,
}

enum State {
    Told(RwLock<Result<(), String>>),
    Asked(Box<dyn Fn() -> Result<(), String> + Send + Sync>),
}

impl Check {
    fn result(&self) -> Result<(), String> {
        match &self.state {
            State::Told(state) => state.read().map_or_else(
                |poisoned| poisoned.into_inner().clone(),
                |state| state.clone(),
            ),
            State::Asked(ask) => std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask))
                .unwrap_or_else(|panic| Err(crate::panics::text(panic.as_ref()))),
        }
    }
}

/// One check, held by whoever knows its state. Clones share it.
#[derive(Clone)]
pub struct HealthCheck(Arc<Check>);

impl HealthCheck {
    /// All is well from now on.
    pub fn ok(&self) {
        self.set(&Ok(()));
    }

    /// Fails from now on; the reason goes to the log and to `/readyz/NAME`.
    pub fn failing(&self, reason: impl Into<String>) {
        self.set(&Err(reason.into()));
    }

    fn set(&self, new: &Result<(), String>) {
        let State::Told(state) = &self.0.state else {
            return;
        };
        let old = {
            let mut state = state
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::replace(&mut *state, new.clone())
        };
        match (&old, new) {
            (Ok(()), Err(reason)) => {
                tracing::warn!(check = %self.0.name, reason = %reason, "health check fails");
            }
            (Err(_), Ok(())) => tracing::info!(check = %self.0.name, "health check passes"),
            _ => {}
        }
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HealthCheck({}: {:?})", self.0.name, self.0.result())
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.checks().into_iter().map(HealthCheck))
            .finish()
    }
}

/// An answer to send: plain text, never cached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthAnswer {
    /// 200 or 500; 404 for a check that does not exist.
    pub code: u16,
    /// `text/plain; charset=utf-8`.
    pub body: String,
}

impl Health {
    /// No checks yet; readiness follows `shutdown`.
    pub fn new(shutdown: Shutdown) -> Self {
        Self {
            checks: Arc::default(),
            shutdown,
        }
    }

    /// Adds a check that its holder moves. It starts as failing with
    /// "not started" for [`Scope::Ready`], as passing for [`Scope::Live`].
    pub fn register(&self, name: &str, scope: Scope) -> HealthCheck {
        let start = match scope {
            Scope::Live => Ok(()),
            Scope::Ready => Err("not started".to_owned()),
        };
        HealthCheck(self.add(name, scope, State::Told(RwLock::new(start))))
    }

    /// Adds a check that is asked each time; it has to answer at once.
    pub fn register_fn(
        &self,
        name: &str,
        scope: Scope,
        ask: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        self.add(name, scope, State::Asked(Box::new(ask)));
    }

    /// Registering a name again replaces the check, as a restarted role needs.
    fn add(&self, name: &str, scope: Scope, state: State) -> Arc<Check> {
        let check = Arc::new(Check {
            name: name.to_owned(),
            scope,
            state,
        });
        let mut checks = self
            .checks
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match checks.iter_mut().find(|old| old.name == name) {
            Some(old) => old.clone_from(&check),
            None => checks.push(check.clone()),
        }
        check
    }

    fn checks(&self) -> Vec<Arc<Check>> {
        self.checks
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Whether `/readyz` would answer 200.
    pub fn is_ready(&self) -> bool {
        self.results(true)
            .values()
            .all(|(_, result)| result.is_ok())
    }

    /// Name → place and result, with the two built-in checks.
    fn results(&self, ready: bool) -> BTreeMap<String, (usize, Result<(), String>)> {
        let checks = self.checks();
        let named = checks
            .iter()
            .filter(|check| ready || check.scope == Scope::Live)
            .map(|check| (check.name.clone(), check.result()));
        let leaving = match self.shutdown.phase() {
            Phase::Running => Ok(()),
            _ => Err("process is shutting down".to_owned()),
        };
        let built_in = [
            Some(("ping".to_owned(), Ok(()))),
            ready.then(|| ("shutdown".to_owned(), leaving)),
        ];
        let mut results = BTreeMap::new();
        for (place, (name, result)) in built_in.into_iter().flatten().chain(named).enumerate() {
            results.insert(name, (place, result));
        }
        results
    }

    /// The answer to `path` (without the query) or `None` when it is not one of
    /// health: `/livez`, `/readyz`, `/healthz`, each also with `/NAME`.
    ///
    /// `query` is the raw query string; `verbose` and `exclude=NAME` are heeded.
    pub fn answer(&self, path: &str, query: Option<&str>) -> Option<HealthAnswer> {
        let path = path.strip_prefix('/')?;
        let (page, single) = match path.split_once('/') {
            Some((page, single)) if !single.is_empty() => (page, Some(single)),
            Some((page, _)) => (page, None),
            None => (path, None),
        };
        let ready = match page {
            "livez" | "healthz" => false,
            "readyz" => true,
            _ => return None,
        };
        let results = self.results(ready);
        Some(match single {
            Some(name) => one(&results, name),
            None => all(page, results, query.unwrap_or_default()),
        })
    }
}

fn one(results: &BTreeMap<String, (usize, Result<(), String>)>, name: &str) -> HealthAnswer {
    match results.get(name) {
        None => HealthAnswer {
            code: 404,
            body: "404 page not found\n".to_owned(),
        },
        Some((_, Ok(()))) => HealthAnswer {
            code: 200,
            body: "ok".to_owned(),
        },
        Some((_, Err(reason))) => HealthAnswer {
            code: 500,
            body: format!("internal server error: {reason}\n"),
        },
    }
}

/// Texts as `k8s.io/apiserver/pkg/server/healthz` writes them.
fn all(
    page: &str,
    results: BTreeMap<String, (usize, Result<(), String>)>,
    query: &str,
) -> HealthAnswer {
    let mut verbose = false;
    let mut excluded: BTreeMap<&str, bool> = BTreeMap::new();
    for pair in query.split('&').take(64) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("verbose", _) => verbose = true,
            ("exclude", name) if !name.is_empty() => {
                excluded.insert(name, false);
            }
            _ => {}
        }
    }
    let mut ordered: Vec<_> = results.into_iter().collect();
    ordered.sort_by_key(|(_, (place, _))| *place);
    let mut lines = String::new();
    let mut failed = false;
    for (name, (_, result)) in &ordered {
        let _ = match (excluded.get_mut(name.as_str()), result) {
            (Some(met), _) => {
                *met = true;
                writeln!(lines, "[+]{name} excluded: ok")
            }
            (None, Ok(())) => writeln!(lines, "[+]{name} ok"),
            (None, Err(_)) => {
                failed = true;
                writeln!(lines, "[-]{name} failed: reason withheld")
            }
        };
    }
    let unmet: Vec<String> = excluded
        .iter()
        .filter(|(_, met)| !**met)
        .map(|(name, _)| format!("{name:?}"))
        .collect();
    if !unmet.is_empty() {
        let _ = writeln!(
            lines,
            "warn: some health checks cannot be excluded: no matches for {}",
            unmet.join(",")
        );
    }
    if failed {
        let body = format!("{lines}{page} check failed\n");
        HealthAnswer { code: 500, body }
    } else if verbose {
        let body = format!("{lines}{page} check passed\n");
        HealthAnswer { code: 200, body }
    } else {
        let body = "ok".to_owned();
        HealthAnswer { code: 200, body }
    }
}
