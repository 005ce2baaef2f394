//! Settings of AKS clusters.

use kubescape_engine::{Object, Out, Value};

use super::{AZURE, cluster};

/// The `properties` of a description from AKS.
pub(super) fn properties<'a>(object: &Object<'a>) -> Option<Value<'a>> {
    cluster(object, AZURE).map(|data| data.at("properties"))
}

fn is_private(properties: Value<'_>) -> bool {
    properties
        .dig(&["apiServerAccessProfile", "enablePrivateCluster"])
        .is_true()
}

/// Azure's role assignments do not decide who may do what in the cluster.
pub(crate) fn no_azure_rbac<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(properties) = properties(object) else {
        return;
    };
    if !properties.dig(&["aadProfile", "enableAzureRBAC"]).is_true() {
        out.fail(object)
            .fix_command("az aks update -g <resource_group> -n <cluster_name> --enable-azure-rbac")
            .message("Azure RBAC does not authorize requests to this cluster");
    }
}

/// RBAC is switched off altogether. A description that does not mention it
/// proves nothing.
pub(crate) fn no_rbac<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if properties(object).is_some_and(|properties| properties.at("enableRBAC").is_false()) {
        out.fail(object).message("RBAC is not enabled");
    }
}

/// The nodes reach the API server over a public address.
pub(crate) fn no_private_nodes<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if properties(object).is_some_and(|properties| !is_private(properties)) {
        out.fail(object)
            .fix_command("az aks create --resource-group <private-cluster-resource-group> --name <private-cluster-name> --load-balancer-sku standard --enable-private-cluster --network-plugin azure --vnet-subnet-id <subnet-id> --docker-bridge-address --dns-service-ip --service-cidr")
            .message("The cluster has no private nodes");
    }
}

/// The API server has no private endpoint.
pub(crate) fn no_private_endpoint<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if properties(object).is_some_and(|properties| !is_private(properties)) {
        out.fail(object)
            .message("The API server has no private endpoint");
    }
}

/// The API server answers requests from every address.
pub(crate) fn no_authorized_ranges<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(properties) = properties(object) else {
        return;
    };
    let ranges = properties.dig(&["apiServerAccessProfile", "authorizedIPRanges"]);
    if ranges.items().is_empty() {
        out.fail(object)
            .fix_command("az aks update -n '<name>' -g '<resource_group>' --api-server-authorized-ip-ranges '0.0.0.0/32'")
            .message("The API server is not limited to authorized IP ranges");
    }
}

/// Defender does not watch over the cluster and its images.
pub(crate) fn no_defender<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(properties) = properties(object) else {
        return;
    };
    let enabled = [
        "securityProfile",
        "defender",
        "securityMonitoring",
        "enabled",
    ];
    if !properties.dig(&enabled).is_true() {
        out.fail(object)
            .fix_command("az aks update --enable-defender --resource-group <your-resource-group> --name <your-cluster-name>")
            .message("Microsoft Defender does not scan the images of this cluster");
    }
}

/// Nothing enforces network policies: the network plugin and the policy
/// engine do not go together, or there is no engine.
pub(crate) fn no_network_policy_engine<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    let Some(properties) = properties(object) else {
        return;
    };
    let network = properties.at("networkProfile");
    let engine = network.at("networkPolicy").str();
    let enforced = match network.at("networkPlugin").str() {
        "azure" => matches!(engine, "azure" | "calico" | "cilium"),
        "kubenet" => engine == "calico",
        _ => false,
    };
    if !enforced {
        out.fail(object)
            .message("No network policy engine is enabled");
    }
}
