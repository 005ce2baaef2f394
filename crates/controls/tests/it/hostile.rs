//! Objects that nobody would write: no check may panic on them.

use std::path::Path;

use kubescape_controls::{LIBRARY, default_inputs};
use kubescape_engine::{Arena, Corpus, Value, from_json_str, judge};
use kubescape_rulecases::{find, inputs, objects};

/// An object with most fields that checks read; `KIND` and `API` are replaced.
const FULL: &str = r#"{
  "apiVersion": "API", "kind": "KIND",
  "metadata": {"name": "kube-apiserver-a", "namespace": "kube-system", "labels": {"app": "x"},
    "annotations": {"a": "b"}, "ownerReferences": [{"kind": "Node", "name": "n"}]},
  "data": {"allow-snippet-annotations": "true", "password": "c2VjcmV0", "KubeletInfo": {}, "cmdLine": "--x=y"},
  "roleRef": {"kind": "ClusterRole", "name": "kube-apiserver-a", "apiGroup": "rbac.authorization.k8s.io"},
  "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "kube-system"}],
  "rules": [{"verbs": ["*"], "resources": ["*"], "apiGroups": ["*"], "resourceNames": ["x"]}],
  "automountServiceAccountToken": true, "provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true"},
  "webhooks": [{"namespaceSelector": {}, "rules": [{"resources": ["pods"], "operations": ["*"]}]}],
  "spec": {
    "type": "LoadBalancer", "selector": {"app": "x", "matchLabels": {"app": "x"}}, "replicas": 2,
    "ports": [{"port": 22, "targetPort": 22}], "podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
    "policyTypes": ["Ingress"], "ingress": [{"from": [{}]}], "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
    "rules": [{"http": {"paths": [{"backend": {"service": {"name": "x"}}}]}, "backendRefs": [{"name": "x"}]}], "tls": [],
    "hostNetwork": true, "hostPID": true, "hostIPC": true, "serviceAccountName": "default", "privileged": true,
    "volumes": [{"name": "v", "hostPath": {"path": "/var/run/docker.sock"}, "secret": {"secretName": "s"}, "configMap": {"name": "c"}}],
    "securityContext": {"runAsUser": 0, "sysctls": [{"name": "a", "value": "1"}], "windowsOptions": {"hostProcess": true}},
    "containers": [{"name": "kube-apiserver", "image": "k8s.gcr.io/x:1@sha256:0", "command": ["kube-apiserver", "--a=b"],
      "args": ["--c"], "env": [{"name": "PASSWORD", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
      "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
      "ports": [{"hostPort": 1}], "volumeMounts": [{"name": "v", "subPath": "x"}],
      "securityContext": {"capabilities": {"add": ["ALL"], "drop": ["ALL"]}, "privileged": true}}],
    "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}},
    "jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "x"}]}}}}},
  "status": {"nodeInfo": {"kubeletVersion": "v1.30.0", "kernelVersion": "5.4", "osImage": "x", "containerRuntimeVersion": "containerd://1"}}
}"#;

const KINDS: [(&str, &str); 16] = [
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "CronJob"),
    ("v1", "Service"),
    ("v1", "Node"),
    ("v1", "Namespace"),
    ("v1", "ConfigMap"),
    ("v1", "ServiceAccount"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("networking.k8s.io/v1", "Ingress"),
    ("hostdata.kubescape.cloud/v1beta0", "KubeletInfo"),
    ("hostdata.kubescape.cloud/v1beta0", "ControlPlaneInfo"),
    ("management.azure.com/v1", "ClusterDescribe"),
    ("extensions.agents.x-k8s.io/v1alpha1", "SandboxTemplate"),
];

/// Every path to a value inside.
fn places(value: Value<'_>, path: &[usize], all: &mut Vec<Vec<usize>>) {
    let children: Vec<Value<'_>> = match value {
        Value::Array(items) => items.to_vec(),
        Value::Object(map) => map.entries().iter().map(|(_, value)| *value).collect(),
        _ => Vec::new(),
    };
    for (number, child) in children.into_iter().enumerate() {
        let path = [path, &[number]].concat();
        places(child, &path, all);
        all.push(path);
    }
}

/// The value with another one at a place.
fn replaced<'a>(value: Value<'a>, path: &[usize], by: Value<'a>, arena: &'a Arena) -> Value<'a> {
    let Some((first, rest)) = path.split_first() else {
        return by;
    };
    match value {
        Value::Array(items) => {
            let mut items = items.to_vec();
            items[*first] = replaced(items[*first], rest, by, arena);
            arena.array(&items)
        }
        Value::Object(map) => {
            let mut entries = map.entries().to_vec();
            entries[*first].1 = replaced(entries[*first].1, rest, by, arena);
            arena.object(&entries)
        }
        other => other,
    }
}

/// What nobody expects in a field; one is a string of `long` bytes.
fn odd_values(long: usize, arena: &Arena) -> [Value<'_>; 10] {
    let long = arena.str(&"x".repeat(long));
    [
        Value::Null,
        Value::Int(-1),
        Value::Float(1e300),
        Value::Bool(false),
        Value::Str(""),
        Value::Str("\u{1F980}é\0"),
        Value::Str(long),
        arena.array(&[]),
        arena.array(&[Value::Null, Value::Str("x")]),
        arena.object(&[]),
    ]
}

/// For each field of `full` the objects that have something odd there.
fn each_field<'a>(
    full: Value<'a>,
    long: usize,
    arena: &'a Arena,
    mut visit: impl FnMut(Vec<Value<'a>>),
) {
    let mut paths = Vec::new();
    places(full, &[], &mut paths);
    let odd = odd_values(long, arena);
    for path in &paths {
        let with = |odd: &Value<'a>| replaced(full, path, *odd, arena);
        visit(odd.iter().map(with).collect());
    }
}

// In both tests: that the rules come back is what is tested.

#[test]
fn no_rule_panics_when_any_field_is_of_any_type() {
    let inputs = default_inputs();
    for (api, kind) in KINDS {
        let text = FULL.replace("API", api).replace("KIND", kind);
        let arena = Arena::new();
        let full = from_json_str(&text, &arena).unwrap();
        each_field(full, 100_000, &arena, |ugly| {
            let corpus = Corpus::of_values(&ugly, &arena);
            let (group, _) = api.split_once('/').unwrap_or_default();
            for rule in LIBRARY.rules.iter().filter(|rule| rule.reads(group, kind)) {
                let _ = judge(rule, &corpus, &inputs);
            }
        });
    }
}

/// The same with objects that the rule finds something in, or nearly so, and
/// with those that it joins them with.
#[test]
fn no_rule_panics_on_its_own_cases_when_any_field_is_of_any_type() {
    for case in find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")).unwrap() {
        let rule = LIBRARY.rule(&case.rule).unwrap();
        let inputs = inputs(&case.folder, &default_inputs()).unwrap();
        let arena = Arena::new();
        let whole = objects(&case.folder, &arena).unwrap();
        for (number, full) in whole.iter().enumerate() {
            each_field(*full, 5_000, &arena, |ugly| {
                let mut objects = whole.clone();
                objects.splice(number..=number, ugly);
                let _ = judge(rule, &Corpus::of_values(&objects, &arena), &inputs);
            });
        }
    }
}
