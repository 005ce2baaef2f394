//! Network policies from observed traffic, and tried on it.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::golden;
use crate::program::{Run, World, example_folder};

/// A folder with the traffic of the example shop.
fn shop() -> World {
    let world = World::new(&[]);
    for name in ["observed.yaml", "policies.yaml"] {
        let bytes = std::fs::read(example_folder().join("traffic").join(name)).unwrap();
        world.write(name, &bytes);
    }
    world
}

/// What was observed of `app` in `shop`.
fn observed(app: &str, ingress: &Value, egress: &Value) -> Value {
    json!({
        "apiVersion": "spdx.softwarecomposition.kubescape.io/v1beta1", "kind": "NetworkNeighbors",
        "metadata": {
            "name": format!("deployment-{app}"), "namespace": "shop",
            "annotations": {"kubescape.io/status": "complete"}
        },
        "spec": {"matchLabels": {"app": app}, "ingress": ingress, "egress": egress}
    })
}

fn pods(app: &str, port: u16) -> Value {
    json!({
        "type": "internal", "podSelector": {"matchLabels": {"app": app}},
        "ports": [{"name": format!("TCP-{port}"), "protocol": "TCP", "port": port}]
    })
}

fn address(ip: &str) -> Value {
    json!({
        "type": "external", "ipAddress": ip,
        "ports": [{"name": "TCP-443", "protocol": "TCP", "port": 443}]
    })
}

fn policy(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop"}, "spec": spec
    })
}

