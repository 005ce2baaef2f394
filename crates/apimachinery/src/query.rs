//! Query strings.
