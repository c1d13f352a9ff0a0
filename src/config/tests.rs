//! Tests of the configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Config, ConfigError, DEFAULT_TEXT, defaults_for, load, read, render};

fn env(name: &str) -> Option<OsString> {
    (name == "HOME").then(|| "/home/me".into())
}

fn of(text: &str) -> Result<crate::domain::settings::Settings, ConfigError> {
    read(text, Path::new("/c.toml"), defaults_for(&env), &env)
}

#[test]
fn the_commented_default_is_the_default() {
    assert_eq!(of(DEFAULT_TEXT).unwrap(), defaults_for(&env));
}

#[test]
fn every_example_in_the_default_is_accepted() {
    let live: String = DEFAULT_TEXT
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if rest.starts_with('[')
                    || rest
                        .split_once(" = ")
                        .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_')) =>
            {
                rest
            }
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let settings = of(&live).unwrap();
    assert!(settings.agents.contains_key("mine"));
    let expected = defaults_for(&env);
    assert_eq!(
        (settings.timing, settings.completion, settings.tmux, settings.worktrees),
        (expected.timing, expected.completion, expected.tmux, expected.worktrees)
    );
}

#[test]
fn what_is_shown_reads_back() {
    let text = "[agents.\"we ird\"]\ncommand=[\"x\",\"{prompt}\"]\nenv={A=\"b\"}\n[queue]\nper_repo=2\ntimeout=\"90s\"";
    let settings = of(text).unwrap();
    assert_eq!(of(&render(&settings)).unwrap(), settings);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, place, words) in [
        ("[queue]\nmax_runing = 3", "/c.toml:2", "max_running"),
        ("\n\n[que]\nmax_running = 3", "/c.toml:3", "queue"),
        ("[queue]\nmax_running = \"3\"", "/c.toml:2", "invalid type"),
        ("[queue]\nmax_running = 0", "/c.toml:2", "from 1 on"),
        ("[queue]\ntimeout = \"soon\"", "/c.toml:2", "not a duration"),
        ("[tmux]\nsize = \"big\"", "/c.toml:2", "200x50"),
        ("[worktrees]\nbranch = \"x\"", "/c.toml:2", "{id}"),
        ("[worktrees]\nroot = \"here\"", "/c.toml", "relative"),
        ("[worktrees]\npool = 3", "/c.toml:2", "not supported by this version"),
        ("[agents.x]\ncommand = []", "/c.toml:2", "a program"),
        ("[agents.x]\nmode = \"headless\"", "/c.toml", "no command"),
        ("default_agent = \"nobody\"", "/c.toml", "nobody"),
        ("x = [", "/c.toml:1", ""),
    ] {
        let error = of(text).unwrap_err();
        let whole = format!("{} {}", error.message, error.hint.unwrap_or_default());
        assert!(whole.contains(place) && whole.contains(words), "{text:?}: {whole}");
    }
}

#[test]
fn a_missing_file_is_an_error_only_where_it_was_named() {
    let Config { path, .. } = load(None, &env).unwrap();
    assert_eq!(path, None);
    assert!(load(Some(&PathBuf::from("/no/such/file")), &env).is_err());
}

#[test]
fn home_is_filled_in() {
    let settings = of("[worktrees]\nroot = \"~/trees\"").unwrap();
    assert_eq!(settings.worktrees.root, "/home/me/trees");
    assert_eq!(defaults_for(&env).worktrees.root, "/home/me/.local/share/ganger/worktrees");
}
