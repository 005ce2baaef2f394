//! What the stories are about.

pub(crate) const PRIVILEGED: &str = "C-0057";
pub(crate) const EXPOSED: &str = "C-0256";

pub(crate) fn deployment(privileged: bool) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: cart, namespace: shop, labels: {{app: cart}}}}
spec:
  selector: {{matchLabels: {{app: cart}}}}
  template:
    metadata: {{labels: {{app: cart}}}}
    spec:
      containers:
        - {{name: main, image: registry.example.com/cart:1, securityContext: {{privileged: {privileged}}}}}
"
    )
}

pub(crate) const SERVICE: &str = "apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {type: LoadBalancer, selector: {app: cart}, ports: [{port: 80}]}
";
