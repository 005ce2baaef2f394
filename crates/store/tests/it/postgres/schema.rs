//! Schemas of other versions of the program, and of other programs.

use kubescape_store::{Error, PostgresOptions, PostgresStore, Store};

use super::server::Database;
use crate::help::create;

#[tokio::test]
async fn replicas_that_start_together_make_the_tables_once() {
    let Some(database) = Database::new() else {
        return;
    };
    let starts: Vec<_> = (0..5)
        .map(|_| tokio::spawn(PostgresStore::open(database.options())))
        .collect();
    for start in starts {
        let store = start.await.unwrap().unwrap();
        assert!(store.resource_version().await.unwrap() >= 1);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_at_start_and_in_the_middle_of_an_upgrade() {
    // Given an open store
    let Some(database) = Database::new() else {
        return;
    };
    let store = PostgresStore::open(database.options()).await.unwrap();
    create(&store, "shop", "a", &[]).await;
    // When a newer replica has brought the schema further
    let raw = database.raw().await;
    raw.execute("UPDATE state SET value = 99 WHERE name = 'schema'", &[])
        .await
        .unwrap();
    // Then neither the old one writes any more nor does another old one start.
    let draft = crate::help::draft("shop", "b", &[], "{}");
    let late = store
        .commit(vec![kubescape_store::Change::Create(draft)])
        .await;
    assert!(
        matches!(late, Err(Error::NewerSchema { found: 99, .. })),
        "{late:?}"
    );
    let refused = PostgresStore::open(database.options()).await.err();
    assert!(matches!(
        refused,
        Some(Error::NewerSchema { found: 99, .. })
    ));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_a_remedy() {
    let Some(database) = Database::new() else {
        return;
    };
    let raw = database.raw().await;
    raw.batch_execute(&format!(
        "CREATE SCHEMA {0}; CREATE TABLE {0}.songs (name text)",
        database.schema
    ))
    .await
    .unwrap();
    let open = async |options| {
        PostgresStore::open(options)
            .await
            .err()
            .unwrap()
            .to_string()
    };
    let foreign = open(database.options()).await;
    assert!(foreign.contains("give another one"), "{foreign}");
    let name = open(PostgresOptions {
        schema: "x; drop table y".to_owned(),
        ..database.options()
    })
    .await;
    assert!(name.contains("lower-case"), "{name}");
    let nobody = open(PostgresOptions::new("host=/nowhere user=ks password=hush")).await;
    assert!(
        nobody.contains("unavailable") && !nobody.contains("hush"),
        "{nobody}"
    );
    let secret = open(PostgresOptions::new("postgres://ks:hush@[bad")).await;
    assert!(!secret.contains("hush"), "{secret}");
    let unsafe_commits = open(PostgresOptions {
        schema: "other".to_owned(),
        ..PostgresOptions::new(format!(
            "{} options='-c synchronous_commit=off'",
            database.connection()
        ))
    })
    .await;
    assert!(
        unsafe_commits.contains("synchronous_commit"),
        "{unsafe_commits}"
    );
}
