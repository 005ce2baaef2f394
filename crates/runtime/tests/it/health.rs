//! The pages of health, letter by letter.

use kubescape_runtime::{Health, HealthAnswer, Phase, Scope, Shutdown};

fn answer(health: &Health, path: &str, query: &str) -> (u16, String) {
    let HealthAnswer { code, body } = health.answer(path, Some(query)).unwrap();
    (code, body)
}

#[test]
fn readiness_waits_for_every_check_and_liveness_does_not() {
    // Given a process that has not read its data yet
    let (trigger, shutdown) = Shutdown::new();
    let health = Health::new(shutdown);
    let listener = health.register("listener", Scope::Ready);
    let data = health.register("first-data", Scope::Ready);
    let disk = health.register("disk", Scope::Live);
    assert_eq!(answer(&health, "/livez", ""), (200, "ok".to_owned()));

    // When just the listener is bound
    listener.ok();

    // Then it is not ready, and says what is missing but not why
    assert_eq!(
        answer(&health, "/readyz", ""),
        (
            500,
            "[+]ping ok\n[+]shutdown ok\n[+]listener ok\n[-]first-data failed: reason withheld\n\
             [+]disk ok\nreadyz check failed\n"
                .to_owned()
        )
    );
    assert_eq!(
        answer(&health, "/readyz/first-data", ""),
        (500, "internal server error: not started\n".to_owned())
    );

    // When the data are there, it is ready
    data.ok();
    assert!(health.is_ready());
    assert_eq!(answer(&health, "/readyz", "").1, "ok");
    assert_eq!(
        answer(&health, "/livez", "verbose").1,
        "[+]ping ok\n[+]disk ok\nlivez check passed\n"
    );
    assert_eq!(
        answer(&health, "/healthz", "verbose=1").1,
        "[+]ping ok\n[+]disk ok\nhealthz check passed\n"
    );

    // When the disk fails, both pages fail, but for those who exclude it
    disk.failing("read-only file system");
    assert_eq!(answer(&health, "/livez", "").0, 500);
    assert_eq!(answer(&health, "/readyz", "").0, 500);
    assert_eq!(
        answer(&health, "/livez", "exclude=disk&verbose&exclude=nosuch"),
        (
            200,
            "[+]ping ok\n[+]disk excluded: ok\n\
             warn: some health checks cannot be excluded: no matches for \"nosuch\"\n\
             livez check passed\n"
                .to_owned()
        )
    );
    disk.ok();

    // When the process leaves, it is not ready, but alive
    trigger.advance(Phase::Leaving);
    assert!(
        answer(&health, "/readyz", "")
            .1
            .contains("[-]shutdown failed")
    );
    assert_eq!(answer(&health, "/livez", "").0, 200);
}

#[test]
fn a_check_that_panics_fails_and_other_paths_are_not_ours() {
    let health = Health::new(Shutdown::never());
    health.register_fn("odd", Scope::Live, || panic!("no such table"));
    assert_eq!(
        answer(&health, "/livez/odd", ""),
        (500, "internal server error: no such table\n".to_owned())
    );
    assert_eq!(answer(&health, "/livez/nosuch", "").0, 404);
    assert_eq!(answer(&health, "/livez/", "").0, 500);
    for path in ["/", "", "livez", "/livezz", "/apis", "//livez"] {
        assert_eq!(health.answer(path, None), None, "{path}");
    }
    let long = "exclude=x&".repeat(100_000);
    assert_eq!(answer(&health, "/livez", &long).0, 500);
}
