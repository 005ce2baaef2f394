//! `trigger`: its arguments.

use clap::Args;

#[derive(Args)]
#[command(after_help = "\
Flags, with one dash or two, and their value after = or a blank:
  -method NAME           get, head, post, put, patch or delete
  -scheme NAME           http or https [default: http]
  -host HOST[:PORT]      where
  -path PATH             what, with its query
  -headers K:V;K2:V2     more headers
  -path-body FILE        the body
  -path-output FILE      where the answer's body goes
  -skip-ssl-verify       take any certificate

Example:
  kubescape trigger -method=post -host=operator:4002 -path=v1/triggerAction -path-body=body.json

Exit codes: 0 the answer is 2xx, 1 anything else.")]
pub(crate) struct TriggerArguments {
    /// Flags, see below.
    #[arg(
        value_name = "FLAGS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) flags: Vec<String>,
}
