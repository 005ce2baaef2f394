//! The request to the scanner of images.

use serde_json::{Value, json};

use crate::credentials::Credential;

/// One container's image to scan.
#[derive(Clone, Debug)]
pub struct ImageScan {
    /// The workload.
    pub wlid: String,
    /// The container's name.
    pub container: String,
    /// The image as the pod names it.
    pub image_tag: String,
    /// The image as it runs; see [`image_hash`].
    pub image_hash: String,
    /// The instance's name.
    pub instance_id: String,
    /// The job that led to this; may be empty.
    pub parent: String,
    /// The action's job.
    pub job: String,
    /// This request's own, new job.
    pub own_job: String,
    /// The action's number.
    pub action_number: i64,
    /// Now, RFC 3339.
    pub timestamp: String,
}

impl ImageScan {
    /// The body, with credentials: never log it.
    pub fn body(&self, credentials: &[Credential]) -> Value {
        let jobs: Vec<&str> = [&self.parent, &self.job, &self.own_job]
            .into_iter()
            .filter(|job| !job.is_empty())
            .map(String::as_str)
            .collect();
        let mut body = json!({
            "credentialsList": credentials.iter().map(Credential::to_value).collect::<Vec<_>>(),
            "session": {
                "jobIDs": jobs,
                "timestamp": self.timestamp,
                "rootJobID": jobs.first().copied().unwrap_or_default(),
                "action": "scan",
            },
            "imageTag": self.image_tag,
            "jobID": self.own_job,
            "parentJobID": self.job,
            "wlid": self.wlid,
            "isScanned": false,
            "containerName": self.container,
            "actionIDN": self.action_number,
            "imageHash": self.image_hash,
            "instanceID": self.instance_id,
        });
        if let (Some(object), Some(first)) = (body.as_object_mut(), credentials.first()) {
            object.insert("credentials".to_owned(), first.to_value());
        }
        body
    }
}

/// The image as it runs, from a status's `imageID`: without `docker-pullable://`, and a
/// bare digest with the image's name before it.
pub fn image_hash(image_tag: &str, image_id: &str) -> String {
    let id = image_id
        .strip_prefix("docker-pullable://")
        .unwrap_or(image_id);
    if id.starts_with("sha256") {
        format!("{image_tag}@{id}")
    } else {
        id.to_owned()
    }
}
