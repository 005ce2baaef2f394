//! Who may do what in the accounts around the cluster.

use std::collections::HashMap;

use kubescape_engine::{Corpus, Object, Out, Value};

use super::{AWS, AZURE, GOOGLE, described};

/// What a node needs to pull images from ECR.
const ECR_PULL: [&str; 4] = [
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
];

/// Shows the policies of an AWS account, for a person to see who may use ECR.
pub(crate) fn review_aws_policies<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if described(object, AWS, "PolicyVersion").is_some() {
        out.fail(object)
            .message("Review which policies grant access to Amazon ECR");
    }
}

/// Shows the role assignments of an Azure account, for a person to see who
/// may use its registries.
pub(crate) fn review_azure_roles<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if described(object, AZURE, "ListEntitiesForPolicies").is_some() {
        out.fail(object)
            .message("Review which roles grant access to the Azure Container Registry");
    }
}

/// Shows the policies of a Google project, for a person to see who may use
/// its registries.
pub(crate) fn review_google_policies<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if described(object, GOOGLE, "ListEntitiesForPolicies").is_some() {
        out.fail(object)
            .message("Review which policies grant access to the Artifact Registry");
    }
}

/// Shows a Role, for a person to see whether its users come from AWS IAM. The
/// Role is reported as a thing outside the cluster.
pub(crate) fn review_role_for_iam<'a>(object: &'a Object<'a>, out: &mut Out<'a>) {
    if object.kind == "Role" {
        out.fail(object.value).message(format_args!(
            "Check that users with roles in namespace {} are managed with the AWS IAM Authenticator",
            object.namespace_or_default()
        ));
    }
}

/// The descriptions of a provider and kind.
fn descriptions<'a>(
    corpus: &'a Corpus<'a>,
    group: &'static str,
    kind: &'static str,
) -> impl Iterator<Item = (&'a Object<'a>, Value<'a>)> {
    let objects = corpus.of_kind(kind).iter();
    objects.filter_map(move |object| Some((*object, described(object, group, kind)?)))
}

/// A policy on the instance role of EKS nodes allows more with ECR than to
/// pull images.
pub(crate) fn nodes_write_to_ecr<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut documents = HashMap::new();
    for (_, data) in descriptions(corpus, AWS, "PolicyVersion") {
        documents.extend(data.at("policiesDocuments").entries().iter().copied());
    }
    for (object, data) in descriptions(corpus, AWS, "ListEntitiesForPolicies") {
        let policies = data.at("rolesPolicies").entries().iter();
        let mut of_nodes = policies.filter(|(_, entities)| names_node_role(*entities));
        let excessive = of_nodes.any(|(policy, _)| {
            documents
                .get(policy)
                .copied()
                .is_some_and(does_more_than_pull)
        });
        if excessive {
            out.fail(object)
                .message("The instance role of the nodes may do more with Amazon ECR than pull");
        }
    }
}

/// Whether a policy is attached to the role that `eksctl` and `CloudFormation`
/// make for the nodes.
fn names_node_role(entities: Value<'_>) -> bool {
    let mut roles = entities.at("PolicyRoles").items().iter();
    roles.any(|role| role.at("RoleName").str().contains("NodeInstance"))
}

fn does_more_than_pull(document: Value<'_>) -> bool {
    one_or_many(document.at("Statement")).any(|statement| {
        statement.at("Effect").is("Allow")
            && (one_or_many(statement.at("Action")).any(is_more_than_pull)
                // Everything but some actions is more than the four.
                || statement.at("NotAction").exists())
    })
}

/// The items of a list; IAM takes a lone value for a list of one.
fn one_or_many(value: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let lone = (!value.is_array()).then_some(value);
    value.items().iter().copied().chain(lone)
}

/// Whether an action of IAM, which is compared without regard to case, is one
/// of ECR and not needed to pull.
fn is_more_than_pull(action: Value<'_>) -> bool {
    let Some(action) = action.as_str() else {
        return false;
    };
    let service = action.split(':').next().unwrap_or(action);
    let is_ecr = service == "*" || service.eq_ignore_ascii_case("ecr");
    is_ecr
        && !ECR_PULL
            .iter()
            .any(|pull| action.eq_ignore_ascii_case(pull))
}

/// A role of a service principal of Azure allows more than to read.
pub(crate) fn service_principal_writes<'a>(corpus: &'a Corpus<'a>, out: &mut Out<'a>) {
    let mut roles = HashMap::new();
    for (_, data) in descriptions(corpus, AZURE, "PolicyVersion") {
        let definitions = data.at("roleDefinitions").items().iter();
        roles.extend(definitions.map(|role| (role.at("id").str(), *role)));
    }
    for (object, data) in descriptions(corpus, AZURE, "ListEntitiesForPolicies") {
        let assignments = data.at("roleAssignments").items().iter();
        let mut of_principals = assignments
            .map(|assignment| assignment.at("properties"))
            .filter(|properties| properties.at("principalType").is("ServicePrincipal"));
        let excessive = of_principals.any(|properties| {
            let role = roles.get(properties.at("roleDefinitionId").str());
            role.copied().is_some_and(does_more_than_read)
        });
        if excessive {
            out.fail(object)
                .message("A service principal may do more than read");
        }
    }
}

fn does_more_than_read(role: Value<'_>) -> bool {
    let mut permissions = role.dig(&["properties", "permissions"]).items().iter();
    permissions.any(|permission| {
        let actions = ["actions", "dataActions"].map(|key| permission.at(key));
        actions.iter().any(|actions| {
            let mut names = actions.strs();
            names.any(|name| {
                let verb = name.rsplit('/').next().unwrap_or(name);
                !verb.eq_ignore_ascii_case("read")
            })
        })
    })
}
