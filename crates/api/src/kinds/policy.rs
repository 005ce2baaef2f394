//! Network policies generated from observed traffic.

use crate::meta::{ENVELOPE, LABEL_SELECTOR, OBJECT_META};
use crate::rules;
use crate::schema::Schema::{Int32, IntOrString, List, Object as Obj, String as Text};
use crate::schema::{Object, always, omitted, optional};

/// `GeneratedNetworkPolicy`.
pub static GENERATED_NETWORK_POLICY: Object = Object::new(
    "GeneratedNetworkPolicy",
    "A network policy that allows exactly what a workload was seen to do. Computed when read; take .spec and apply it. The annotation kubescape.io/warning says when the observation is not complete.",
    &[
        always("spec", Obj(&NETWORK_POLICY), "The policy, ready to apply."),
        always(
            "policyRef",
            List(&Obj(&POLICY_REF)),
            "Where address blocks in the policy come from: DNS names and known servers.",
        ),
    ],
)
.with(&[&ENVELOPE]);

static POLICY_REF: Object = Object::new(
    "PolicyRef",
    "Where one address block of a policy comes from.",
    &[
        always("ipBlock", Text, "The block as it stands in the policy."),
        always("originalIP", Text, "The address that was observed."),
        always(
            "dns",
            Text,
            "The DNS name that it was found by; empty when none was seen.",
        ),
        always(
            "name",
            Text,
            "The name of the known server; empty when it is not known.",
        ),
        always(
            "server",
            Text,
            "The host of the known server; empty when it is not known.",
        ),
    ],
);

static NETWORK_POLICY: Object = Object::new(
    "NetworkPolicy",
    "A NetworkPolicy of networking.k8s.io/v1.",
    &[
        omitted("kind", Text, "NetworkPolicy."),
        omitted("apiVersion", Text, "networking.k8s.io/v1."),
        always(
            "metadata",
            Obj(&OBJECT_META),
            "The policy's name, namespace and labels.",
        ),
        always("spec", Obj(&NETWORK_POLICY_SPEC), "What is allowed."),
    ],
);

static NETWORK_POLICY_SPEC: Object = Object::new(
    "NetworkPolicySpec",
    "What the chosen pods may do; traffic in a direction of policyTypes that no rule allows is denied.",
    &[
        always(
            "podSelector",
            Obj(&LABEL_SELECTOR),
            "The pods that the policy is for.",
        ),
        optional("ingress", List(&Obj(&INGRESS_RULE)), "What may come in."),
        optional("egress", List(&Obj(&EGRESS_RULE)), "What may go out."),
        optional(
            "policyTypes",
            List(&Text),
            "The directions that the policy restricts: Ingress, Egress.",
        ),
    ],
);

static INGRESS_RULE: Object = Object::new(
    "NetworkPolicyIngressRule",
    "Traffic that may come in.",
    &[
        omitted("ports", List(&Obj(&PORT)), "To which ports; empty for all."),
        omitted("from", List(&Obj(&PEER)), "From whom; empty for all."),
    ],
);

static EGRESS_RULE: Object = Object::new(
    "NetworkPolicyEgressRule",
    "Traffic that may go out.",
    &[
        omitted("ports", List(&Obj(&PORT)), "To which ports; empty for all."),
        omitted("to", List(&Obj(&PEER)), "To whom; empty for all."),
    ],
);

static PORT: Object = Object::new(
    "NetworkPolicyPort",
    "A port that may be used.",
    &[
        optional("protocol", Text, "TCP, UDP or SCTP; TCP when absent."),
        optional(
            "port",
            IntOrString,
            "The port's number, or the name of a port of the pods; all when absent. Generated policies have numbers.",
        ),
        optional(
            "endPort",
            Int32,
            "The last port of a range that begins at port. Never in generated policies.",
        )
        .range(1, 65535),
    ],
);

static PEER: Object = Object::new(
    "NetworkPolicyPeer",
    "Whom traffic may come from or go to.",
    &[
        optional(
            "podSelector",
            Obj(&LABEL_SELECTOR),
            "Selects pods; in the policy's namespace when there is no namespaceSelector.",
        ),
        optional(
            "namespaceSelector",
            Obj(&LABEL_SELECTOR),
            "Selects namespaces; all of their pods when there is no podSelector.",
        ),
        optional(
            "ipBlock",
            Obj(&IP_BLOCK),
            "Selects addresses; never together with selectors.",
        ),
    ],
);

static IP_BLOCK: Object = Object::new(
    "IPBlock",
    "A block of addresses.",
    &[
        always("cidr", Text, "The block, such as 203.0.113.0/24.")
            .required()
            .checked(rules::cidr),
        omitted(
            "except",
            List(&Text),
            "Blocks within it that are not meant.",
        ),
    ],
);
