//! Where roles of one process listen.

use std::io::ErrorKind;
use std::net::TcpListener;

/// The address to listen on: the one that was asked for, or else the usual one, or
/// else, when that is taken, one on a port that the system chooses; `notes` hears of
/// that.
pub(crate) fn choose(
    asked: Option<String>,
    usual: &str,
    flag: &str,
    notes: &mut Vec<String>,
) -> String {
    if let Some(asked) = asked {
        return asked;
    }
    match TcpListener::bind(usual) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            notes.push(format!(
                "{usual} is taken, so another port is used; name one with {flag}"
            ));
            "127.0.0.1:0".to_owned()
        }
        // Whatever else is wrong is said by whoever listens.
        _ => usual.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_port_that_is_taken_is_no_reason_to_fail_but_said() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let usual = taken.local_addr().unwrap().to_string();
        let mut notes = Vec::new();
        assert_eq!(choose(None, &usual, "--listen", &mut notes), "127.0.0.1:0");
        assert!(notes[0].contains(&usual) && notes[0].contains("--listen"));
        // Who asks for an address gets it or an error.
        let mut notes = Vec::new();
        assert_eq!(
            choose(Some(usual.clone()), "127.0.0.1:1", "--listen", &mut notes),
            usual
        );
        assert!(notes.is_empty());
    }

    #[test]
    fn a_usual_port_that_is_free_is_used() {
        let free = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().to_string()
        };
        let mut notes = Vec::new();
        assert_eq!(choose(None, &free, "--listen", &mut notes), free);
        assert!(notes.is_empty());
    }
}
