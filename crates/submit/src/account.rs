//! Whose report it is.

use kubescape_runtime::Secret;
use uuid::Uuid;

/// An account of a backend, and its key.
#[derive(Clone, Debug, Default)]
pub struct Account {
    id: String,
    key: Secret<String>,
}

/// An account is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    /// The ID is no UUID. What was given is not quoted: it may be a key.
    #[error(
        "the account is not a UUID such as 5d1f3a9e-0c2b-4b7e-9a53-1f0c2d3e4b5a: copy it from the backend, or leave it out if that knows no accounts"
    )]
    Id,
    /// The key cannot be in a header.
    #[error("the access key has characters that no key has: copy it again from the backend")]
    Key,
}

impl Account {
    /// Reads an ID, which may be empty, and a key.
    ///
    /// # Errors
    ///
    /// See [`NoAccount`].
    pub fn new(id: &str, key: &Secret<String>) -> Result<Self, NoAccount> {
        let id = id.trim();
        let id = if id.is_empty() {
            String::new()
        } else {
            // With its dashes, as everybody else writes it.
            let whole = id.len() == 36;
            let id = Uuid::try_parse(id).ok().filter(|_| whole);
            id.ok_or(NoAccount::Id)?.to_string()
        };
        let key = Secret::new(key.reveal().trim().to_owned());
        if !key.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NoAccount::Key);
        }
        Ok(Self { id, key })
    }

    /// The UUID in small letters, or nothing.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn key(&self) -> &Secret<String> {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, key: &str) -> Result<Account, NoAccount> {
        Account::new(id, &Secret::new(key.to_owned()))
    }

    #[test]
    fn an_account_is_a_uuid_or_nothing() {
        let id = "5D1F3A9E-0c2b-4b7e-9a53-1f0c2d3e4b5a";
        let read = account(&format!("{id}\n"), "k").unwrap();
        assert_eq!(read.id(), id.to_lowercase());
        assert_eq!(account("", "").unwrap().id(), "");
        for wrong in ["me", "5d1f3a9e0c2b4b7e9a531f0c2d3e4b5a", "{5d1f3a9e}"] {
            assert_eq!(account(wrong, "").unwrap_err(), NoAccount::Id);
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let read = account("", "hunter2").unwrap();
        assert!(!format!("{read:?}").contains("hunter2"));
        assert_eq!(account("", "two\nlines").unwrap_err(), NoAccount::Key);
    }
}
