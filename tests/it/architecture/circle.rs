//! Circles of modules: what can't be read, moved or tested without all the rest.
//!
//! A circle is looked for among the modules of one folder, each with all that is below it: between the layers, inside
//! `engine`, inside `engine/steps`, and so on. Between a folder's root and what is in it nothing counts: a `mod.rs`
//! declares its children, passes on what they offer and holds what they share, and they are one thing with it. A name that
//! a root passes on counts as its owner's. Tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

type Path = Vec<String>;

/// The circles among `files`, (path relative to `src/`, text), by name: `engine: dispatch → steps → dispatch`.
pub fn circles(files: &[(String, String)]) -> Vec<String> {
    let modules: BTreeMap<Path, Source> = files
        .iter()
        .filter(|(path, _)| !matches!(path.as_str(), "main.rs" | "lib.rs"))
        .map(|(path, text)| (module(path), Source::new(text)))
        .filter(|(module, _)| !is_test(module))
        .collect();
    let mut uses: BTreeMap<Path, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (module, source) in &modules {
        let here: Vec<&str> = module.iter().map(String::as_str).collect();
        for named in source.paths_outside_tests(&here) {
            let Some(owner) = owner(&modules, module, named) else { continue };
            let shared = module.iter().zip(&owner).take_while(|(one, other)| one == other).count();
            if let (Some(user), Some(used)) = (module.get(shared), owner.get(shared)) {
                let folder = uses.entry(module[..shared].to_vec()).or_default();
                folder.entry(user.clone()).or_default().insert(used.clone());
            }
        }
    }
    uses.iter()
        .filter_map(|(folder, uses)| Some((folder, circle(uses)?)))
        .map(|(folder, circle)| {
            let folder = if folder.is_empty() { "the layers".to_owned() } else { folder.join("/") };
            format!("{folder}: {}", circle.join(" → "))
        })
        .collect()
}

fn module(path: &str) -> Path {
    path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").map(str::to_owned).collect()
}

fn is_test(module: &[String]) -> bool {
    module.iter().any(|part| part == "tests")
}

/// The module that a path leads into, followed through what roots pass on.
fn owner(modules: &BTreeMap<Path, Source>, from: &[String], named: Path) -> Option<Path> {
    let mut path = match named.first()?.as_str() {
        "crate" => named[1..].to_vec(),
        // A child, named without `self`.
        _ => from.iter().cloned().chain(named).collect(),
    };
    // A chain of roots is not longer than the folders are deep.
    for _ in 0..8 {
        let depth = (1..=path.len()).rev().find(|depth| modules.contains_key(&path[..*depth]))?;
        let (owner, rest) = path.split_at(depth);
        let here: Vec<&str> = owner.iter().map(String::as_str).collect();
        let passed_on = rest.first().and_then(|name| modules[owner].passes_on(&here, name));
        match passed_on.filter(|passed_on| passed_on[1..] != path[..]) {
            Some(passed_on) => path = passed_on[1..].iter().chain(&rest[1..]).cloned().collect(),
            None => return Some(owner.to_vec()),
        }
    }
    None
}

/// A circle, if there is one: its first member stands at its end again.
fn circle(uses: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk<'a>(
        at: &'a str,
        uses: &'a BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|passed| *passed == at) {
            return Some(way[start..].iter().chain([&at]).map(|&name| name.to_owned()).collect());
        }
        if !done.insert(at) {
            return None;
        }
        way.push(at);
        let found = uses.get(at).into_iter().flatten().find_map(|next| walk(next, uses, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    uses.keys().find_map(|start| walk(start, uses, &mut Vec::new(), &mut done))
}

#[cfg(test)]
mod tests {
    use super::circles;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        circles(&files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn a_circle_is_named_however_it_is_written() {
        for second in [
            "use crate::engine::steps::STEPS;",
            "use super::steps;",
            "fn f() { super::steps::run() }",
            "use crate::engine::{Fault, steps::{self, STEPS}};",
        ] {
            let files =
                [("engine/clean_up.rs", second), ("engine/steps.rs", "use super::clean_up;"), ("engine/mod.rs", "")];
            assert_eq!(found(&files), ["engine: clean_up → steps → clean_up"], "{second}");
        }
        let layers = [
            ("config/read.rs", "use crate::tui::keymap;"),
            ("tui/keymap/mod.rs", ""),
            ("tui/form.rs", "use crate::config::parse;"),
            ("config/mod.rs", "pub fn parse() {}"),
            ("tui/mod.rs", ""),
        ];
        assert_eq!(found(&layers), ["the layers: config → tui → config"]);
    }

    #[test]
    fn a_longer_circle_and_one_through_a_root_are_seen() {
        let long = [("git/a.rs", "use super::b;"), ("git/b.rs", "use super::c;"), ("git/c.rs", "use super::a::X;")];
        assert_eq!(found(&long), ["git: a → b → c → a"]);
        let root = [
            ("engine/mod.rs", "pub use dispatch::Request; mod dispatch; mod review;"),
            ("engine/dispatch.rs", "use super::review;"),
            ("engine/review.rs", "use crate::engine::Request;"),
        ];
        assert_eq!(found(&root), ["engine: dispatch → review → dispatch"]);
    }

    #[test]
    fn a_root_its_children_and_tests_make_none() {
        let files = [
            ("engine/mod.rs", "mod steps; pub use steps::STEPS; pub struct Engine; fn f() { steps::run() }"),
            ("engine/steps.rs", "use super::Engine; use crate::engine::trees; mod tests { use super::super::plan; }"),
            ("engine/plan.rs", "use super::steps;"),
            ("engine/trees.rs", "#[cfg(test)] mod tests;"),
            ("engine/trees/tests.rs", "use super::super::steps;"),
            ("engine/tests/world.rs", "use crate::engine::plan;"),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
    }
}
