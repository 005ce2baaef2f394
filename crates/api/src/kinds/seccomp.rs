//! Seccomp profiles in the shape of the security-profiles-operator.

use crate::meta::ENVELOPE;
use crate::schema::Schema::{Bool, Int64, List, Map, Object as Obj, String as Text, Time};
use crate::schema::{Object, always, omitted, optional};

/// `SeccompProfile`.
pub static SECCOMP_PROFILE: Object = Object::new(
    "SeccompProfile",
    "Which system calls the containers of one workload may make, for nodes to install.",
    &[
        always("spec", Obj(&SPEC), "The profiles of the containers."),
        always("status", Obj(&STATUS), "Whether they are installed."),
    ],
)
.with(&[&ENVELOPE]);

static SPEC: Object = Object::new(
    "SeccompProfileSpec",
    "The profiles of a workload's containers.",
    &[
        omitted(
            "containers",
            List(&Obj(&SINGLE_PROFILE)),
            "Of the containers that run all the time.",
        ),
        omitted(
            "initContainers",
            List(&Obj(&SINGLE_PROFILE)),
            "Of the containers that prepare the pod.",
        ),
        omitted(
            "ephemeralContainers",
            List(&Obj(&SINGLE_PROFILE)),
            "Of the containers that were added for debugging.",
        ),
    ],
);

/// The seccomp profile of one container.
pub(crate) static SINGLE_PROFILE: Object = Object::new(
    "SingleSeccompProfile",
    "The seccomp profile of one container.",
    &[
        omitted("name", Text, "The name of the container."),
        omitted("path", Text, "The file on the node that holds the profile."),
        optional("spec", Obj(&SINGLE_SPEC), "The profile."),
    ],
);

static SINGLE_SPEC: Object = Object::new(
    "SingleSeccompProfileSpec",
    "A seccomp profile.",
    &[
        omitted("disabled", Bool, "Whether it is not to be installed."),
        omitted(
            "baseProfileName",
            Text,
            "The name of a profile that this one adds to.",
        ),
        always(
            "defaultAction",
            Text,
            "What happens on system calls that no entry names, such as SCMP_ACT_ERRNO.",
        ),
        omitted(
            "architectures",
            List(&Text),
            "The architectures that it is for, such as SCMP_ARCH_X86_64.",
        ),
        omitted(
            "listenerPath",
            Text,
            "The socket of an agent that decides on notified calls.",
        ),
        omitted("listenerMetadata", Text, "What that agent is told."),
        omitted(
            "syscalls",
            List(&Obj(&SYSCALL)),
            "The system calls with an action of their own.",
        ),
        omitted(
            "flags",
            List(&Text),
            "Flags of the seccomp filter, such as SECCOMP_FILTER_FLAG_LOG.",
        ),
    ],
);

static SYSCALL: Object = Object::new(
    "Syscall",
    "System calls with one action.",
    &[
        always("names", List(&Text), "The names of the calls."),
        always(
            "action",
            Text,
            "What happens on them, such as SCMP_ACT_ALLOW.",
        ),
        omitted(
            "errnoRet",
            Int64,
            "The error number that a denied call gives.",
        ),
        omitted(
            "args",
            List(&Obj(&ARG)),
            "Conditions on the arguments, which all must hold.",
        ),
    ],
);

static ARG: Object = Object::new(
    "Arg",
    "A condition on an argument of a system call.",
    &[
        always("index", Int64, "Which argument, counted from 0."),
        omitted("value", Int64, "The value that it is compared with."),
        omitted(
            "valueTwo",
            Int64,
            "The second value, for comparisons under a mask.",
        ),
        always("op", Text, "How they are compared, such as SCMP_CMP_EQ."),
    ],
);

static STATUS: Object = Object::new(
    "SeccompProfileStatus",
    "Whether profiles are installed.",
    &[omitted(
        "containers",
        Map(&Obj(&SINGLE_STATUS)),
        "The state of each container's profile, by its name.",
    )],
);

static SINGLE_STATUS: Object = Object::new(
    "SingleSeccompProfileStatus",
    "The state of one container's profile.",
    &[
        omitted(
            "conditions",
            List(&Obj(&CONDITION)),
            "The state in conditions.",
        ),
        omitted("status", Text, "The state in one word, such as Installed."),
        omitted("path", Text, "The file on the node."),
        omitted("activeWorkloads", List(&Text), "The workloads that use it."),
        omitted(
            "localhostProfile",
            Text,
            "What to write into securityContext.seccompProfile.localhostProfile.",
        ),
    ],
);

static CONDITION: Object = Object::new(
    "Condition",
    "One condition of a profile.",
    &[
        always("type", Text, "What it is about."),
        always("status", Text, "True, False or Unknown."),
        always("lastTransitionTime", Time, "When status last changed."),
        always("reason", Text, "Why, as one word."),
        omitted("message", Text, "Why, for people."),
    ],
);
