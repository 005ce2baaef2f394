//! The objects themselves.

use fastrand::Rng;
use serde_json::{Value, json};

const NAMESPACES: usize = 50;
const APPS: [&str; 12] = [
    "cart",
    "checkout",
    "catalog",
    "payments",
    "search",
    "orders",
    "mailer",
    "gateway",
    "inventory",
    "reports",
    "session",
    "pricing",
];

/// `count` objects; shares per hundred follow what middling clusters hold.
pub fn generate(count: usize, seed: u64) -> Vec<Value> {
    let mut rng = Rng::with_seed(seed);
    (0..count).map(|number| object(number, &mut rng)).collect()
}

fn object(number: usize, rng: &mut Rng) -> Value {
    let place = Place {
        namespace: format!("team-{:02}", number % NAMESPACES),
        app: format!("{}-{number}", APPS[rng.usize(..APPS.len())]),
    };
    let object = match rng.usize(..100) {
        0..39 => workload("apps/v1", "Deployment", &place, rng),
        39..54 => service(&place, rng),
        54..64 => pod(&place, rng),
        64..72 => config_map(&place, rng),
        72..79 => service_account(&place),
        79..88 => access(number, &place, rng),
        88..93 => secret(&place, rng),
        93..95 => workload("apps/v1", "StatefulSet", &place, rng),
        95..96 => workload("apps/v1", "DaemonSet", &place, rng),
        96..97 => cron_job(&place, rng),
        97..99 => network_policy(&place),
        _ => ingress(&place),
    };
    lived_in(object)
}

/// What every object of a living cluster carries beside what people wrote.
fn lived_in(mut object: Value) -> Value {
    let mut applied = object.clone();
    if object["kind"] == "Secret" {
        applied["data"] = json!({});
    }
    object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        json!(applied.to_string());
    object["metadata"]["creationTimestamp"] = json!("2026-03-14T09:26:53Z");
    object["metadata"]["resourceVersion"] = json!("2718281828");
    object["metadata"]["uid"] = json!("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    if object["spec"].get("replicas").is_some() {
        object["status"] = json!({
            "availableReplicas": 2, "observedGeneration": 7, "readyReplicas": 2, "replicas": 2,
            "conditions": [{
                "type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                "message": "Deployment has minimum availability.", "lastUpdateTime": "2026-03-14T09:27:11Z",
            }],
        });
    }
    object
}

struct Place {
    namespace: String,
    app: String,
}

impl Place {
    fn metadata(&self) -> Value {
        json!({
            "name": self.app,
            "namespace": self.namespace,
            "labels": self.labels(),
            "annotations": {
                "deploy.example.com/revision": "42",
                "deploy.example.com/commit": "9f2c1d7be0a44b5f8f1b0d3a7c6e5f4d3c2b1a09",
                "meta.helm.sh/release-name": self.app,
                "meta.helm.sh/release-namespace": self.namespace,
            },
        })
    }

    fn labels(&self) -> Value {
        json!({
            "app": self.app,
            "app.kubernetes.io/name": self.app,
            "app.kubernetes.io/managed-by": "Helm",
            "helm.sh/chart": format!("{}-1.4.2", self.app),
        })
    }
}

fn workload(api: &str, kind: &str, place: &Place, rng: &mut Rng) -> Value {
    let mut object = json!({
        "apiVersion": api,
        "kind": kind,
        "metadata": place.metadata(),
        "spec": {
            "replicas": rng.u8(1..6),
            "selector": {"matchLabels": {"app": place.app}},
            "template": {"metadata": {"labels": place.labels()}, "spec": pod_spec(place, rng)},
        },
    });
    if kind == "DaemonSet" {
        object["spec"]
            .as_object_mut()
            .map(|spec| spec.remove("replicas"));
    }
    object
}

fn pod(place: &Place, rng: &mut Rng) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": place.metadata(), "spec": pod_spec(place, rng)})
}

fn cron_job(place: &Place, rng: &mut Rng) -> Value {
    let mut spec = pod_spec(place, rng);
    spec["restartPolicy"] = json!("Never");
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": place.metadata(),
        "spec": {
            "schedule": "*/15 * * * *",
            "jobTemplate": {"spec": {"template": {"metadata": {"labels": place.labels()}, "spec": spec}}},
        },
    })
}

fn pod_spec(place: &Place, rng: &mut Rng) -> Value {
    let mut containers = vec![container(place, "app", rng)];
    if rng.u8(..10) < 4 {
        containers.push(container(place, "proxy", rng));
    }
    let mut spec = json!({
        "serviceAccountName": place.app,
        "containers": containers,
        "volumes": [
            {"name": "config", "configMap": {"name": place.app, "defaultMode": 420}},
            {"name": "tls", "secret": {"secretName": format!("{}-tls", place.app)}},
            {"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}},
        ],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 100,
            "podAffinityTerm": {
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": {"matchLabels": {"app": place.app}},
            },
        }]}},
        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "apps", "effect": "NoSchedule"}],
    });
    match rng.u8(..20) {
        0 => spec["hostNetwork"] = json!(true),
        1 => spec["hostPID"] = json!(true),
        2 => {
            let volume = json!({"name": "host", "hostPath": {"path": "/var/run/docker.sock"}});
            if let Some(volumes) = spec["volumes"].as_array_mut() {
                volumes.push(volume);
            }
        }
        3..8 => {
            spec["securityContext"] =
                json!({"runAsNonRoot": true, "runAsUser": 1000, "fsGroup": 1000});
        }
        _ => {}
    }
    spec
}

