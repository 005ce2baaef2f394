//! Random histories against a plain model in memory: both must always agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubescape_store::{
    At, Bodies, Change, Error, EventKind, Expect, Filter, Key, Query, Requirement, Selector, Store,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::engines::{Engine, Opened, Settings};
use crate::help::{draft, key, soon};

/// Small numbers choose among few keys, labels, versions.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u8, u8, u8)>),
    List { page: u8, filter: u8, back: u8 },
    Watch { filter: u8, back: u8 },
    Compact(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let change = || (0_u8..6, 0_u8..10, 0_u8..3);
    prop_oneof![
        8 => change().prop_map(|one| Step::Commit(vec![one])),
        3 => prop::collection::vec(change(), 2..5).prop_map(Step::Commit),
        3 => (1_u8..6, 0_u8..6, 0_u8..12).prop_map(|(page, filter, back)| Step::List { page, filter, back }),
        3 => (0_u8..6, 0_u8..12).prop_map(|(filter, back)| Step::Watch { filter, back }),
        1 => (0_u8..12).prop_map(Step::Compact),
        1 => Just(Step::Restart),
    ]
}

#[derive(Clone, Debug, PartialEq)]
struct Thing {
    version: u64,
    label: u8,
    body: String,
}

type World = BTreeMap<Key, Thing>;

/// What an object was before a change, and after.
type Deed = (Key, Option<Thing>, Option<Thing>);

struct Model {
    /// The world after each version, from `first` on.
    worlds: Vec<World>,
    /// What each change did, from `first + 1` on.
    deeds: Vec<Deed>,
    first: u64,
    compacted: u64,
    bodies: u64,
}

impl Model {
    fn new(first: u64) -> Self {
        Self {
            worlds: vec![World::new()],
            deeds: Vec::new(),
            first,
            compacted: first,
            bodies: 0,
        }
    }

    fn now(&self) -> u64 {
        self.first + self.deeds.len() as u64
    }

    fn back(&self, steps: u8) -> u64 {
        self.now().saturating_sub(u64::from(steps)).max(self.first)
    }

    fn world(&self, version: u64) -> &World {
        &self.worlds[usize::try_from(version - self.first).unwrap()]
    }

    /// The change for the store, and what it does to the model's world.
    fn change(
        &mut self,
        world: &mut World,
        (what, place, label): (u8, u8, u8),
    ) -> (Change, Option<Deed>) {
        let key = place_of(place);
        let old = world.get(&key).cloned();
        let version = self.now() + 1;
        self.bodies += 1;
        let body = format!("{{\"body\":{}}}", self.bodies);
        let labels = [("l", label.to_string())];
        let labels: Vec<(&str, &str)> = labels
            .iter()
            .filter(|_| label > 0)
            .map(|(k, v)| (*k, v.as_str()))
            .collect();
        let draft = draft(&key.namespace, &key.name, &labels, &body);
        let expect = match (what % 2, &old) {
            (1, Some(old)) => Expect::version(old.version),
            (1, None) => Expect::version(1),
            _ => Expect::any(),
        };
        // Now and then one that is out of date.
        let stale = place == 9 && label == 2;
        let expect = if stale { Expect::version(1) } else { expect };
        let thing = Thing {
            version,
            label,
            body,
        };
        let change = match what {
            0 | 1 => Change::Create(draft),
            2 | 3 => Change::Update(draft, expect),
            _ => Change::Delete(key.clone(), expect),
        };
        let done = match (what, &old) {
            (0 | 1, None) => Some((key, None, Some(thing))),
            (2 | 3, Some(_)) if !stale => Some((key, old, Some(thing))),
            (4 | 5, Some(_)) if !stale => Some((key, old, None)),
            _ => None,
        };
        (change, done)
    }

    fn apply(&mut self, world: &mut World, deed: Deed) {
        match &deed.2 {
            Some(thing) => world.insert(deed.0.clone(), thing.clone()),
            None => world.remove(&deed.0),
        };
        self.deeds.push(deed);
        self.worlds.push(world.clone());
    }
}

/// Ten places: two namespaces, five names.
fn place_of(number: u8) -> Key {
    key(
        ["shop", "web"][usize::from(number % 2)],
        &format!("n{}", number / 2),
    )
}

fn filter_of(number: u8) -> (Filter, fn(&Key, u8) -> bool) {
    let all = || Filter::all("things");
    let with = |requirement| all().labelled(Selector(vec![requirement]));
    match number {
        0 => (all(), |_, _| true),
        1 => (all().in_namespace("shop"), |key, _| key.namespace == "shop"),
        2 => (with(Requirement::Equals("l".into(), "1".into())), |_, l| {
            l == 1
        }),
        3 => (
            with(Requirement::NotEquals("l".into(), "1".into())),
            |_, l| l != 1,
        ),
        4 => (with(Requirement::Exists("l".into())), |_, l| l > 0),
        _ => {
            let named = Filter {
                name: Some("n1".into()),
                ..all()
            };
            (named, |key, _| key.name == "n1")
        }
    }
}

