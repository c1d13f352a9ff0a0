//! The rules themselves, as a function of one file's path and text.

use super::source::Source;

/// What each folder (or file) of `src/` may import of the others.
#[rustfmt::skip]
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ports", &["domain"]),
    ("sqlite", &["ports", "domain", "os::process"]),
    ("git", &["ports", "domain", "os::process"]),
    ("forge", &["ports", "domain", "os::process"]),
    ("tmux", &["ports", "domain", "os::process", "os::exit_watch"]),
    ("os", &["ports", "domain"]),
    ("wire", &["domain"]),
    ("engine", &["wire", "ports", "domain"]),
    ("shim", &["agent", "engine", "wire", "ports", "domain", "config", "os"]),
    ("agent", &["ports::host", "domain"]),
    ("failpoint", &["ports", "domain"]),
    ("formats", &["domain"]),
    ("config", &["ports::repositories", "domain", "agent", "tui::keymap", "tui::theme"]),
    ("tui", &["engine", "ports", "domain"]),
    ("cli", &["agent", "config", "domain", "engine", "failpoint", "forge", "formats", "git", "os", "ports", "shim", "sqlite", "tmux", "tui", "wire"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// What the tests of a layer, in its folder `tests`, may import besides: the use cases are tried on the real store and
/// on real files.
const IN_TESTS: &[(&str, &[&str])] =
    &[("engine", &["sqlite", "os::disk", "os::tree_files"]), ("agent", &["os::disk", "os::tree_files"])];

/// Crates and modules that are named in certain folders only.
#[rustfmt::skip]
const CONFINED: &[(&str, &[&str])] = &[
    ("rusqlite", &["sqlite"]),
    ("rusqlite_migration", &["sqlite"]),
    ("git2", &["git"]),
    ("tmux_interface", &["tmux"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("tokio", &["tui"]),
    ("clap", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("csv", &["formats"]),
    ("sha2", &["config"]),
    ("std::process", &["os"]),
    ("std::os::unix::process", &["os"]),
];

/// The exceptions: what may be named although it lies in a confined place.
#[rustfmt::skip]
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("std::process::ExitCode", &["cli", "main"]),
    ("std::process::id", &["cli", "sqlite"]),
];

/// What the domain may not touch of the standard library, being pure.
const IMPURE: &[&str] =
    &["std::env", "std::net", "std::thread", "std::io", "std::time::Instant", "std::time::SystemTime"];

/// The layers that reach the disk through ports only, or not at all: what is asked of it past a port is asked where no
/// failpoint reaches, and says "not there" of what it could not look at.
const WITHOUT_FILES: &[&str] = &["domain", "ports", "wire", "agent", "engine", "tui"];

/// The exceptions: the file that an editor is given.
const WITH_FILES: &[&str] = &["tui/runtime.rs", "tui/perform.rs"];

/// Modules that read and write files, and the functions of `Path` that look at one.
const OF_FILES: &[&str] = &["std::fs", "std::os::unix::fs", "tempfile"];
const LOOKS: &[&str] = &[
    "canonicalize",
    "exists",
    "try_exists",
    "is_dir",
    "is_file",
    "is_symlink",
    "metadata",
    "symlink_metadata",
    "read_dir",
    "read_link",
];

/// What the domain may take from elsewhere.
const PURE_CRATES: &[&str] = &["thiserror"];

/// Where `unsafe` may stand.
const UNSAFE: &[&str] = &["os", "shim"];

/// What is wrong with the file at `path`, which is relative to `src/`.
pub fn violations(path: &str, text: &str, dependencies: &[String]) -> Vec<String> {
    let source = Source::new(text);
    let module: Vec<&str> = path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
    let layer = module[0];
    let Some((_, imports)) = IMPORTS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("{path}: no rule says what `{layer}` may import")];
    };
    let besides = IN_TESTS.iter().find(|(name, _)| module[1..].contains(&"tests") && *name == layer);
    let allowed = |reached: &str| {
        let imports = imports.iter().chain(besides.iter().flat_map(|(_, besides)| *besides));
        within(reached, layer) || imports.into_iter().any(|import| within(reached, import))
    };
    let module = if matches!(path, "main.rs" | "lib.rs") { &[] } else { module.as_slice() };
    let mut broken = Vec::new();
    for named in source.paths(module) {
        let shown = named.join("::");
        if let Some(reached) = shown.strip_prefix("crate::").or(shown.strip_prefix("ganger::")) {
            if !allowed(reached) {
                broken.push(format!("{path}: `{layer}` may not import `{shown}`"));
            }
            continue;
        }
        let excepted = EXCEPTIONS.iter().any(|(name, layers)| within(&shown, name) && layers.contains(&layer));
        for (confined, layers) in CONFINED {
            if within(&shown, confined) && !layers.contains(&layer) && !excepted {
                broken.push(format!("{path}: `{shown}` may be named only in {}", layers.join(", ")));
            }
        }
        if layer == "domain" {
            let foreign =
                dependencies.iter().any(|name| within(&shown, name)) && !PURE_CRATES.contains(&named[0].as_str());
            if foreign || IMPURE.iter().any(|impure| within(&shown, impure)) {
                broken.push(format!("{path}: the domain is pure and may not use `{shown}`"));
            }
        }
    }
    if WITHOUT_FILES.contains(&layer) && !WITH_FILES.contains(&path) && !module.contains(&"tests") {
        let named = source.paths_outside_tests(module).into_iter().map(|path| path.join("::"));
        let named = named.filter(|path| OF_FILES.iter().any(|files| within(path, files)));
        let looks = source.functions_outside_tests().into_iter().filter(|name| LOOKS.contains(name));
        broken.extend(
            named.chain(looks.map(str::to_owned)).map(|way| format!("{path}: files are behind ports, and not `{way}`")),
        );
    }
    if source.sets_lint_level("allow") {
        broken.push(format!("{path}: use #[expect(…, reason = \"…\")] instead of #[allow(…)]"));
    }
    if source.has("unsafe") && !UNSAFE.contains(&layer) {
        broken.push(format!("{path}: `unsafe` may stand only in {}", UNSAFE.join(", ")));
    }
    broken
}

/// Whether `path` is `root` or something in it.
fn within(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|below| below.is_empty() || below.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::violations;

    fn broken(path: &str, text: &str) -> usize {
        violations(path, text, &["nix".to_owned(), "thiserror".to_owned()]).len()
    }

    #[test]
    fn a_forbidden_import_is_seen_however_it_is_written() {
        for (path, text) in [
            ("domain/task.rs", "use crate::ports::store::Store;"),
            ("domain/task.rs", "fn f() -> super::super::ports::Store {}"),
            ("ports/store.rs", "use crate::{domain::id::TaskId, engine::dispatch};"),
            ("git/mod.rs", "use crate::tmux::target;"),
            ("git/mod.rs", "mod tests { use super::super::tmux::target; }"),
            ("git/mod.rs", "use crate::os::locks;"),
            ("git/mod.rs", "use crate::os;"),
            ("os/locks.rs", "use crate::git::read;"),
            ("engine/dispatch.rs", "let x = crate::os::process::run(call);"),
            ("engine/dispatch.rs", "use crate::config::Config;"),
            ("engine/dispatch.rs", "use crate::sqlite::Sqlite;"),
            ("engine/tests/world.rs", "use crate::tmux::Tmux;"),
            ("shim/tests/world.rs", "use crate::sqlite::Sqlite;"),
            ("shim/mod.rs", "use crate::sqlite::Store;"),
            ("agent/mod.rs", "use crate::config;"),
            ("config/mod.rs", "use crate::os::process;"),
            ("config.rs", "use super::engine::dispatch;"),
            ("tui/view/board.rs", "use crate::git::read;"),
            ("tui/mod.rs", "use crate::domainlike::x;"),
            ("ports/mod.rs", "use crate::*;"),
            ("main.rs", "use ganger::engine::dispatch;"),
            ("lib.rs", "pub use engine::x; pub use crate::engine;"),
            ("helper/mod.rs", ""),
        ] {
            assert_eq!(broken(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn a_foreign_crate_stays_where_it_belongs() {
        for (path, text) in [
            ("engine/mod.rs", "use rusqlite::Connection;"),
            ("sqlite/mod.rs", "use git2::Repository;"),
            ("git/mod.rs", "use tmux_interface as t;"),
            ("cli/mod.rs", "fn f() { ::tokio::spawn(x); }"),
            ("engine/mod.rs", "use {crossterm, std::fmt};"),
            ("engine/mod.rs", "extern crate ratatui;"),
            ("tui/mod.rs", "use clap::Parser;"),
            ("git/mod.rs", "use std::process::Command;"),
            ("git/mod.rs", "use std::{io, process::{Command}};"),
            ("git/mod.rs", "use std::process;"),
            ("cli/mod.rs", "use std::process::{ExitCode, exit};"),
            ("engine/mod.rs", "use std::process::ExitCode;"),
            ("domain/time.rs", "use nix::time;"),
            ("domain/time.rs", "use std::time::{Duration, Instant};"),
            ("domain/time.rs", "fn f() { std::fs::read(x); }"),
            ("engine/mod.rs", "fn f() { unsafe { g() } }"),
            ("os/mod.rs", "#[allow(dead_code)] fn f() {}"),
            ("os/mod.rs", "#![allow(dead_code)]"),
        ] {
            assert_eq!(broken(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn what_goes_past_the_ports_to_the_disk_is_seen() {
        for (path, text) in [
            ("engine/mod.rs", "fn f() { std::fs::read(x); }"),
            ("engine/mod.rs", "use std::os::unix::fs::PermissionsExt as _;"),
            ("engine/dispatch/plan.rs", "fn f(path: &Path) -> bool { path.exists() }"),
            ("engine/dispatch/plan.rs", "fn f(path: &Path) -> bool { path.symlink_metadata().is_ok() }"),
            ("engine/dispatch/plan.rs", "fn f(path: &Path) -> bool { Some(path).is_some_and(Path::is_dir) }"),
            ("tui/view/board.rs", "use std::{fs, io};"),
            ("agent/mod.rs", "fn f(path: &Path) { path.read_dir(); }"),
        ] {
            assert_eq!(broken(path, text), 1, "{path}: {text}");
        }
    }

    #[test]
    fn what_the_rule_permits_passes() {
        for (path, text) in [
            (
                "domain/task.rs",
                "use super::id::TaskId; use crate::domain::state::Status; use std::fmt; use thiserror::Error;",
            ),
            ("ports/store.rs", "//! crate::engine\nuse crate::domain::id::TaskId;"),
            (
                "git/mod.rs",
                "use crate::os::process::{Call, run}; use crate::ports::worktrees::Worktrees; use git2::Oid;",
            ),
            ("engine/tests/world.rs", "use crate::sqlite::Sqlite; fn f() { std::fs::read(x); x.exists() }"),
            ("engine/mod.rs", "mod tests { fn f() { std::fs::read(x); x.is_dir() } } fn g() { x.look(y) }"),
            ("agent/hooks/tests/trees.rs", "use crate::os::disk::FileSystem; fn f() { tempfile::tempdir() }"),
            ("tui/runtime.rs", "fn f() { std::fs::read(x) }"),
            ("os/process.rs", "use std::process::Command; fn f() { unsafe { g() } }"),
            ("shim/mod.rs", "use crate::os::locks; use crate::engine::completion; use crate::config::Config;"),
            ("config.rs", "use crate::agent; mod tests { use super::load; }"),
            ("cli/mod.rs", "use crate::sqlite::Store; use clap::Parser; use std::process::ExitCode;"),
            ("main.rs", "fn main() -> std::process::ExitCode { ganger::cli::run() }"),
            ("lib.rs", "pub mod domain; pub mod ports;"),
            ("engine/mod.rs", "#[expect(dead_code, reason = \"unsafe\")] fn f() {}"),
        ] {
            assert_eq!(broken(path, text), 0, "{path}: {text}: {:?}", violations(path, text, &[]));
        }
    }
}