fn container(place: &Place, name: &str, rng: &mut Rng) -> Value {
    let image = match rng.u8(..4) {
        0 => format!("registry.example.com/{}:latest", place.app),
        1 => format!("docker.io/library/{}", place.app),
        _ => format!(
            "registry.example.com/shop/{}:1.{}.{}",
            place.app,
            rng.u8(..20),
            rng.u8(..50)
        ),
    };
    let mut container = json!({
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/app"],
        "args": ["--config=/etc/app/config.yaml", "--listen=:8080", "--log-level=info", "--workers=4"],
        "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "DATABASE_URL", "value": format!("postgres://db.{}.svc:5432/app", place.namespace)},
            {"name": "CACHE_URL", "value": "redis://cache:6379/0"},
        ],
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/app", "readOnly": true},
            {"name": "tls", "mountPath": "/etc/tls", "readOnly": true},
            {"name": "cache", "mountPath": "/var/cache/app"},
        ],
    });
    if rng.u8(..10) < 6 {
        container["resources"] = json!({
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi"},
        });
    }
    if rng.u8(..10) < 5 {
        let probe = json!({"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2});
        container["livenessProbe"] = probe.clone();
        container["readinessProbe"] = probe;
    }
    match rng.u8(..10) {
        0 => container["securityContext"] = json!({"privileged": true}),
        1 => {
            container["securityContext"] =
                json!({"capabilities": {"add": ["NET_ADMIN", "SYS_ADMIN"]}});
        }
        2..5 => {
            container["securityContext"] = json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "runAsNonRoot": true,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            });
        }
        _ => {}
    }
    if rng.u8(..20) == 0 {
        let secret =
            json!({"name": "API_TOKEN", "value": "token-0123456789abcdef0123456789abcdef"});
        if let Some(env) = container["env"].as_array_mut() {
            env.push(secret);
        }
    }
    container
}

fn service(place: &Place, rng: &mut Rng) -> Value {
    let kind = [
        "ClusterIP",
        "ClusterIP",
        "ClusterIP",
        "NodePort",
        "LoadBalancer",
    ][rng.usize(..5)];
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": place.metadata(),
        "spec": {
            "type": kind,
            "selector": {"app": place.app},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    })
}

fn config_map(place: &Place, rng: &mut Rng) -> Value {
    let line = |number: u32| format!("setting-{number:03}: value-{:016x}\n", rng.clone().u64(..));
    let text: String = (0..60).map(line).collect();
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": place.metadata(),
        "data": {"config.yaml": text, "mode": "production", "endpoint": "https://api.example.com/v1"},
    })
}

fn secret(place: &Place, rng: &mut Rng) -> Value {
    let blob: String = (0..2048).map(|_| rng.alphanumeric()).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": place.metadata(),
        "data": {"tls.crt": blob, "tls.key": "UExBQ0VIT0xERVI="},
    })
}

fn service_account(place: &Place) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": place.metadata()})
}

/// A Role and its RoleBinding take turns, so that bindings find their roles.
fn access(number: usize, place: &Place, rng: &mut Rng) -> Value {
    const RULES: [[&str; 3]; 6] = [
        ["*", "*", "*"],
        ["", "secrets", "get"],
        ["", "pods/exec", "create"],
        ["apps", "deployments", "patch"],
        ["", "configmaps", "update"],
        ["", "pods", "list"],
    ];
    let mut metadata = place.metadata();
    let role = number % 8 / 2;
    metadata["name"] = json!(format!("role-{role}"));
    if rng.bool() {
        let [group, resource, verb] = RULES[rng.usize(..RULES.len())];
        return json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [
                {"apiGroups": [group], "resources": [resource], "verbs": [verb]},
                {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
            ],
        });
    }
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": format!("role-{role}")},
        "subjects": [
            {"kind": "ServiceAccount", "name": place.app, "namespace": place.namespace},
            {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"},
        ],
    })
}

fn network_policy(place: &Place) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": place.metadata(),
        "spec": {
            "podSelector": {"matchLabels": {"app": place.app}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": {}}]}],
            "egress": [{"to": [{"namespaceSelector": {}}]}],
        },
    })
}

fn ingress(place: &Place) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": place.metadata(),
        "spec": {"rules": [{
            "host": format!("{}.example.com", place.app),
            "http": {"paths": [{
                "path": "/",
                "pathType": "Prefix",
                "backend": {"service": {"name": place.app, "port": {"name": "http"}}},
            }]},
        }]},
    })
}
