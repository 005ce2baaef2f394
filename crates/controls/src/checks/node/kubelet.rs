//! How a kubelet was started: its command line and its configuration file.

use kubescape_engine::{Arena, Finding, Object, Out, Value};

use crate::node_data;

/// A kubelet as the node agent found it.
pub(super) struct Kubelet<'a> {
    /// The node data about it.
    pub(super) object: &'a Object<'a>,
    command: &'a str,
}

/// The configuration file of a kubelet.
pub(super) enum Config<'a> {
    /// The kubelet was started without one.
    None,
    /// There is one, but the agent could not read it.
    Unreadable,
    /// It says this.
    Read(ConfigFile<'a>),
}

/// A configuration file that could be read.
#[derive(Clone, Copy)]
pub(super) struct ConfigFile<'a> {
    text: &'a str,
    /// What the file sets.
    pub(super) settings: Value<'a>,
}

impl<'a> Kubelet<'a> {
    /// `None` for any other object, and when the command line is unknown.
    pub(super) fn of(object: &'a Object<'a>) -> Option<Self> {
        if !node_data::is(object, "KubeletInfo") {
            return None;
        }
        let command = object.at("data").at("cmdLine").as_str()?;
        Some(Self { object, command })
    }

    /// The value of a flag, given with its dashes; `""` when it stands alone.
    /// Of a flag given twice, the last one counts, as for the kubelet.
    pub(super) fn flag(&self, name: &str) -> Option<&'a str> {
        let mut words = self.command.split_ascii_whitespace().peekable();
        let mut found = None;
        while let Some(word) = words.next() {
            match word.strip_prefix(name) {
                Some("") => {
                    let value = words.peek().filter(|next| !next.starts_with('-'));
                    found = Some(value.copied().unwrap_or(""));
                }
                Some(rest) => found = rest.strip_prefix('=').or(found),
                None => {}
            }
        }
        found
    }

    /// Whether a switch is on or off; `None` when it is not given.
    pub(super) fn switch(&self, name: &str) -> Option<bool> {
        self.flag(name).map(is_on)
    }

    /// Reads the configuration file. Costly: ask for flags first.
    ///
    /// The agent also reports the file at the usual place, but a kubelet
    /// started without `--config` does not read it.
    pub(super) fn config(&self, arena: &'a Arena) -> Config<'a> {
        if self.flag("--config").is_none() {
            return Config::None;
        }
        let file = self.object.at("data").at("configFile");
        let read = node_data::file_text(file, arena).and_then(|text| {
            let settings = node_data::parse(text, arena)?;
            Some(ConfigFile { text, settings })
        });
        read.map_or(Config::Unreadable, Config::Read)
    }

    /// Reports a fault of the command line.
    pub(super) fn blame_command<'o>(&self, out: &'o mut Out<'a>) -> &'o mut Finding<'a> {
        let command = Value::Str(self.command);
        let shown = node_data::excerpt(self.object, &["cmdLine"], command, out.arena);
        out.fail(shown)
    }

    /// Reports a fault of the configuration file, which is shown decoded.
    pub(super) fn blame_config<'o>(
        &self,
        file: ConfigFile<'a>,
        out: &'o mut Out<'a>,
    ) -> &'o mut Finding<'a> {
        let text = Value::Str(file.text);
        let shown = node_data::excerpt(self.object, &["configFile", "content"], text, out.arena);
        out.fail(shown)
    }

    /// Reports that the configuration file, which would decide, is unreadable.
    pub(super) fn blame_unreadable<'o>(&self, out: &'o mut Out<'a>) -> &'o mut Finding<'a> {
        let finding = out.fail(self.object);
        finding.message("The kubelet's configuration file could not be read")
    }
}

/// Whether the value of a boolean flag means "on"; a bare flag does.
fn is_on(value: &str) -> bool {
    matches!(value, "" | "1" | "t" | "T" | "true" | "TRUE" | "True")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubescape_engine::from_json_str;

    #[test]
    fn flags_are_read_as_the_kubelet_reads_them() {
        let arena = Arena::new();
        let text = r#"{"apiVersion":"hostdata.kubescape.cloud/v1beta0","kind":"KubeletInfo",
            "data":{"cmdLine":"/usr/bin/kubelet --config /a.yaml --rotate-certificates --v=2 --v=4 --config-dir=/d "}}"#;
        let object = arena.alloc(Object::new(from_json_str(text, &arena).unwrap(), 0));
        let kubelet = Kubelet::of(object).unwrap();
        assert_eq!(kubelet.flag("--config"), Some("/a.yaml"));
        assert_eq!(kubelet.switch("--rotate-certificates"), Some(true));
        assert_eq!(kubelet.flag("--v"), Some("4"));
        assert_eq!(kubelet.flag("--rotate"), None);
        assert!(matches!(kubelet.config(&arena), Config::Unreadable));
    }
}
