//! The built-in library: controls and frameworks as data files, checks as Rust
//! functions. Pure: no I/O, clock, thread or async.
//!
//! `data/controls/C-….toml` holds a control's texts and names its rules; a rule
//! names the function below `checks` that judges. `build.rs` turns the files
//! into tables. `docs/adding-a-control.md` shows how to add one.

mod checks;
mod image_reference;
mod node_data;
mod quantity;
mod selector;
mod version;

use kubescape_engine::{Inputs, Library};

mod generated {
    #![allow(clippy::pedantic)]
    use kubescape_engine::{ActionRequired, Check, Control, Framework, KindMatch, Rule, Scope};

    include!(concat!(env!("OUT_DIR"), "/library.rs"));
}

/// The library compiled into the program.
pub static LIBRARY: Library = Library {
    version: env!("CARGO_PKG_VERSION"),
    controls: &generated::CONTROLS,
    rules: &generated::RULES,
    frameworks: &generated::FRAMEWORKS,
};

/// The inputs as they are before the user changes any.
pub fn default_inputs() -> Inputs {
    let mut inputs = Inputs::default();
    for (name, values) in generated::INPUTS {
        inputs.set(
            name,
            values.iter().map(|value| (*value).to_owned()).collect(),
        );
    }
    inputs
}
