//! Credentials go to the registry that they are for, and to no other.

use kubescape_commands::{docker_config, registry_of, registry_secret};

#[test]
fn the_registry_of_an_image_is_its_host() {
    for (image, registry) in [
        ("nginx", "docker.io"),
        ("nginx:1.2", "docker.io"),
        ("library/nginx", "docker.io"),
        ("reg.example/web:1", "reg.example"),
        ("REG.example:5000/a/b", "reg.example:5000"),
        ("localhost/a", "localhost"),
        ("index.docker.io/library/nginx", "docker.io"),
    ] {
        assert_eq!(registry_of(image), registry, "{image}");
    }
}

#[test]
fn all_entries_for_exactly_that_host_are_taken() {
    let text = br#"{"auths":{
        "https://reg.example/v1/":{"username":"u","password":"p"},
        "reg.example":{"auth":"dTI6cDI="},
        "reg.example.evil.example":{"username":"x","password":"y"},
        "other.example":{"username":"x","password":"y"}}}"#;
    let found = docker_config(text, "reg.example").unwrap();
    let users: Vec<_> = found
        .iter()
        .map(|one| (one.username.as_str(), one.password.as_str()))
        .collect();
    assert_eq!(users, [("u", "p"), ("u2", "p2")]);
    assert_eq!(found[0].auth, "dTpw");
    assert!(!format!("{found:?}").contains("p2"));
    let hub = br#"{"https://index.docker.io/v1/":{"auth":"dTI6cDI="}}"#;
    assert_eq!(docker_config(hub, "docker.io").unwrap().len(), 1);
}

#[test]
fn secrets_of_registries_match_by_host_and_need_a_password() {
    let text = br#"[{"registry":"reg.example/acme","username":"u","password":"p"},
        {"registry":"reg.example","username":"u"},
        {"registry":"example","username":"u","password":"q"}]"#;
    let found = registry_secret(text, "reg.example").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].password, "p");
    assert!(registry_secret(b"{}", "reg.example").is_err());
    assert!(docker_config(b"x", "reg.example").is_err());
}