async fn commit(store: &dyn Store, model: &mut Model, changes: &[(u8, u8, u8)]) {
    let mut world = model.world(model.now()).clone();
    let (deeds, worlds) = (model.deeds.len(), model.worlds.len());
    let (mut all, mut possible) = (Vec::new(), true);
    for one in changes {
        let (change, deed) = model.change(&mut world, *one);
        all.push(change);
        match deed {
            Some(deed) if possible => model.apply(&mut world, deed),
            _ => possible = false,
        }
    }
    match store.commit(all).await {
        Ok(metas) => {
            assert!(possible, "the model refuses {changes:?}");
            let versions: Vec<u64> = metas.iter().map(|m| m.resource_version).collect();
            let first = model.first + deeds as u64 + 1;
            assert!(
                versions.iter().copied().eq(first..=model.now()),
                "{versions:?}"
            );
        }
        Err(error) => {
            assert!(!possible, "the model allows {changes:?}: {error:?}");
            assert!(matches!(error.http_code(), 404 | 409), "{error:?}");
            model.deeds.truncate(deeds);
            model.worlds.truncate(worlds);
        }
    }
    assert_eq!(store.resource_version().await.unwrap(), model.now());
}

async fn list(store: &dyn Store, model: &Model, page: u8, filter: u8, back: u8) {
    let (filter, fits) = filter_of(filter);
    let version = model.back(back);
    let mut query = Query {
        at: if back == 0 {
            At::Now
        } else {
            At::Version(version)
        },
        bodies: Bodies::UpTo(40),
        ..Query::new(filter, usize::from(page))
    };
    let mut found = Vec::new();
    loop {
        let answer = match store.list(&query).await {
            Ok(answer) => answer,
            Err(error) => {
                assert!(matches!(error, Error::Compacted { .. }), "{error:?}");
                assert!(version < model.compacted);
                return;
            }
        };
        assert!(version >= model.compacted);
        assert_eq!(answer.resource_version, version);
        assert!(answer.items.len() <= usize::from(page));
        for object in answer.items {
            let body = String::from_utf8(object.body.unwrap().to_vec()).unwrap();
            found.push((object.meta.key.clone(), object.meta.resource_version, body));
        }
        match answer.next {
            Some(next) => query.at = At::After(next),
            None => break,
        }
    }
    let expected: Vec<_> = model
        .world(version)
        .iter()
        .filter(|(key, thing)| fits(key, thing.label))
        .map(|(key, thing)| (key.clone(), thing.version, thing.body.clone()))
        .collect();
    assert_eq!(found, expected);
}

async fn watch(store: &dyn Store, model: &Model, filter: u8, back: u8) {
    let (filter, fits) = filter_of(filter);
    let after = model.back(back);
    let mut watch = match store.subscribe(filter, after).await {
        Ok(watch) => watch,
        Err(error) => {
            assert!(matches!(error, Error::Compacted { .. }), "{error:?}");
            assert!(after < model.compacted);
            return;
        }
    };
    assert!(after >= model.compacted);
    let start = usize::try_from(after - model.first).unwrap();
    for ((key, old, new), version) in model.deeds[start..].iter().zip(after + 1..) {
        let fits = |thing: &Option<Thing>| thing.as_ref().is_some_and(|t| fits(key, t.label));
        let kind = match (fits(old), fits(new)) {
            (false, true) => EventKind::Added,
            (true, true) => EventKind::Modified,
            (true, false) => EventKind::Deleted,
            (false, false) => continue,
        };
        let event = soon(watch.next()).await.unwrap();
        assert_eq!((event.resource_version, event.kind), (version, kind));
        assert_eq!(&event.object.key, key);
        let shown = if kind == EventKind::Deleted { old } else { new };
        let shown = shown.as_ref().unwrap();
        let body = match event.body {
            Some(body) => body,
            None => store.body(&event.object).await.unwrap(),
        };
        assert_eq!(body, shown.body.as_bytes());
        assert_eq!(event.object.resource_version, version);
    }
    // And nothing else.
    tokio::select! {
        biased;
        extra = watch.next() => panic!("{extra:?}"),
        () = tokio::task::yield_now() => {}
    }
}

async fn run(engine: &Engine, steps: &[Step]) {
    let mut opened: Opened = engine.open(&Settings::default()).await;
    let mut store: Arc<dyn Store> = opened.store();
    let mut model = Model::new(store.resource_version().await.unwrap());
    for step in steps {
        match step {
            Step::Commit(changes) => commit(&*store, &mut model, changes).await,
            Step::List { page, filter, back } => {
                list(&*store, &model, *page, *filter, *back).await;
            }
            Step::Watch { filter, back } => watch(&*store, &model, *filter, *back).await,
            Step::Compact(back) => {
                let up_to = model.back(*back);
                model.compacted = model.compacted.max(up_to);
                assert_eq!(store.compact(up_to).await.unwrap(), model.compacted);
            }
            Step::Restart => {
                drop(store);
                opened.close().await;
                opened = engine.open(&Settings::default()).await;
                store = opened.store();
            }
        }
    }
    for (place, number) in (0..10).map(|number| (place_of(number), number)) {
        let found = store.get(&place).await.unwrap();
        let expected = model.world(model.now()).get(&place);
        let found = found.map(|object| object.meta.resource_version);
        assert_eq!(found, expected.map(|thing| thing.version), "place {number}");
    }
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    drop(store);
    opened.close().await;
}

fn histories(cases: u32, engine: impl Fn() -> Engine) {
    let asked = std::env::var("KUBESCAPE_STORE_HISTORIES").ok();
    let cases = asked.and_then(|n| n.parse().ok()).unwrap_or(cases);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..60), |steps| {
            runtime.block_on(run(&engine(), &steps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn sqlite_does_what_the_model_does() {
    histories(60, Engine::sqlite);
}

#[test]
fn postgres_does_what_the_model_does() {
    if Engine::postgres().is_some() {
        histories(20, || Engine::postgres().unwrap());
    }
}
