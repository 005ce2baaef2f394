//! Settings of EKS clusters.

use kubescape_engine::{Object, Out, Value};

use super::{AWS, cluster, either};

const CLOSE_ENDPOINT: &str = "aws eks update-cluster-config --region $AWS_REGION --name $CLUSTER_NAME --resources-vpc-config endpointPrivateAccess=true,endpointPublicAccess=false";

const NARROW_ENDPOINT: &str = "aws eks update-cluster-config --region $AWS_REGION --name $CLUSTER_NAME --resources-vpc-config endpointPrivateAccess=true,endpointPublicAccess=true,publicAccessCidrs=\"203.0.113.5/32\"";

/// The answer of `DescribeCluster` in a description from EKS.
pub(super) fn described_cluster<'a>(object: &Object<'a>) -> Option<Value<'a>> {
    cluster(object, AWS).map(|data| either(data, "Cluster", "cluster"))
}

/// How the API server is reached over the network.
struct Endpoint<'a> {
    private: bool,
    public: bool,
    public_ranges: Value<'a>,
}

/// The endpoint of a description from EKS that says something about it.
fn endpoint<'a>(object: &Object<'a>) -> Option<Endpoint<'a>> {
    let network = either(
        described_cluster(object)?,
        "ResourcesVpcConfig",
        "resourcesVpcConfig",
    );
    network.is_object().then(|| Endpoint {
        private: either(network, "EndpointPrivateAccess", "endpointPrivateAccess").is_true(),
        public: either(network, "EndpointPublicAccess", "endpointPublicAccess").is_true(),
        public_ranges: either(network, "PublicAccessCidrs", "publicAccessCidrs"),
    })
}

/// The API server cannot be reached from inside the VPC alone.
pub(crate) fn no_private_endpoint<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if endpoint(object).is_some_and(|endpoint| !endpoint.private) {
        out.fail(object)
            .fix_command(CLOSE_ENDPOINT)
            .message("The private endpoint of the API server is off");
    }
}

/// The API server can be reached from outside the VPC, or only from there.
pub(crate) fn not_only_private_endpoint<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if endpoint(object).is_some_and(|endpoint| !endpoint.private || endpoint.public) {
        out.fail(object)
            .fix_command(CLOSE_ENDPOINT)
            .message("The private endpoint of the API server is off or its public endpoint is on");
    }
}

/// The API server can be reached from the whole internet.
pub(crate) fn endpoint_open_to_all<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(endpoint) = endpoint(object) else {
        return;
    };
    let open = endpoint
        .public_ranges
        .strs()
        .any(|range| matches!(range, "0.0.0.0/0" | "::/0"));
    if endpoint.public && open {
        out.fail(object)
            .fix_command(NARROW_ENDPOINT)
            .message("The public endpoint of the API server is open to every address");
    }
}

/// Access is granted through the `aws-auth` `ConfigMap` only.
pub(crate) fn no_access_entries<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(cluster) = described_cluster(object) else {
        return;
    };
    let access = either(cluster, "AccessConfig", "accessConfig");
    if either(access, "AuthenticationMode", "authenticationMode").is("CONFIG_MAP") {
        out.fail(object).message(
            "Access is granted through a ConfigMap only, not through the access entries API",
        );
    }
}
