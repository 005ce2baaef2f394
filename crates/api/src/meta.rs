//! The parts of Kubernetes' `meta/v1` that our objects and documents use, in
//! our own words.

use crate::schema::Schema::{
    Any, Bool, Int32, Int64, List, Map, Object as Obj, String as Text, Time,
};
use crate::schema::{Merge, Object, always, omitted, optional};

/// `apiVersion` and `kind`, the first two fields of every object.
pub static TYPE_META: Object = Object::new(
    "TypeMeta",
    "What kind of object this is.",
    &[
        omitted(
            "apiVersion",
            Text,
            "The group and version of this object's shape, such as apps/v1.",
        ),
        omitted("kind", Text, "The kind of object that this is."),
    ],
)
.meta();

/// What every object of the group begins with.
pub static ENVELOPE: Object = Object::new(
    "Envelope",
    "What every object begins with.",
    &[
        omitted("apiVersion", Text, "The group and version of this object's shape: spdx.softwarecomposition.kubescape.io/v1beta1."),
        omitted("kind", Text, "The kind of object that this is."),
        always("metadata", Obj(&OBJECT_META), "The object's name, namespace, labels, annotations and version."),
    ],
)
.meta();

/// The identity of an object.
pub static OBJECT_META: Object = Object::new(
    "ObjectMeta",
    "Who an object is: its name, place, labels, version and history.",
    &[
        omitted("annotations", Map(&Text), "Free notes on the object, for people and programs; not selectable. Ours begin with kubescape.io/."),
        optional("creationTimestamp", Time, "When the server created the object. Set by the server."),
        optional("deletionGracePeriodSeconds", Int64, "Seconds that were allowed for the deletion to end. Set by the server."),
        optional("deletionTimestamp", Time, "When deletion was asked for; the object goes once finalizers is empty. Set by the server."),
        omitted("finalizers", List(&Text), "Names of those who must do something before the object may go; each removes its own.").merge(Merge::Set),
        omitted("generateName", Text, "A prefix from which the server makes a unique name when name is empty."),
        omitted("generation", Int64, "Counts changes of what is wanted. Set by the server."),
        omitted("labels", Map(&Text), "Keys and values by which objects are selected. Ours name the workload that a result is about, such as kubescape.io/workload-name."),
        omitted("managedFields", List(&Obj(&MANAGED_FIELDS_ENTRY)), "Which writer owns which fields, for server-side apply. Kept by the server."),
        omitted("name", Text, "The name, unique among objects of this kind in the namespace. It cannot change."),
        omitted("namespace", Text, "The namespace that the object lives in; empty for cluster-wide kinds. It cannot change."),
        omitted("ownerReferences", List(&Obj(&OWNER_REFERENCE)), "Objects that this one depends on: it is collected when all of them are gone.").merge(Merge::Key("uid")),
        omitted("resourceVersion", Text, "The version of the stored object. Send it back with an update to refuse lost updates, or watch from it. Opaque."),
        omitted("selfLink", Text, "No longer used by Kubernetes."),
        omitted("uid", Text, "Unique over time, also among objects of one name. Set by the server."),
    ],
)
.meta();

static OWNER_REFERENCE: Object = Object::new(
    "OwnerReference",
    "Names an object, in the same namespace or cluster-wide, that another depends on.",
    &[
        always("apiVersion", Text, "The group and version of the owner.").required(),
        optional("blockOwnerDeletion", Bool, "Whether the owner stays until this object is gone, when it is deleted in the foreground."),
        optional("controller", Bool, "Whether the owner is the controller that manages this object."),
        always("kind", Text, "The kind of the owner.").required(),
        always("name", Text, "The name of the owner.").required(),
        always("uid", Text, "The uid of the owner.").required(),
    ],
)
.meta();

static MANAGED_FIELDS_ENTRY: Object = Object::new(
    "ManagedFieldsEntry",
    "The fields that one writer last set in one way.",
    &[
        omitted("apiVersion", Text, "The version of the kind that the fields are named in."),
        omitted("fieldsType", Text, "The format of the set of fields: FieldsV1."),
        optional("fieldsV1", Any, "The set of fields, nested as they are in the object: f: before field names, k: before keys of list items."),
        omitted("manager", Text, "The name of the writer."),
        omitted("operation", Text, "How the fields were set: Apply or Update."),
        omitted("subresource", Text, "The subresource through which they were set; empty for the object itself."),
        optional("time", Time, "When this entry last changed."),
    ],
)
.meta();

/// The identity of a list.
pub static LIST_META: Object = Object::new(
    "ListMeta",
    "What is known of a list as a whole.",
    &[
        omitted(
            "continue",
            Text,
            "A token for the next page; empty on the last one.",
        ),
        optional(
            "remainingItemCount",
            Int64,
            "How many items come after this page, where it is known.",
        ),
        omitted(
            "resourceVersion",
            Text,
            "The version of the store that the list shows; a watch may start from it.",
        ),
        omitted("selfLink", Text, "No longer used by Kubernetes."),
    ],
)
.meta();

/// A selection of objects by their labels.
pub static LABEL_SELECTOR: Object = Object::new(
    "LabelSelector",
    "Selects objects by their labels; an empty one selects all, a null one none.",
    &[
        omitted(
            "matchExpressions",
            List(&Obj(&SELECTOR_REQUIREMENT)),
            "Demands on labels that all must hold, beside matchLabels.",
        ),
        omitted(
            "matchLabels",
            Map(&Text),
            "Labels that must all be there with these values.",
        ),
    ],
)
.meta();

