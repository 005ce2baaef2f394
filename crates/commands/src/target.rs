//! Workloads and scopes by identifier, as commands give them.

use kubescape_names::Wlid;

/// A workload's identifier; the kind may be in any case and have dashes in none.
///
/// # Errors
///
/// Not one of a workload, and what is wanted.
pub fn parse_wlid(text: &str) -> Result<Wlid, String> {
    if text.contains(char::is_whitespace) {
        return Err(format!(
            "{:?} is no workload ID: it has a space",
            text.chars().take(80).collect::<String>()
        ));
    }
    let wlid: Wlid = text
        .parse()
        .map_err(|error: kubescape_names::WlidError| error.to_string())?;
    if wlid.workload().is_none() {
        return Err("a workload ID of a cluster names no workload".to_owned());
    }
    Ok(wlid)
}

/// The namespace of a scope: `wlid://cluster-<c>/namespace-<ns>[/…]`; `None`: the
/// whole cluster.
///
/// # Errors
///
/// It is of another form. A typing error must not widen a scope to the cluster.
pub fn parse_wild_wlid(text: &str) -> Result<Option<String>, String> {
    let wrong = || {
        format!(
            "{:?} is no scope: expected wlid://cluster-<cluster> or wlid://cluster-<cluster>/namespace-<namespace>",
            text.chars().take(80).collect::<String>()
        )
    };
    let rest = text.strip_prefix("wlid://cluster-").ok_or_else(wrong)?;
    let Some((_, rest)) = rest.trim_end_matches('/').split_once('/') else {
        return Ok(None);
    };
    let rest = rest.strip_prefix("namespace-").ok_or_else(wrong)?;
    let namespace = rest.split('/').next().unwrap_or_default();
    if namespace.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok((!namespace.is_empty()).then(|| namespace.to_owned()))
}
