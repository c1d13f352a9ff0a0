//! Who may import whom, read from the source: the rule that ARCHITECTURE.md states, and its neighbours.

mod circle;
mod rule;
mod source;
mod words;

use std::path::{Path, PathBuf};

use ganger::domain::state::Cause;

use self::circle::circles;
use self::rule::violations;
use self::source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder` as (path relative to it, text).
fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The names of the crates that `Cargo.toml` depends on, as code writes them.
fn dependencies() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect()
}

#[test]
fn every_file_keeps_the_import_rule() {
    let dependencies = dependencies();
    let files = rust_files(&root().join("src"));
    assert!(files.len() > 10, "{} files found", files.len());
    let broken: Vec<String> = files.iter().flat_map(|(path, text)| violations(path, text, &dependencies)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn modules_import_one_another_in_no_circle() {
    let circles = circles(&rust_files(&root().join("src")));
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

/// The files that no module declaration reaches; paths are relative to the folder of `main.rs`.
fn forgotten(files: &[(String, String)]) -> Vec<String> {
    let declared = |path: &str| {
        let module = path.strip_suffix("/mod.rs").or(path.strip_suffix(".rs")).unwrap_or(path);
        let (folder, name) = module.rsplit_once('/').unwrap_or(("", module));
        let parents = if folder.is_empty() {
            vec!["main.rs".to_owned()]
        } else {
            vec![format!("{folder}/mod.rs"), format!("{folder}.rs")]
        };
        let parent = files.iter().find(|(path, _)| parents.contains(path));
        parent.is_some_and(|(_, text)| Source::new(text).declares(name))
    };
    let paths = files.iter().map(|(path, _)| path);
    paths.filter(|path| *path != "main.rs" && !declared(path)).cloned().collect()
}

#[test]
fn no_test_file_is_forgotten() {
    let files = rust_files(&root().join("tests/it"));
    assert_eq!(forgotten(&files), Vec::<String>::new(), "declare them with `mod`");
    let elsewhere: Vec<_> = std::fs::read_dir(root().join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    assert!(elsewhere.is_empty(), "one binary is quicker to build: move {elsewhere:?} into tests/it");
}

#[test]
fn a_forgotten_test_file_is_seen() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = [
        file("main.rs", "#[cfg(test)]\nmod a;\nmod support;\n// mod b;"),
        file("a.rs", "mod c;"),
        file("a/c.rs", ""),
        file("a/d.rs", ""),
        file("b.rs", ""),
        file("support/mod.rs", "pub mod e;"),
        file("support/e.rs", ""),
        file("support/f.rs", ""),
        file("lost/g.rs", ""),
    ];
    assert_eq!(forgotten(&files), ["a/d.rs", "b.rs", "support/f.rs", "lost/g.rs"]);
}

/// The invariants and steps that a text cites: `I7`, `P0`.
fn numbers(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let cited = |word: &&str| {
        let digits = word.strip_prefix(['I', 'P']).unwrap_or_default();
        (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    words.filter(cited).map(str::to_owned).collect()
}

#[test]
fn what_the_code_cites_and_where_the_page_points_exists() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let known = numbers(&page);
    assert!(known.contains(&"I18".to_owned()) && known.contains(&"P7".to_owned()), "{known:?}");
    for (path, text) in rust_files(&root().join("src")) {
        for number in numbers(&text) {
            assert!(known.contains(&number), "src/{path} cites {number}, which ARCHITECTURE.md does not have");
        }
    }
    for cause in Cause::ALL {
        assert!(page.contains(&format!("`{cause}`")), "ARCHITECTURE.md does not say what ends as {cause}");
    }
    let quoted = page.split('`').skip(1).step_by(2).filter(|word| !word.contains([' ', '{', '*', '<', '$']));
    let mut paths = 0;
    let file = |word: &str| Path::new(word).extension().is_some_and(|end| end == "rs" || end == "toml");
    for word in quoted.filter(|word| file(word) || word.ends_with('/')) {
        let places = [root().join("src").join(word), root().join(word)];
        assert!(places.iter().any(|place| place.exists()), "ARCHITECTURE.md points to {word}, which is not there");
        paths += 1;
    }
    assert!(paths > 20, "{paths} paths found");
}