fn list(items: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// The JSON that a run printed.
fn printed(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

#[test]
fn the_example_shop_gets_its_policies() {
    let world = shop();
    let run = world.run(&["netpol", "generate", "observed.yaml"]);
    golden::check("netpol/generate.yaml", &run.out);
    golden::check("netpol/generate.txt", &run.err);
    assert_eq!(run.code, 0);
    let run = world.run(&["netpol", "generate", "observed.yaml", "--with-references"]);
    golden::check("netpol/references.yaml", &run.out);
    let run = world.run(&["netpol", "generate", "observed.yaml", "--format", "json"]);
    golden::check("netpol/generate.json", &run.out);
}

#[test]
fn the_example_shop_learns_what_its_policies_forgot() {
    let world = shop();
    let simulate = [
        "netpol",
        "simulate",
        "--policy",
        "policies.yaml",
        "observed.yaml",
    ];
    let run = world.run(&simulate);
    golden::check("netpol/simulate.txt", &run.out);
    golden::check("netpol/simulate-warnings.txt", &run.err);
    assert_eq!(run.code, 0);
    let run = world.run(&[&simulate[..], &["--all"]].concat());
    golden::check("netpol/simulate-all.txt", &run.out);
    let run = world.run(&[&simulate[..], &["--format", "json"]].concat());
    golden::check("netpol/simulate.json", &run.out);
    let run = world.run(&[&simulate[..], &["--fail-on-blocked"]].concat());
    run.expect(1, &["Blocked 3"]);
}

#[test]
fn generated_policies_block_nothing_of_what_they_came_from() {
    // Given the policies of the cart, whose observation is complete.
    let cart = observed(
        "cart",
        &json!([pods("front", 8080), address("10.9.8.7")]),
        &json!([pods("db", 5432), address("2001:db8::1")]),
    );
    let world = World::new(&[("cart.json", &list(&[cart]))]);
    // When they are generated in any form and simulated on it.
    for form in [
        &["--format", "yaml"][..],
        &["--format", "json"],
        &["--with-references"],
        &["--deny-unseen-directions"],
    ] {
        let run = world.run(&[&["netpol", "generate", "cart.json"][..], form].concat());
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        world.write("policies.yaml", run.out.as_bytes());
        let simulate = [
            "netpol",
            "simulate",
            "--policy",
            "policies.yaml",
            "cart.json",
        ];
        // Then nothing is blocked, and nothing is left to guess.
        let run = world.run(&simulate);
        run.expect(
            0,
            &[
                "✓ nothing blocked of 4 flows",
                "for 1 workload",
                "4 flows of 1 workload by 1 policy",
            ],
        );
    }
}

#[test]
fn observations_and_known_servers_come_in_any_order_from_anywhere() {
    let server = json!({
        "apiVersion": "spdx.softwarecomposition.kubescape.io/v1beta1", "kind": "KnownServer",
        "metadata": {"name": "provider"},
        "spec": [{"ipBlock": "203.0.113.0/24", "server": "payments.example", "name": "provider"}]
    });
    let cart = observed("cart", &json!([]), &json!([address("203.0.113.7")]));
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
    let world = World::new(&[
        ("a/cart.json", &cart.to_string()),
        ("b/server.yaml", &list(&[other, server.clone()])),
    ]);
    for arguments in [
        &["a", "b"][..],
        &["b", "a"],
        &["."],
        &["**/*.json", "b/server.yaml"],
    ] {
        let run = world.run(&[&["netpol", "generate"][..], arguments].concat());
        run.expect(0, &["cidr: 203.0.113.0/24"]);
    }
    let both = list(&[cart, server]);
    let run = world.run_with(&["netpol", "generate", "-"], both.as_bytes());
    run.expect(0, &["cidr: 203.0.113.0/24"]);
}

#[test]
fn a_namespace_narrows_both() {
    let mut elsewhere = observed("blog", &json!([pods("front", 80)]), &json!([]));
    elsewhere["metadata"]["namespace"] = "blog".into();
    let mut nowhere = observed("cart", &json!([pods("front", 80)]), &json!([]));
    nowhere["metadata"]["namespace"] = Value::Null;
    let deny = policy("deny", &json!({"podSelector": {}}));
    let world = World::new(&[("all.json", &list(&[elsewhere, nowhere, deny]))]);

    let run = world.run(&["netpol", "generate", "all.json", "-n", "shop"]);
    run.expect(0, &["name: deployment-cart namespace: shop"]);
    assert!(!run.out.contains("blog"), "{}", run.out);
    let run = world.run(&["netpol", "simulate", "all.json", "-n", "shop"]);
    run.expect(0, &["Blocked 1", "1 flow of 1 workload by 1 policy"]);

    // A namespace without anything is a typing error more often than not.
    let cart = observed("cart", &json!([pods("front", 80)]), &json!([]));
    let world = World::new(&[("cart.json", &cart.to_string())]);
    let run = world.run(&["netpol", "generate", "cart.json", "-n", "shp"]);
    run.expect(
        3,
        &["no observations of namespace \"shp\" in what was read (1 observation)"],
    );
}

#[test]
fn an_unseen_direction_is_denied_on_request() {
    let cart = observed("cart", &json!([pods("front", 80)]), &json!([]));
    let world = World::new(&[("cart.json", &cart.to_string())]);
    let run = world.run(&["netpol", "generate", "cart.json"]);
    assert!(!run.out.contains("Egress"));
    let run = world.run(&[
        "netpol",
        "generate",
        "cart.json",
        "--deny-unseen-directions",
    ]);
    run.expect(0, &["egress: []", "- Egress"]);
}

#[test]
fn two_observations_of_one_workload_are_told_apart_and_warned_of() {
    let cart = observed("cart", &json!([pods("front", 80)]), &json!([]));
    let world = World::new(&[("a.json", &cart.to_string()), ("b.json", &cart.to_string())]);
    let run = world.run(&["netpol", "generate", "a.json", "b.json"]);
    run.expect(
        0,
        &["warning: NetworkNeighbors shop/deployment-cart (b.json:1): NetworkPolicy shop/deployment-cart was made from a.json:1, too"],
    );
    assert_eq!(run.out.matches("kind: NetworkPolicy").count(), 2);
}

#[test]
fn policies_for_the_same_pods_add_up() {
    // Given a policy that denies all, one that allows the front, and one that may
    // be for the cart.
    let cart = observed(
        "cart",
        &json!([pods("front", 80), pods("admin", 80), pods("audit", 80)]),
        &json!([]),
    );
    let from = |app: &str| json!([{"from": [{"podSelector": {"matchLabels": {"app": app}}}]}]);
    let deny = policy("deny", &json!({"podSelector": {}}));
    let front = policy(
        "front",
        &json!({"podSelector": {"matchLabels": {"app": "cart"}}, "ingress": from("front")}),
    );
    let audit = policy(
        "audit",
        &json!({"podSelector": {"matchLabels": {"tier": "web"}}, "ingress": from("audit")}),
    );
    let world = World::new(&[
        ("cart.json", &cart.to_string()),
        ("policies.json", &list(&[deny, front, audit])),
    ]);
    // When all are simulated, wherever they are named.
    for arguments in [
        &["--policy", "policies.json", "cart.json"][..],
        &["policies.json", "cart.json"],
        &["--policy", "policies.json", "policies.json", "cart.json"],
    ] {
        let arguments = [
            &["netpol", "simulate"][..],
            arguments,
            &["-f", "json", "--all"],
        ]
        .concat();
        let report = printed(&world.run(&arguments));
        // Then each flow has the verdict of all together, and what each says.
        let flows = report["workloads"][0]["flows"].as_array().unwrap();
        let verdicts: Vec<_> = flows.iter().map(|flow| &flow["verdict"]).collect();
        assert_eq!(
            verdicts,
            ["allowed", "blocked", "undecidable"],
            "{report:#}"
        );
        let saves = &flows[0]["policies"][1];
        assert_eq!(
            saves,
            &json!({"policy": "shop/front", "selectsPods": true, "verdict": "allowed", "reason": "by rule 0"})
        );
        assert_eq!(flows[2]["policies"][2]["selectsPods"], Value::Null);
        assert_eq!(report["policies"][2]["possibleWorkloads"], 1);
        assert_eq!(
            report["summary"],
            json!({"workloads": 1, "policies": 3, "allowed": 1, "blocked": 1, "undecidable": 1, "complete": true})
        );
    }
}

#[test]
fn a_policy_without_pods_and_one_of_another_kind_are_named() {
    let cart = observed("cart", &json!([pods("front", 80)]), &json!([]));
    let typo = policy(
        "typo",
        &json!({"podSelector": {"matchLabels": {"app": "crat"}}}),
    );
    let cilium = json!({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c"}});
    let world = World::new(&[("all.json", &list(&[cart, typo, cilium]))]);
    world
        .run(&["netpol", "simulate", "all.json", "--fail-on-blocked"])
        .expect(
            0,
            &[
                "shop/typo (all.json:1), Ingress: for none of these workloads",
                "note: all.json:1: cilium.io/v2 CiliumNetworkPolicy is not considered (1 in all)",
                "nothing blocked of 1 flow",
            ],
        );
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_done() {
    let cart = observed("cart", &json!([pods("front", 80)]), &json!([]));
    let mut bad = observed("bad", &json!([pods("front", 80)]), &json!([]));
    bad["spec"]["ingress"][0]["ports"][0]["port"] = "eighty".into();
    let mut nameless = observed("x", &json!([]), &json!([]));
    nameless["metadata"]["name"] = Value::Null;
    let world = World::new(&[
        ("broken.yaml", "a: [\n"),
        (
            "policies.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  policyTypes:\n    - Ingress\n    - egress\n",
        ),
    ]);
    let lines = format!("{cart}\n{bad}\n{nameless}\n");
    world.write("observed.json", lines.as_bytes());
    let run = world.run(&[
        "netpol",
        "generate",
        "broken.yaml",
        "gone.yaml",
        "observed.json",
    ]);
    run.expect(
        3,
        &[
            "name: deployment-cart",
            "warning[bad-yaml]: broken.yaml:1:4",
            "warning[not-found]: gone.yaml",
            "warning[bad-field]: observed.json:2: spec.ingress[0].ports[0].port: invalid type: string \"eighty\", expected i32 (document 2); correct the field",
            "warning[bad-field]: observed.json:3: metadata.name: there is no name",
        ],
    );
    let run = world.run(&[
        "netpol",
        "simulate",
        "observed.json",
        "--policy",
        "policies.yaml",
    ]);
    run.expect(
        3,
        &["warning[bad-field]: policies.yaml:7: spec.policyTypes[1]: \"egress\" is neither Ingress nor Egress"],
    );

    // A blocked flow is certain and counts for more.
    let deny = policy("deny", &json!({"podSelector": {}}));
    world.write("deny.json", deny.to_string().as_bytes());
    let simulate = ["netpol", "simulate", "observed.json", "deny.json"];
    world
        .run(&simulate)
        .expect(3, &["Blocked 1", "Partial, as not all"]);
    world
        .run(&[&simulate[..], &["--fail-on-blocked"]].concat())
        .expect(1, &["Blocked 1"]);
    let report = printed(&world.run(&[&simulate[..], &["-f", "json"]].concat()));
    assert_eq!(report["summary"]["complete"], false);
    assert_eq!(report["problems"][0]["code"], "bad-field");
}

#[test]
fn nothing_to_do_is_no_success() {
    let cart = observed("cart", &json!([pods("front", 80)]), &json!([]));
    let deny = policy("deny", &json!({"podSelector": {}}));
    let world = World::new(&[
        ("cart.json", &cart.to_string()),
        ("deny.json", &deny.to_string()),
    ]);
    let cases: [(&[&str], i32, &str); 6] = [
        (&["netpol"], 2, "Usage"),
        (&["netpol", "generate"], 2, "<FILES>"),
        (
            &["netpol", "generate", "-"],
            3,
            "warning[empty]: -: no Kubernetes object",
        ),
        (
            &["netpol", "generate", "deny.json"],
            3,
            "deny.json: no NetworkNeighborhood or NetworkNeighbors in it; get them with: kubectl",
        ),
        (
            &["netpol", "simulate", "cart.json"],
            3,
            "cart.json: no NetworkPolicy in it",
        ),
        (
            &["netpol", "simulate", "deny.json"],
            3,
            "deny.json: no NetworkNeighborhood",
        ),
    ];
    for (arguments, code, message) in cases {
        let run = world.run(arguments);
        run.expect(code, &[message]);
        assert!(run.out.is_empty(), "{}", run.out);
    }
    // Two arguments that were mixed up are told even where it does not matter.
    let run = world.run(&["netpol", "simulate", "--policy", "cart.json", "deny.json"]);
    run.expect(
        3,
        &[
            "cart.json: no NetworkPolicy in it; name it without --policy",
            "Blocked 1",
        ],
    );
}

#[test]
fn foreign_text_reaches_no_terminal_as_it_is() {
    // Given names that would colour, move the cursor, turn the text or end a line.
    let nasty = "x\u{1b}[31m\u{7f}\u{9b}2J\u{202e}\u{2028}\n---\nkind: Evil";
    let mut cart = observed(nasty, &json!([pods(nasty, 80)]), &json!([address(nasty)]));
    cart["metadata"]["annotations"]["kubescape.io/status"] = nasty.into();
    cart["metadata"]["labels"] = json!({nasty: nasty});
    let deny = policy(
        nasty,
        &json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
    );
    let foreign = json!({"apiVersion": nasty, "kind": format!("{nasty}NetworkPolicy"), "metadata": {"name": "x"}});
    let wrong = policy("wrong", &json!({"policyTypes": [nasty]}));
    let world = World::new(&[("all.json", &list(&[cart, deny, foreign, wrong]))]);
    for arguments in [
        &["generate", "all.json"][..],
        &["generate", "all.json", "--format", "json"],
        &["generate", "all.json", "--with-references"],
        &["simulate", "all.json", "--all"],
        &["simulate", "all.json", "--format", "json"],
    ] {
        // When anything is printed of them.
        let run = world.run(&[&["netpol"], arguments].concat());
        assert_eq!(run.code, 3, "{}", run.err);
        let all = format!("{}{}", run.out, run.err);
        // Then nothing of it acts, and the documents are what they seem to be.
        let acts = |char: char| {
            char.is_control() && char != '\n' || matches!(char, '\u{202e}' | '\u{2028}')
        };
        // A line separator is nothing to a terminal, only to YAML.
        let acts = |char| acts(char) && !(char == '\u{2028}' && arguments[0] == "simulate");
        assert!(!run.out.contains(acts), "{arguments:?}: {all:?}");
        assert!(
            !all.contains(['\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}']),
            "{all:?}"
        );
        assert!(
            !run.out.lines().any(|line| line.starts_with("kind: Evil")),
            "{all}"
        );
        if arguments.contains(&"json") {
            assert!(printed(&run).to_string().contains("\\u001b"));
        }
    }
}

#[test]
fn wrong_types_and_nothing_at_all_are_no_panic() {
    for spec in [
        json!(null),
        json!([]),
        json!("x"),
        json!(7),
        json!({"ingress": {}, "egress": 1}),
        json!({"ingress": [null]}),
        json!({"ingress": [{"ports": [{"port": 99_999_999_999_i64}]}]}),
        json!({"matchLabels": ["a"]}),
        json!({"containers": [{"ingress": "x"}]}),
    ] {
        for kind in [
            "NetworkNeighbors",
            "NetworkNeighborhood",
            "KnownServer",
            "GeneratedNetworkPolicy",
        ] {
            let mut object = observed("x", &json!([]), &json!([]));
            object["kind"] = kind.into();
            object["spec"] = spec.clone();
            let deny = policy("deny", &spec);
            let world = World::new(&[("all.json", &list(&[object, deny]))]);
            for command in ["generate", "simulate"] {
                let run = world.run(&["netpol", command, "all.json"]);
                assert!(matches!(run.code, 0 | 3), "{kind} {spec}: {}", run.err);
            }
        }
    }
}

#[test]
fn huge_inputs_are_bounded_and_what_is_not_done_is_said() {
    // Given a workload with forty billion flows, and a small one.
    let addresses: Vec<_> = (0..200_000)
        .map(|n| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255))
        .collect();
    let ports: Vec<_> = (0..200_000)
        .map(|n| json!({"protocol": "TCP", "port": n % 65_535 + 1}))
        .collect();
    let huge = json!({"type": "external", "ipAddresses": addresses, "ports": ports});
    let large = observed("large", &json!([]), &json!([huge]));
    let small = observed("small", &json!([pods("front", 80)]), &json!([]));
    let deny = policy("deny", &json!({"podSelector": {}}));
    let world = World::new(&[("all.json", &list(&[large, small, deny]))]);
    // When it is simulated, then it is refused by name, and the small one is judged.
    let run = world.run(&["netpol", "simulate", "all.json"]);
    run.expect(
        3,
        &[
            "warning[too-large]: all.json:1: NetworkNeighbors shop/deployment-large has too many flows",
            "Blocked 1 · Undecidable 0 · Allowed 0",
            "Partial",
        ],
    );

    // Given a workload with more blocked flows than anyone reads.
    let many: Vec<_> = (1..=300).map(|port| pods("front", port)).collect();
    let many = observed("many", &json!(many), &json!([]));
    let world = World::new(&[(
        "all.json",
        &list(&[many, policy("deny", &json!({"podSelector": {}}))]),
    )]);
    let run = world.run(&["netpol", "simulate", "all.json"]);
    run.expect(0, &["… and 100 more (--all lists them)", "Blocked 300"]);
    let run = world.run(&["netpol", "simulate", "all.json", "--all"]);
    assert_eq!(run.out.matches("blocked: ").count(), 300);
}

#[test]
fn colour_help_and_readers_that_go_away_are_as_with_other_commands() {
    let world = shop();
    let simulate = [
        "netpol",
        "simulate",
        "--policy",
        "policies.yaml",
        "observed.yaml",
    ];
    assert!(!world.run(&simulate).out.contains('\u{1b}'));
    let coloured = |no_color: &str| {
        let mut command = world.command(&simulate);
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", no_color);
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(coloured("") && !coloured("1"));
    for command in ["generate", "simulate"] {
        world
            .run(&["netpol", command, "--help"])
            .expect(0, &["Examples:", "kubectl"]);
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            world
                .run(&["completion", shell])
                .out
                .contains("deny-unseen-directions")
        );
    }
    let mut command = world.command(&["netpol", "generate", "observed.yaml"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
