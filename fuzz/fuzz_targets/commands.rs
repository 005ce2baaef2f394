//! Any bytes as commands, in JSON and BSON: read or refused; what is read is written
//! and read back, and its scope is found or refused.
#![no_main]

use kubescape_commands::{Command, CommandName, Unpacked, bson, expansion, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = bson::decode(bytes).map(|value| Unpacked::from_value(&value));
    let Ok(unpacked) = parse(bytes) else {
        return;
    };
    for command in unpacked.commands {
        let again = Command::from_value(&command.to_value()).expect("what we wrote");
        assert_eq!(again.id(), command.id());
        assert_eq!(again.job_params(), command.job_params());
        if let Some(name) = CommandName::parse(&command.name) {
            let _ = expansion(name, &command);
        }
    }
});
