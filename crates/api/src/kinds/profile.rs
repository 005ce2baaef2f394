//! What containers were seen to do.

use crate::kinds::network::NEIGHBOR;
use crate::kinds::seccomp::SINGLE_PROFILE;
use crate::kinds::{EMPTY_STATUS, STATUS_DOC};
use crate::meta::{ENVELOPE, LABEL_SELECTOR};
use crate::rules;
use crate::schema::Schema::{Any, Bool, Int64, List, Map, Object as Obj, String as Text};
use crate::schema::{Field, Merge, Object, always, omitted, optional};

/// `ApplicationProfile`.
pub static APPLICATION_PROFILE: Object = Object::new(
    "ApplicationProfile",
    "What the containers of one workload were seen to do: programs run, files opened, system calls, capabilities, HTTP endpoints. Later behaviour is compared with it. The annotations kubescape.io/status and kubescape.io/completion say how far the learning has come.",
    &[
        always("spec", Obj(&SPEC), "What was seen, by container."),
        always("status", Obj(&EMPTY_STATUS), STATUS_DOC),
    ],
)
.with(&[&ENVELOPE])
.checked(rules::learning_annotations);

static SPEC: Object = Object::new(
    "ApplicationProfileSpec",
    "What was seen, by container.",
    &[
        always(
            "architectures",
            List(&Text),
            "The machine architectures that the workload ran on, such as amd64.",
        ),
        omitted(
            "containers",
            List(&Obj(&CONTAINER)),
            "The containers that run all the time.",
        )
        .merge(Merge::Key("name")),
        omitted(
            "initContainers",
            List(&Obj(&CONTAINER)),
            "The containers that prepare the pod.",
        )
        .merge(Merge::Key("name")),
        omitted(
            "ephemeralContainers",
            List(&Obj(&CONTAINER)),
            "The containers that were added for debugging.",
        )
        .merge(Merge::Key("name")),
    ],
);

const SYSCALLS: Field = omitted(
    "syscalls",
    List(&Text),
    "The system calls that it made, by name.",
);

static CONTAINER: Object = Object::new(
    "ApplicationProfileContainer",
    "What one container was seen to do.",
    &[omitted("name", Text, "The name of the container.")],
)
.with(&[&OBSERVED]);

/// What is known of one container, alone or in a profile of many.
static OBSERVED: Object = Object::new(
    "ObservedContainer",
    "What one container was seen to do.",
    &[
        omitted(
            "capabilities",
            List(&Text),
            "The Linux capabilities that it used, such as NET_ADMIN.",
        ),
        omitted("execs", List(&Obj(&EXEC)), "The programs that it ran.")
            .merge(Merge::PatchKey("path")),
        omitted("opens", List(&Obj(&OPEN)), "The files that it opened.")
            .merge(Merge::PatchKey("path")),
        SYSCALLS,
        optional(
            "seccompProfile",
            Obj(&SINGLE_PROFILE),
            "A seccomp profile that allows what was seen.",
        ),
        always(
            "endpoints",
            List(&Obj(&ENDPOINT)),
            "The HTTP endpoints that it served or called.",
        )
        .merge(Merge::PatchKey("endpoint")),
        always(
            "imageID",
            Text,
            "The image with its digest, as the pod's status has it.",
        ),
        always("imageTag", Text, "The image as the pod names it."),
        always(
            "rulePolicies",
            Map(&Obj(&RULE_POLICY)),
            "What detection rules allow here, by the rule's id such as R0001.",
        ),
        always(
            "identifiedCallStacks",
            List(&Obj(&IDENTIFIED_CALL_STACK)),
            "The call stacks from which calls of interest were made.",
        ),
    ],
);

static EXEC: Object = Object::new(
    "ExecCalls",
    "A program that was run.",
    &[
        omitted("path", Text, "The path of the program."),
        omitted(
            "args",
            List(&Text),
            "Its arguments, the first being its name; ⋯ and * stand for anything.",
        ),
        omitted("envs", List(&Text), "The environment that it got."),
        omitted(
            "argsRequired",
            Bool,
            "Whether the arguments must be those given for the run to be expected.",
        ),
    ],
);

static OPEN: Object = Object::new(
    "OpenCalls",
    "A file that was opened.",
    &[
        always(
            "path",
            Text,
            "Its path; ⋯ stands for one name, * for any number of them.",
        ),
        always("flags", List(&Text), "How it was opened, such as O_RDONLY."),
    ],
);

