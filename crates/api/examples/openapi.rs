//! Prints the OpenAPI documents: `cargo run -p kubescape-api --example openapi -- v2|v3`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let document = match std::env::args().nth(1).as_deref() {
        Some("v2") => kubescape_api::openapi::v2(),
        _ => kubescape_api::openapi::v3(),
    };
    writeln!(std::io::stdout(), "{document}")
}
