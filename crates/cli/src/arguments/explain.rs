//! `explain`: its arguments.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args)]
#[command(after_help = "\
Examples:
  kubescape explain C-0016                      what a control wants, and how to satisfy it
  kubescape explain deployment/cart -n shop     why its result is there, stale, partial or missing
  kubescape explain deploy cart -n shop -o json
  kubescape explain apps/v1/Deployment/cart     with the version of its API
  kubescape explain pod/cart-1 --server http://localhost:8080

An object is asked for at --server, else at the scanner in the cluster, through its API server. When
that does not answer, the object and its stored result are compared.")]
pub(crate) struct ExplainArguments {
    /// ID or name of a control, or an object: KIND/NAME, KIND NAME, GROUP/VERSION/KIND/NAME.
    #[arg(required = true, num_args = 1.., value_name = "CONTROL|KIND/NAME")]
    pub(crate) what: Vec<String>,
    /// The object's namespace [default: that of the kubeconfig's context, else default].
    #[arg(long, short)]
    pub(crate) namespace: Option<String>,
    /// The scanner to ask, as in `http://localhost:8080`; with `KS_API_TOKEN` set, with that token.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The kubeconfig [default: KUBECONFIG, ~/.kube/config, or the pod's own account].
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context in it [default: its current one].
    #[arg(long, value_name = "NAME")]
    pub(crate) kube_context: Option<String>,
    /// The platform's namespace.
    #[arg(long, value_name = "NAME", default_value = "kubescape")]
    pub(crate) kubescape_namespace: String,
    /// Text for people, or JSON.
    #[arg(long, short, value_enum, default_value = "text")]
    pub(crate) output: Answers,
}

/// How answers are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answers {
    /// Text for people.
    Text,
    /// JSON.
    Json,
}
