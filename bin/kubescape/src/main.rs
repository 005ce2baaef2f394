//! The one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubescape_cli::main()
}
