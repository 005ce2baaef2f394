//! `dashboards`: what monitoring needs, generated from the table of metrics.

use std::error::Error;
use std::fs;
use std::path::Path;

use kubescape_scanner::monitoring::{alerts, dashboard};

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/monitoring");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("grafana-dashboard.json"), dashboard())?;
    fs::write(folder.join("alerts.yaml"), alerts())?;
    Ok(())
}
