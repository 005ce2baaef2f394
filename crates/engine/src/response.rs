//! A finding as upstream's rule language answers it; the form that rule cases
//! are written in. (config-scanning reference §3 and §12.)

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::finding::{About, Finding, Places};
use crate::{Rule, Value};

/// Path and value of a repair.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FixPath {
    /// Where.
    pub path: String,
    /// What to put there.
    pub value: String,
}

/// One response of a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Response {
    /// A sentence for people.
    pub alert_message: String,
    /// See [`Places::failed`].
    pub failed_paths: Option<Vec<String>>,
    /// See [`Places::review`].
    pub review_paths: Option<Vec<String>>,
    /// See [`Places::delete`].
    pub delete_paths: Option<Vec<String>>,
    /// See [`Places::fix`].
    pub fix_paths: Option<Vec<FixPath>>,
    /// See [`Places::fix_command`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix_command: String,
    /// Always empty in upstream's library.
    pub rule_status: String,
    /// Package of the rule.
    #[serde(rename = "packagename")]
    pub package_name: String,
    /// Weight that the rule's author gave.
    pub alert_score: f64,
    /// What is at fault.
    pub alert_object: AlertObject,
    /// Other objects that explain the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_objects: Option<Vec<RelatedObject>>,
}

/// What a response is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertObject {
    /// Kubernetes objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k8s_api_objects: Option<Vec<Json>>,
    /// One object from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_objects: Option<Json>,
}

/// A related object with places inside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RelatedObject {
    /// The object, whole.
    pub object: Json,
    /// See [`Places::failed`].
    pub failed_paths: Option<Vec<String>>,
    /// See [`Places::review`].
    pub review_paths: Option<Vec<String>>,
    /// See [`Places::delete`].
    pub delete_paths: Option<Vec<String>>,
    /// See [`Places::fix`].
    pub fix_paths: Option<Vec<FixPath>>,
    /// See [`Places::fix_command`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix_command: String,
}

fn json(value: Value<'_>) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

fn owned(paths: Option<&Vec<&str>>) -> Option<Vec<String>> {
    paths.map(|paths| paths.iter().map(|path| (*path).to_owned()).collect())
}

fn owned_fixes(fixes: Option<&Vec<(&str, &str)>>) -> Option<Vec<FixPath>> {
    let convert = |(path, value): &(&str, &str)| FixPath {
        path: (*path).to_owned(),
        value: (*value).to_owned(),
    };
    fixes.map(|fixes| fixes.iter().map(convert).collect())
}

impl RelatedObject {
    fn new(object: Value<'_>, places: &Places<'_>) -> Self {
        Self {
            object: json(object),
            failed_paths: owned(places.failed.as_ref()),
            review_paths: owned(places.review.as_ref()),
            delete_paths: owned(places.delete.as_ref()),
            fix_paths: owned_fixes(places.fix.as_ref()),
            fix_command: places.fix_command.to_owned(),
        }
    }
}

impl Response {
    /// The finding of a rule on the wire.
    pub fn new(rule: &Rule, finding: &Finding<'_>) -> Self {
        let mut alert_object = AlertObject::default();
        for about in &finding.about {
            match about {
                About::Object(object) if crate::is_external_group(object.group) => {
                    alert_object.external_objects = Some(json(object.value));
                }
                About::Object(object) => {
                    alert_object
                        .k8s_api_objects
                        .get_or_insert_default()
                        .push(json(object.value));
                }
                About::External(value) => alert_object.external_objects = Some(json(*value)),
                About::Vector(vector) => alert_object.external_objects = Some(json(vector.value)),
            }
        }
        let places = &finding.places;
        let related: Vec<_> = finding
            .related
            .iter()
            .map(|related| RelatedObject::new(related.object.value, &related.places))
            .collect();
        Self {
            alert_message: finding.message.to_owned(),
            failed_paths: owned(places.failed.as_ref()),
            review_paths: owned(places.review.as_ref()),
            delete_paths: owned(places.delete.as_ref()),
            fix_paths: owned_fixes(places.fix.as_ref()),
            fix_command: places.fix_command.to_owned(),
            rule_status: String::new(),
            package_name: rule.package.to_owned(),
            alert_score: finding.score.unwrap_or(rule.alert_score),
            alert_object,
            related_objects: (!related.is_empty()).then_some(related),
        }
    }
}
