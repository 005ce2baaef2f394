//! Results as a scan of a cluster has them: some 20 kB and 6 kB for each object.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kubescape_sink::{ResultObject, ResultResource};

const CONTROLS: usize = 46;
const NAMESPACES: usize = 50;

/// Both results of the object of that number.
pub(super) fn results(number: usize) -> [ResultObject; 2] {
    [
        result(number, ResultResource::Configuration, &full(number)),
        result(number, ResultResource::Summary, &short(number)),
    ]
}

fn result(number: usize, resource: ResultResource, spec: &str) -> ResultObject {
    let namespace = format!("team-{}", number % NAMESPACES);
    let name = format!("workload-{number}");
    let label = |key: &str, value: &str| (format!("kubescape.io/workload-{key}"), value.to_owned());
    let wlid = format!("wlid://cluster-bench/namespace-{namespace}/deployment-{name}");
    ResultObject {
        resource,
        name: format!("deployment-{name}").into(),
        labels: BTreeMap::from([
            label("api-group", "apps"),
            label("api-version", "v1"),
            label("kind", "Deployment"),
            label("name", &name),
            label("namespace", &namespace),
        ]),
        annotations: BTreeMap::from([("kubescape.io/wlid".to_owned(), wlid)]),
        digest: format!("{number:032x}").into(),
        namespace: namespace.into(),
        spec: spec.into(),
    }
}

fn status(number: usize, control: usize) -> &'static str {
    if (number + control).is_multiple_of(3) {
        "failed"
    } else {
        "passed"
    }
}

fn full(number: usize) -> String {
    let mut text = String::with_capacity(24 << 10);
    text.push_str("{\"controls\":{");
    for control in 0..CONTROLS {
        let comma = if control == 0 { "" } else { "," };
        let status = status(number, control);
        let id = format!("C-{control:04}");
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{comma}\"{id}\":{{\"controlID\":\"{id}\",\"name\":\"Control number {control} of the \
             library\",\"severity\":{{\"severity\":\"High\",\"scoreFactor\":7}},\"status\":{{\
             \"status\":\"{status}\",\"subStatus\":\"\",\"info\":\"\"}},\"rules\":[{{\"name\":\
             \"rule-of-control-{control}\",\"status\":{{\"status\":\"{status}\",\"subStatus\":\"\"\
             }},\"controlConfigurations\":null,\"paths\":[{{\"failedPath\":\"spec.template.spec.\
             containers[{number}].securityContext\",\"fixPath\":\"spec.template.spec.containers[0]\
             .securityContext.allowPrivilegeEscalation\",\"fixPathValue\":\"false\",\"fixCommand\"\
             :\"\"}}],\"appliedIgnoreRules\":null,\"relatedResourcesIDs\":null}}]}}"
        );
    }
    text.push_str("},\"relatedObjects\":null}");
    text
}

fn short(number: usize) -> String {
    let mut text = String::with_capacity(8 << 10);
    text.push_str(
        "{\"severities\":{\"critical\":0,\"high\":15,\"medium\":0,\"low\":0,\"unknown\":0},\
         \"controls\":{",
    );
    for control in 0..CONTROLS {
        let comma = if control == 0 { "" } else { "," };
        let status = status(number, control);
        let id = format!("C-{control:04}");
        let _ = write!(
            text,
            "{comma}\"{id}\":{{\"controlID\":\"{id}\",\"severity\":{{\"severity\":\"High\",\
             \"scoreFactor\":7}},\"status\":{{\"status\":\"{status}\",\"subStatus\":\"\",\"info\":\
             \"\"}}}}"
        );
    }
    text.push_str("}}");
    text
}