static SELECTOR_REQUIREMENT: Object = Object::new(
    "LabelSelectorRequirement",
    "One demand on a label.",
    &[
        always("key", Text, "The label's key.").required(),
        always(
            "operator",
            Text,
            "How the label relates to values: In, NotIn, Exists or DoesNotExist.",
        )
        .one_of(&["In", "NotIn", "Exists", "DoesNotExist"])
        .required(),
        omitted(
            "values",
            List(&Text),
            "The values; some for In and NotIn, none for the others.",
        ),
    ],
)
.meta();

/// The answer to what could not be done, or to a deletion.
pub static STATUS: Object = Object::new(
    "Status",
    "How a request ended, when there is no object to answer with.",
    &[
        omitted("code", Int32, "The HTTP status code."),
        optional(
            "details",
            Obj(&STATUS_DETAILS),
            "More about the reason, in a form for programs.",
        ),
        omitted("message", Text, "What happened, for people."),
        omitted(
            "metadata",
            Obj(&LIST_META),
            "What is known of the answer as a list.",
        ),
        omitted(
            "reason",
            Text,
            "Why, as one word for programs, such as NotFound or Conflict.",
        ),
        omitted("status", Text, "Success or Failure."),
    ],
)
.with(&[&TYPE_META])
.meta();

static STATUS_DETAILS: Object = Object::new(
    "StatusDetails",
    "What a Status is about.",
    &[
        omitted(
            "causes",
            List(&Obj(&STATUS_CAUSE)),
            "Every single thing that was wrong.",
        ),
        omitted("group", Text, "The group of the object's kind."),
        omitted("kind", Text, "The kind or the plural name of the object."),
        omitted("name", Text, "The name of the object."),
        omitted(
            "retryAfterSeconds",
            Int32,
            "Seconds to wait before trying again.",
        ),
        omitted("uid", Text, "The uid of the object."),
    ],
)
.meta();

static STATUS_CAUSE: Object = Object::new(
    "StatusCause",
    "One thing that was wrong with a request.",
    &[
        omitted(
            "field",
            Text,
            "The path of the field, such as spec.ingress[0].ports[1].port.",
        ),
        omitted("message", Text, "What is wrong with it, for people."),
        omitted(
            "reason",
            Text,
            "What is wrong with it, as one word, such as FieldValueInvalid.",
        ),
    ],
)
.meta();

/// How to delete.
pub static DELETE_OPTIONS: Object = Object::new(
    "DeleteOptions",
    "How an object is to be deleted.",
    &[
        omitted(
            "dryRun",
            List(&Text),
            "All: go through every stage, but store nothing.",
        ),
        optional(
            "gracePeriodSeconds",
            Int64,
            "Seconds that the deletion may take; results go at once.",
        ),
        optional(
            "orphanDependents",
            Bool,
            "Old form of propagationPolicy: whether dependents stay.",
        ),
        optional(
            "preconditions",
            Obj(&PRECONDITIONS),
            "What must hold for the deletion to happen; else the answer is 409.",
        ),
        optional(
            "propagationPolicy",
            Text,
            "What happens to dependents: Orphan, Background or Foreground.",
        ),
    ],
)
.with(&[&TYPE_META])
.meta();

static PRECONDITIONS: Object = Object::new(
    "Preconditions",
    "What must hold of an object before it is deleted.",
    &[
        optional("resourceVersion", Text, "The version that it must have."),
        optional("uid", Text, "The uid that it must have."),
    ],
)
.meta();

/// One event of a watch.
pub static WATCH_EVENT: Object = Object::new(
    "WatchEvent",
    "One change, as a watch sends it.",
    &[
        always("object", Any, "The object after the change, before it for DELETED, a Status for ERROR, metadata only for BOOKMARK."),
        always("type", Text, "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."),
    ],
)
.meta();

/// The body of a patch; its form depends on the content type.
pub static PATCH: Object = Object::new(
    "Patch",
    "A change of an object, in one of the forms of patches.",
    &[],
)
.meta();

/// What a group version serves.
pub static API_RESOURCE_LIST: Object = Object::new(
    "APIResourceList",
    "The resources that a group and version serve.",
    &[
        always("groupVersion", Text, "The group and version."),
        always("resources", List(&Obj(&API_RESOURCE)), "The resources."),
    ],
)
.with(&[&TYPE_META])
.meta();

static API_RESOURCE: Object = Object::new(
    "APIResource",
    "One resource: its names, scope and verbs.",
    &[
        omitted(
            "categories",
            List(&Text),
            "Groups of resources it belongs to, such as all.",
        ),
        omitted("group", Text, "Its group where it differs from the list's."),
        always("kind", Text, "The kind of its objects."),
        always("name", Text, "Its plural name, as in paths."),
        always(
            "namespaced",
            Bool,
            "Whether its objects live in namespaces.",
        ),
        omitted("shortNames", List(&Text), "Short names for command lines."),
        always("singularName", Text, "Its singular name."),
        omitted(
            "storageVersionHash",
            Text,
            "Changes when the stored form changes. Opaque.",
        ),
        always("verbs", List(&Text), "What can be done with it."),
        omitted(
            "version",
            Text,
            "Its version where it differs from the list's.",
        ),
    ],
)
.meta();
