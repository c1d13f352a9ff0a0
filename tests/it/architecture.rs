//! The import rule: which layer may know which. Read from the source, so that it can't be forgotten.

use std::fs;
use std::path::{Path, PathBuf};

/// A layer, and the layers that it may name.
const MAY: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("ports", &["domain"]),
    ("engine", &["domain", "ports"]),
    ("sqlite", &["domain", "ports"]),
    ("git", &["domain", "ports", "os::process"]),
    ("tmux", &["domain", "ports", "os::process", "os::exit_watch"]),
    ("os", &["domain", "ports"]),
    ("agent", &["domain"]),
    ("config", &["domain", "agent"]),
    ("shim", &["domain", "ports", "engine", "config", "os"]),
    ("tui", &["domain", "engine", "config"]),
    ("cli", &["domain", "ports", "engine", "sqlite", "git", "tmux", "os", "agent", "config", "shim", "tui"]),
];

/// A crate, and the only layers that may name it.
const ONLY: [(&str, &[&str]); 6] = [
    ("rusqlite", &["sqlite"]),
    ("git2", &["git"]),
    ("tmux_interface", &["tmux"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("tokio", &["tui"]),
];

/// What is wrong with one file of `src`.
fn faults(path: &str, text: &str) -> Vec<String> {
    let layer = path.split(['/', '.']).next().unwrap_or_default();
    let mut faults = Vec::new();
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .fold(String::new(), |code, line| code + line + "\n");
    let may = MAY.iter().find(|(name, _)| *name == layer).map(|(_, may)| *may);
    if let Some(may) = may {
        for (at, _) in code.match_indices("crate::") {
            if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let named = &code[at + "crate::".len()..];
            let first: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let allowed = first == layer
                || may.iter().any(|may| {
                    named
                        .strip_prefix(may)
                        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                });
            if !allowed {
                faults.push(format!("{path}: {layer} must not name crate::{first}"));
            }
        }
    }
    for (name, layers) in ONLY {
        if code.contains(&format!("{name}::")) && !layers.contains(&layer) {
            faults.push(format!("{path}: {name} belongs into {layers:?}"));
        }
    }
    if code.contains("process::Command") && layer != "os" {
        faults.push(format!("{path}: os::process is the one spawner"));
    }
    if ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| code.contains(word))
        && !matches!(layer, "os" | "shim")
    {
        faults.push(format!("{path}: unsafe belongs into os or shim"));
    }
    if code.contains("#[allow(") || code.contains("#![allow(") {
        faults.push(format!("{path}: #[expect(…, reason)] instead of #[allow]"));
    }
    faults
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_layer_knows_only_what_it_may() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found = sources(&src);
    assert!(found.len() > 40, "{}", found.len());
    let faults: Vec<String> = found
        .iter()
        // The adapters' own tests stand up whatever they need.
        .filter(|path| !path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs"))
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            faults(&path.strip_prefix(&src).unwrap().to_string_lossy(), &code)
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_breach_is_seen() {
    for (path, text) in [
        ("domain/task.rs", "use crate::ports::store;"),
        ("engine/stop.rs", "use crate::sqlite::Sqlite;"),
        ("git/add.rs", "use crate::tmux::Tmux;"),
        ("git/add.rs", "use crate::os::lock::FileLocks;"),
        ("cli/mod.rs", "use rusqlite::Connection;"),
        ("engine/mod.rs", "let x = std::process::Command::new(1);"),
        ("engine/mod.rs", "unsafe { x() }"),
        ("cli/mod.rs", "#[allow(dead_code)]"),
    ] {
        assert_eq!(faults(path, text).len(), 1, "{path}: {text}");
    }
    assert!(faults("engine/stop.rs", "use crate::ports::store; // crate::sqlite::").is_empty());
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "tests/it/{name} is not in main.rs");
    }
}
