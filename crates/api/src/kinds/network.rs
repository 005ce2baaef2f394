//! Observed network traffic, and the servers that users know.

use crate::meta::{ENVELOPE, LABEL_SELECTOR};
use crate::rules;
use crate::schema::Schema::{Int32, List, Object as Obj, String as Text};
use crate::schema::{Merge, Object, always, nullable, omitted};

/// `NetworkNeighbors`.
pub static NETWORK_NEIGHBORS: Object = Object::new(
    "NetworkNeighbors",
    "Whom the pods of one workload were seen to talk with. A network policy is generated from it under the same name.",
    &[always(
        "spec",
        Obj(&NEIGHBORS_SPEC),
        "The workload's selector and its neighbors.",
    )],
)
.with(&[&ENVELOPE]);

static NEIGHBORS_SPEC: Object = Object::new(
    "NetworkNeighborsSpec",
    "A workload's selector and its neighbors.",
    &[
        always(
            "ingress",
            List(&Obj(&NEIGHBOR)),
            "Who connected to the workload.",
        )
        .merge(Merge::Key("identifier")),
        always(
            "egress",
            List(&Obj(&NEIGHBOR)),
            "Whom the workload connected to.",
        )
        .merge(Merge::Key("identifier")),
    ],
)
.with(&[&LABEL_SELECTOR])
.checked(rules::port_names);

/// One peer of observed traffic.
pub(crate) static NEIGHBOR: Object = Object::new(
    "NetworkNeighbor",
    "One peer: pods chosen by selectors, or an address, with the ports that were used.",
    &[
        always(
            "identifier",
            Text,
            "Tells peers apart: the SHA-256, in hex, of type, address, DNS name and selectors.",
        ),
        always(
            "type",
            Text,
            "internal for peers in the cluster, external for others.",
        )
        .one_of(&["internal", "external"]),
        always(
            "dns",
            Text,
            "The DNS name that the workload asked for to find the peer; dnsNames has all of them.",
        ),
        always(
            "dnsNames",
            List(&Text),
            "All DNS names under which the peer was seen; * may stand for the first or last label.",
        )
        .checked(rules::dns_patterns),
        always("ports", List(&Obj(&PORT)), "The ports that were used.").merge(Merge::Key("name")),
        nullable(
            "podSelector",
            Obj(&LABEL_SELECTOR),
            "Selects the peer's pods; null when the peer is an address.",
        ),
        nullable(
            "namespaceSelector",
            Obj(&LABEL_SELECTOR),
            "Selects the namespaces of the peer's pods; null for the workload's own.",
        ),
        always(
            "ipAddress",
            Text,
            "The peer's address; empty when it is chosen by selectors.",
        )
        .checked(rules::address),
        omitted(
            "ipAddresses",
            List(&Text),
            "More addresses of the peer: an address, a block such as 10.0.0.0/8, or * for any.",
        )
        .checked(rules::addresses),
    ],
);

static PORT: Object = Object::new(
    "NetworkPort",
    "A port that was used.",
    &[
        always(
            "name",
            Text,
            "The protocol and the port, such as TCP-443; ports are merged by it.",
        ),
        always("protocol", Text, "TCP, UDP or SCTP.").one_of(&["TCP", "UDP", "SCTP"]),
        nullable("port", Int32, "The port's number, from 0 to 65535.")
            .range(0, 65535)
            .required(),
    ],
);

/// `NetworkNeighborhood`.
pub static NETWORK_NEIGHBORHOOD: Object = Object::new(
    "NetworkNeighborhood",
    "Whom each container of one workload was seen to talk with. The annotations kubescape.io/status and kubescape.io/completion say how far the learning has come.",
    &[always("spec", Obj(&NEIGHBORHOOD_SPEC), "The workload's selector and its containers' neighbors.")],
)
.with(&[&ENVELOPE])
.checked(rules::learning_annotations);

static NEIGHBORHOOD_SPEC: Object = Object::new(
    "NetworkNeighborhoodSpec",
    "A workload's selector and its containers' neighbors.",
    &[
        always(
            "containers",
            List(&Obj(&NEIGHBORHOOD_CONTAINER)),
            "The containers that run all the time.",
        ),
        always(
            "initContainers",
            List(&Obj(&NEIGHBORHOOD_CONTAINER)),
            "The containers that prepare the pod.",
        ),
        always(
            "ephemeralContainers",
            List(&Obj(&NEIGHBORHOOD_CONTAINER)),
            "The containers that were added for debugging.",
        ),
    ],
)
.with(&[&LABEL_SELECTOR]);

static NEIGHBORHOOD_CONTAINER: Object = Object::new(
    "NetworkNeighborhoodContainer",
    "One container's neighbors.",
    &[
        always("name", Text, "The name of the container."),
        always("ingress", List(&Obj(&NEIGHBOR)), "Who connected to it."),
        always("egress", List(&Obj(&NEIGHBOR)), "Whom it connected to."),
    ],
);

/// `KnownServer`, whose spec is a bare list.
pub static KNOWN_SERVER: Object = Object::new(
    "KnownServer",
    "Names for address blocks outside of the cluster, such as those of a cloud service. Generated network policies allow the whole block instead of one address, and say whose it is.",
    &[always(
        "spec",
        List(&Obj(&KNOWN_SERVER_ENTRY)),
        "The blocks; in one object the first that contains an address counts.",
    )],
)
.with(&[&ENVELOPE]);

static KNOWN_SERVER_ENTRY: Object = Object::new(
    "KnownServerEntry",
    "An address block and whose it is.",
    &[
        always("ipBlock", Text, "The block, such as 203.0.113.0/24.")
            .required()
            .checked(rules::cidr),
        always(
            "server",
            Text,
            "The host behind it, such as payments.example.",
        ),
        always("name", Text, "A name for people, such as payments-api."),
    ],
);
