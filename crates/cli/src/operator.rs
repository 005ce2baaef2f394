//! `operator`: the role.

use std::path::PathBuf;

use kubescape_operator::{Config, Flags};
use kubescape_runtime::config::Env;

use crate::arguments::OperatorArguments;
use crate::exit::{Exit, Failure};
use crate::service;

pub(crate) fn run(arguments: OperatorArguments) -> Result<Exit, Failure> {
    let legacy = |name| legacy(&arguments.legacy, name).map(PathBuf::from);
    let flags = Flags {
        tls_cert_file: legacy("tlsCertFile"),
        tls_key_file: legacy("tlsKeyFile"),
        kubeconfig: arguments.kubeconfig,
        standalone: arguments.standalone,
        listen: arguments.listen,
        probes: arguments.probes,
        data_dir: arguments.data_dir,
    };
    let config = Config::read(flags, &Env::from_process()).map_err(Failure::usage)?;
    let (log, traces, warnings) = (config.log, config.traces.clone(), config.warnings.clone());
    let operator = kubescape_operator::run(config, |started| {
        tracing::info!(
            url = started.url,
            probes = started.probes,
            "the operator takes commands"
        );
    });
    service::run(log, &traces, &warnings, operator)?.map_err(service::internal)?;
    Ok(Exit::Success)
}

/// The value of a flag of older releases: `-name=value` or `-name value`.
fn legacy<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let flag = |argument: &'a str| {
        let rest = argument.strip_prefix('-')?;
        rest.strip_prefix('-').unwrap_or(rest).strip_prefix(name)
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match flag(argument) {
            Some("") => return rest.next().map(String::as_str),
            Some(value) if value.starts_with('=') => return value.strip_prefix('='),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_older_releases_are_found_among_others() {
        let given = [
            "-alsologtostderr",
            "-v=4",
            "2>&1",
            "-tlsCertFile=a",
            "--tlsKeyFile",
            "b",
        ];
        let given = given.map(str::to_owned);
        assert_eq!(legacy(&given, "tlsCertFile"), Some("a"));
        assert_eq!(legacy(&given, "tlsKeyFile"), Some("b"));
        assert_eq!(legacy(&given, "other"), None);
    }
}
