//! Components of the control plane that run as Pods, and their flags.

use kubescape_engine::{Object, Value};

use super::flag::{Flag, Place, Word, words_of};

/// A Pod that runs a component of the control plane.
pub(super) struct Component<'a> {
    /// The Pod.
    pub(super) object: &'a Object<'a>,
    container: usize,
    command: &'a [Value<'a>],
    args: &'a [Value<'a>],
}

impl<'a> Component<'a> {
    /// The API server of the cluster, when this is its Pod.
    pub(super) fn api_server(object: &'a Object<'a>) -> Option<Self> {
        Self::system(object, "kube-apiserver")
    }

    /// The controller manager, when this is its Pod.
    pub(super) fn controller_manager(object: &'a Object<'a>) -> Option<Self> {
        Self::system(object, "kube-controller-manager")
    }

    /// The scheduler, when this is its Pod.
    pub(super) fn scheduler(object: &'a Object<'a>) -> Option<Self> {
        Self::system(object, "kube-scheduler")
    }

    /// An etcd, in any namespace: that of a hosted control plane stands in its
    /// tenant's.
    pub(super) fn etcd(object: &'a Object<'a>) -> Option<Self> {
        Some(Self::new(object, container_of(object, "etcd")?))
    }

    /// The API server, recognised by the name of its Pod
    /// ([`is_named_like_api_server`]).
    pub(super) fn named_like_api_server(object: &'a Object<'a>) -> Option<Self> {
        is_named_like_api_server(object).then(|| {
            let container = container_of(object, "kube-apiserver").unwrap_or(0);
            Self::new(object, container)
        })
    }

    fn system(object: &'a Object<'a>, program: &str) -> Option<Self> {
        Some(Self::new(object, system_container(object, program)?))
    }

    fn new(object: &'a Object<'a>, container: usize) -> Self {
        let value = object.spec().at("containers").index(container);
        Self {
            object,
            container,
            command: value.at("command").items(),
            args: value.at("args").items(),
        }
    }

    /// Whether any argument is given at all.
    pub(super) fn has_arguments(&self) -> bool {
        !self.command.is_empty() || !self.args.is_empty()
    }

    /// The list that further flags belong into: `args` when the component has
    /// some, else `command`.
    pub(super) fn list(&self) -> Place {
        let list = if self.args.is_empty() {
            "command"
        } else {
            "args"
        };
        Place {
            container: self.container,
            list,
            index: None,
        }
    }

    /// The place behind the last argument, and `further` places more.
    pub(super) fn end(&self, further: usize) -> Place {
        let arguments = if self.args.is_empty() {
            self.command
        } else {
            self.args
        };
        Place {
            index: Some(arguments.len() + further),
            ..self.list()
        }
    }