static ENDPOINT: Object = Object::new(
    "HTTPEndpoint",
    "An HTTP endpoint that was served or called.",
    &[
        omitted(
            "endpoint",
            Text,
            "Its port and path, such as :8080/orders/⋯; ⋯ stands for one name, * for any number of them.",
        ),
        omitted(
            "methods",
            List(&Text),
            "The methods that were used, such as GET.",
        ),
        always(
            "internal",
            Bool,
            "Whether the other side is in the cluster.",
        ),
        omitted(
            "direction",
            Text,
            "inbound when it was served, outbound when it was called.",
        )
        .one_of(&["inbound", "outbound"]),
        optional(
            "headers",
            Any,
            "Headers of interest, each with the values seen.",
        ),
    ],
);

static RULE_POLICY: Object = Object::new(
    "RulePolicy",
    "What one detection rule allows here.",
    &[
        omitted(
            "processAllowed",
            List(&Text),
            "The processes that may do what the rule detects.",
        )
        .merge(Merge::Set),
        omitted(
            "containerAllowed",
            Bool,
            "Whether everything in the container may.",
        ),
    ],
);

static IDENTIFIED_CALL_STACK: Object = Object::new(
    "IdentifiedCallStack",
    "The call stacks of one call of interest.",
    &[
        always("callID", Text, "Which call it is."),
        always(
            "callStack",
            Obj(&CALL_STACK),
            "Its call stacks, merged into a tree.",
        ),
    ],
);

static CALL_STACK: Object = Object::new(
    "CallStack",
    "Call stacks as a tree.",
    &[always(
        "root",
        Obj(&CALL_STACK_NODE),
        "Where all of them begin.",
    )],
);

static CALL_STACK_NODE: Object = Object::new(
    "CallStackNode",
    "One frame and those that it called.",
    &[
        always(
            "children",
            List(&Obj(&CALL_STACK_NODE)),
            "The frames that were called from here.",
        ),
        always("frame", Obj(&STACK_FRAME), "This frame."),
    ],
);

static STACK_FRAME: Object = Object::new(
    "StackFrame",
    "One place in a program.",
    &[
        always("fileID", Text, "Which file it is in."),
        always("lineno", Text, "Which line."),
        always(
            "frameType",
            Int64,
            "What kind of program it is, as a number of the profiler.",
        ),
    ],
);

/// `ApplicationProfileSummary`.
pub static APPLICATION_PROFILE_SUMMARY: Object = Object::new(
    "ApplicationProfileSummary",
    "Says that the ApplicationProfile of the same name is there; it has nothing but metadata, so that watching it is cheap.",
    &[],
)
.with(&[&ENVELOPE]);

/// `ApplicationActivity`.
pub static APPLICATION_ACTIVITY: Object = Object::new(
    "ApplicationActivity",
    "The system calls that a container was seen to make; now part of ApplicationProfile.",
    &[
        always("spec", Obj(&ACTIVITY_SPEC), "What was seen."),
        always("status", Obj(&EMPTY_STATUS), STATUS_DOC),
    ],
)
.with(&[&ENVELOPE]);

static ACTIVITY_SPEC: Object =
    Object::new("ApplicationActivitySpec", "What was seen.", &[SYSCALLS]);

/// `ContainerProfile`.
pub static CONTAINER_PROFILE: Object = Object::new(
    "ContainerProfile",
    "What one container was seen to do in one span of time. Spans are put together into the ApplicationProfile and the NetworkNeighborhood of the workload.",
    &[
        always("spec", Obj(&CONTAINER_PROFILE_SPEC), "What was seen."),
        always("status", Obj(&EMPTY_STATUS), STATUS_DOC),
    ],
)
.with(&[&ENVELOPE]);

static CONTAINER_PROFILE_SPEC: Object = Object::new(
    "ContainerProfileSpec",
    "What one container was seen to do.",
    &[
        always(
            "architectures",
            List(&Text),
            "The machine architectures that it ran on, such as amd64.",
        ),
        always("ingress", List(&Obj(&NEIGHBOR)), "Who connected to it."),
        always("egress", List(&Obj(&NEIGHBOR)), "Whom it connected to."),
    ],
)
.with(&[&OBSERVED, &LABEL_SELECTOR]);
