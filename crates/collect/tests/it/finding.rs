//! Arguments → files.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use kubescape_collect::{Code, Found, find};

fn tree(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    root
}

fn names(root: &Path, found: &Found) -> Vec<String> {
    found
        .sources
        .iter()
        .map(|source| source.name.replace(&format!("{}/", root.display()), ""))
        .collect()
}

fn codes(found: &Found) -> Vec<Code> {
    found.problems.iter().map(|problem| problem.code).collect()
}

const FILES: &[&str] = &[
    "b.yaml",
    "a.yml",
    "B.json",
    "c.txt",
    "d/e.yaml",
    "d-f.yaml",
    "d/g/h.yml",
    ".git/i.yaml",
    ".ci.yml",
    "x.yaml/j.json",
];

#[test]
fn a_directory_gives_its_manifests_in_byte_order() {
    let root = tree(FILES);
    let found = find(&[root.path()]);
    assert_eq!(
        names(root.path(), &found),
        [
            ".ci.yml",
            "B.json",
            "a.yml",
            "b.yaml",
            "d-f.yaml",
            "d/e.yaml",
            "d/g/h.yml",
            "x.yaml/j.json"
        ]
    );
    assert_eq!(found.problems, []);
    assert!(found.sources.iter().all(|source| !source.explicit));
    assert!(
        (0..)
            .zip(&found.sources)
            .all(|(index, source)| source.index == index)
    );
}

#[test]
fn files_come_in_the_order_of_arguments_and_once() {
    let root = tree(FILES);
    let at = |name: &str| root.path().join(name);
    let found = find(&[at("d"), at("c.txt"), at("d/./e.yaml"), at(".git")]);
    assert_eq!(
        names(root.path(), &found),
        ["d/e.yaml", "d/g/h.yml", "c.txt", ".git/i.yaml"]
    );
    let explicit: Vec<_> = found.sources.iter().map(|source| source.explicit).collect();
    assert_eq!(explicit, [true, false, true, false]);
    assert_eq!(find(&["-", "-"]).sources.len(), 1);
}

#[test]
fn patterns() {
    let root = tree(FILES);
    let matching = |pattern: &str| {
        let found = find(&[root.path().join(pattern)]);
        assert_eq!(found.problems, [], "{pattern}");
        names(root.path(), &found)
    };
    assert_eq!(matching("*.yaml"), ["b.yaml", "d-f.yaml", "x.yaml/j.json"]);
    assert_eq!(matching("d/**/*.yml"), ["d/g/h.yml"]);
    assert_eq!(matching("**/*.yml"), [".ci.yml", "a.yml", "d/g/h.yml"]);
    assert_eq!(matching("{a,b}.y*"), ["a.yml", "b.yaml"]);
    assert_eq!(matching("[a-c].*"), ["a.yml", "b.yaml"]);
    assert_eq!(matching("d*"), ["d-f.yaml", "d/e.yaml", "d/g/h.yml"]);
}

#[test]
fn a_file_whose_name_looks_like_a_pattern_is_a_file() {
    let root = tree(&["[x].yaml"]);
    let found = find(&[root.path().join("[x].yaml")]);
    assert!(found.sources[0].explicit && found.problems.is_empty());
}

#[test]
fn what_does_not_exist() {
    let root = tree(&["d/c.txt"]);
    let arguments = [
        "gone.yaml",
        "*.yaml",
        "gone/*.yaml",
        "d",
        "[.yaml",
        "d/c.txt/x.yaml",
    ];
    let found = find(&arguments.map(|name| root.path().join(name)));
    assert_eq!(found.sources, []);
    let mut expected = [Code::NotFound; 6];
    expected[5] = Code::Unreadable;
    assert_eq!(codes(&found), expected);
    let shown = found.problems[1].to_string();
    assert!(
        shown.contains("*.yaml: the pattern matches no YAML or JSON file; "),
        "{shown}"
    );
}

#[test]
fn links_are_followed_but_not_round_and_round() {
    let root = tree(&["a/b.yaml", "other/c.yaml"]);
    let at = |name: &str| root.path().join(name);
    symlink(at("a"), at("a/loop")).unwrap();
    symlink(at("other"), at("a/link")).unwrap();
    symlink(at("gone"), at("a/broken.yaml")).unwrap();
    symlink(at("gone"), at("a/broken")).unwrap();
    symlink("self.yaml", at("self.yaml")).unwrap();
    let found = find(&[at("a"), at("self.yaml")]);
    assert_eq!(names(root.path(), &found), ["a/b.yaml", "a/link/c.yaml"]);
    let mut codes = codes(&found);
    codes.sort();
    assert_eq!(
        codes,
        [Code::SymlinkLoop, Code::SymlinkLoop, Code::NotFound]
    );
    let looped = found
        .problems
        .iter()
        .find(|one| one.path.ends_with("a/loop"))
        .unwrap();
    assert!(
        looped.message.starts_with("a symbolic link back to "),
        "{looped}"
    );
}