    /// The flag of that name. Of several the last counts, as for the
    /// component itself.
    pub(super) fn flag(&self, name: &'a str) -> Option<Flag<'a>> {
        self.flags(name).last()
    }

    /// The flag of that name, where alone it means `true` and the next
    /// argument is never its value.
    pub(super) fn switch(&self, name: &'a str) -> Option<Flag<'a>> {
        let found = self
            .words()
            .filter_map(|word| word.attached(name).or_else(|| word.alone(name, "true")));
        found.last()
    }

    /// Whether `item` is in a list of that name. Given several times, the
    /// lists add up.
    pub(super) fn lists(&self, name: &'a str, item: &str) -> bool {
        self.flags(name).any(|flag| flag.has(item))
    }

    /// Each time the flag of that name is given.
    pub(super) fn flags(&self, name: &'a str) -> impl Iterator<Item = Flag<'a>> {
        let mut words = self.words().peekable();
        std::iter::from_fn(move || {
            loop {
                let word = words.next()?;
                if let Some(flag) = word.attached(name) {
                    return Some(flag);
                }
                if let Some(flag) = word.alone(name, "") {
                    let next = words.peek().filter(|next| !next.text.starts_with('-'));
                    return Some(match next {
                        Some(next) => next.detached(name),
                        None => flag,
                    });
                }
            }
        })
    }

    fn words(&self) -> impl Iterator<Item = Word<'a>> {
        let container = self.container;
        let lists = [("command", self.command), ("args", self.args)];
        lists.into_iter().flat_map(move |(list, arguments)| {
            arguments
                .iter()
                .enumerate()
                .flat_map(move |(index, argument)| {
                    let place = Place {
                        container,
                        list,
                        index: Some(index),
                    };
                    words_of(argument.str(), place)
                })
        })
    }
}

fn is_pod(object: &Object<'_>) -> bool {
    object.kind == "Pod" && object.api_version == "v1"
}

/// The container of a Pod of the system that runs `program`.
fn system_container(object: &Object<'_>, program: &str) -> Option<usize> {
    (object.namespace == "kube-system")
        .then(|| container_of(object, program))
        .flatten()
}

/// The container of a Pod that runs `program`. Others may stand beside it: kOps
/// puts a health check next to the API server.
fn container_of(object: &Object<'_>, program: &str) -> Option<usize> {
    if !is_pod(object) {
        return None;
    }
    let containers = object.spec().at("containers").items().iter();
    containers
        .map(|container| runs(*container, program))
        .position(|runs| runs)
}

/// Whether the container starts `program`, by itself or through the wrapper
/// that some distributions put in front for the logs.
fn runs(container: Value<'_>, program: &str) -> bool {
    let arguments = container
        .at("command")
        .strs()
        .chain(container.at("args").strs());
    let mut words = arguments.flat_map(str::split_whitespace);
    match words.next() {
        Some(word) if file_name(word) == "go-runner" => words
            .find(|word| !word.starts_with('-'))
            .is_some_and(|word| file_name(word) == program),
        Some(word) => file_name(word) == program,
        None => false,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether this is a Pod of the API server.
pub(crate) fn is_api_server(object: &Object<'_>) -> bool {
    system_container(object, "kube-apiserver").is_some()
}

/// Whether this is a Pod of the controller manager.
pub(crate) fn is_controller_manager(object: &Object<'_>) -> bool {
    system_container(object, "kube-controller-manager").is_some()
}

/// Whether this is a Pod of the scheduler.
pub(crate) fn is_scheduler(object: &Object<'_>) -> bool {
    system_container(object, "kube-scheduler").is_some()
}

/// Whether this is a Pod of etcd.
pub(crate) fn is_etcd(object: &Object<'_>) -> bool {
    container_of(object, "etcd").is_some()
}

/// Whether this is a system Pod with a name like that of the API server. Adapters
/// that serve further APIs have such names, too; what they run tells them apart.
pub(crate) fn is_named_like_api_server(object: &Object<'_>) -> bool {
    const PROGRAM: &str = "kube-apiserver";
    if !is_pod(object) || object.namespace != "kube-system" {
        return false;
    }
    let name = object.name;
    name.contains(PROGRAM)
        || ((name.contains("apiserver") || name.contains("api-server")) && is_api_server(object))
}

#[cfg(test)]
mod tests {
    use kubescape_engine::{Arena, Object, from_json_str};

    use super::Component;

    fn with_api_server(containers: &str, test: impl Fn(Option<&Component<'_>>)) {
        let arena = Arena::new();
        let text = format!(
            r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "api", "namespace": "kube-system"}},
                "spec": {{"containers": {containers}}}}}"#
        );
        let object = Object::new(from_json_str(arena.str(&text), &arena).unwrap(), 0);
        test(Component::api_server(arena.alloc(object)).as_ref());
    }

    #[test]
    fn finds_the_container_that_runs_the_program() {
        for containers in [
            r#"[{"command": ["kube-apiserver", "--v=2"]}]"#,
            r#"[{"args": ["/usr/local/bin/kube-apiserver", "--v=2"]}]"#,
            r#"[{"command": ["/go-runner", "--log-file=x", "/bin/kube-apiserver", "--v=2"]}]"#,
            r#"[{"command": ["kube-apiserver --v=2"]}]"#,
        ] {
            with_api_server(containers, |found| {
                assert_eq!(found.unwrap().flag("v").unwrap().value, "2");
            });
        }
        let second = r#"[{"command": ["health"]}, {"command": ["kube-apiserver", "--v=2"]}]"#;
        with_api_server(second, |found| {
            let place = found.unwrap().flag("v").unwrap().place;
            assert_eq!(place.to_string(), "spec.containers[1].command[1]");
        });
        for containers in [
            r#"[{"command": ["not-kube-apiserver"]}]"#,
            r#"[{"command": [], "args": null}]"#,
            r#"[{"command": [1, {"a": 2}]}, null, "x"]"#,
            r#""none""#,
        ] {
            with_api_server(containers, |found| assert!(found.is_none()));
        }
    }

    #[test]
    fn reads_flags_however_they_are_written() {
        let containers = r#"[{
            "command": ["kube-apiserver", "--a=1 --b=2", "--c", "3", "--d", "--ee=x", "--e=4"],
            "args": ["-f=5", "--b=6"]
        }]"#;
        with_api_server(containers, |found| {
            let component = found.unwrap();
            let value = |name| component.flag(name).map(|flag| flag.value);
            let values = ["a", "b", "c", "d", "e", "f", "g"].map(value);
            let expected = [
                Some("1"),
                Some("6"),
                Some("3"),
                Some(""),
                Some("4"),
                Some("5"),
                None,
            ];
            assert_eq!(values, expected);
            assert_eq!(component.switch("d").unwrap().switch(), Some(true));
            assert_eq!(component.flags("b").count(), 2);
            let place = |name| component.flag(name).unwrap().place.to_string();
            assert_eq!(place("c"), "spec.containers[0].command[3]");
            assert_eq!(place("f"), "spec.containers[0].args[0]");
            assert_eq!(component.end(1).to_string(), "spec.containers[0].args[3]");
        });
    }

    #[test]
    fn rewrites_only_the_flag() {
        let containers = r#"[{"command": ["kube-apiserver", "--a=1 --b=2  --c=3", "--d", "4"]}]"#;
        with_api_server(containers, |found| {
            let flag = |name| found.unwrap().flag(name).unwrap();
            assert_eq!(flag("b").with("x"), "--a=1 --b=x  --c=3");
            assert_eq!(flag("b").without().unwrap(), "--a=1 --c=3");
            assert_eq!(flag("a").without().unwrap(), "--b=2  --c=3");
            assert_eq!(flag("d").with("x"), "x");
            assert_eq!(flag("d").without(), None);
        });
    }
}
