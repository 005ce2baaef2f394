//! Objects to try.

use bytes::Bytes;
use kubescape_store::{Change, Draft, Expect, Key, Store};

pub(crate) fn key(namespace: &str, name: &str) -> Key {
    Key::new("things", namespace, name)
}

pub(crate) fn draft(namespace: &str, name: &str, labels: &[(&str, &str)], body: &str) -> Draft {
    Draft {
        key: key(namespace, name),
        uid: format!("uid-{namespace}-{name}"),
        labels: labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        created: 1_767_323_045,
        generation: 1,
        deleting: None,
        finalizers: false,
        metadata: format!(r#"{{"name":"{name}"}}"#),
        columns: "{}".to_owned(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// Makes one object and gives its version.
pub(crate) async fn create(
    store: &dyn Store,
    namespace: &str,
    name: &str,
    labels: &[(&str, &str)],
) -> u64 {
    let draft = draft(namespace, name, labels, r#"{"spec":1}"#);
    store.commit(vec![Change::Create(draft)]).await.unwrap()[0].resource_version
}

/// Replaces its body and gives the new version.
pub(crate) async fn update(
    store: &dyn Store,
    name: &str,
    labels: &[(&str, &str)],
    body: &str,
) -> u64 {
    let draft = draft("shop", name, labels, body);
    store
        .commit(vec![Change::Update(draft, Expect::any())])
        .await
        .unwrap()[0]
        .resource_version
}

pub(crate) async fn delete(store: &dyn Store, name: &str) -> u64 {
    let change = Change::Delete(key("shop", name), Expect::any());
    store.commit(vec![change]).await.unwrap()[0].resource_version
}

/// Text of so many bytes that does not compress, another for each seed.
pub(crate) fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + u8::try_from(state >> 40 & 63).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

/// What has to happen; a test that waits for it in vain fails instead of hanging.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_mins(1), what)
        .await
        .unwrap()
}
