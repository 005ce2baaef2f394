//! Image registries of clouds.

use kubescape_engine::{Object, Out, Value};

use super::{AWS, GOOGLE, described, either};

/// A registry of the cloud does not scan the images that are pushed to it.
/// One finding for all repositories of a description.
pub(crate) fn no_scan_on_push<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind != "DescribeRepositories" {
        return;
    }
    if let Some(data) = described(object, AWS, "DescribeRepositories") {
        let repositories = either(data, "Repositories", "repositories").items();
        if !repositories.iter().all(|repository| ecr_scans(*repository)) {
            out.fail(object)
                .fix_command("aws ecr put-image-scanning-configuration --repository-name $REPO_NAME --image-scanning-configuration scanOnPush=true --region $REGION_CODE")
                .message("A repository does not scan images on push");
        }
    } else if let Some(data) = described(object, GOOGLE, "DescribeRepositories") {
        let registries = data.at("registries").items();
        if !registries.iter().all(|registry| google_scans(*registry)) {
            out.fail(object)
                .fix_command("gcloud artifacts repositories update $REPO_NAME --location=$LOCATION --allow-vulnerability-scanning")
                .message("A repository of the Artifact Registry does not scan images");
        }
    }
}

fn ecr_scans(repository: Value<'_>) -> bool {
    let scanning = either(
        repository,
        "ImageScanningConfiguration",
        "imageScanningConfiguration",
    );
    either(scanning, "ScanOnPush", "scanOnPush").is_true()
}

fn google_scans(registry: Value<'_>) -> bool {
    let config = registry.at("vulnerabilityScanningConfig");
    config.at("enableVulnerabilityScanning").is_true()
        || config.at("enablementState").is("SCANNING_ACTIVE")
}
