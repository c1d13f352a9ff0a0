//! What is made from the table of settings: the default file, and the page.

use std::collections::BTreeSet;
use std::path::Path;

use super::{home, settings};
use crate::config::table::SECTIONS;
use crate::config::template::docs;
use crate::config::{commented, defaults};
use crate::domain::permission::Verb;
use crate::tui::keymap;

/// Rewrites the generated files where `GANGER_GENERATE` is set; else compares.
fn generated(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("GANGER_GENERATE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap();
    assert_eq!(there, text, "{path} is not what the table of settings makes: run the tests with GANGER_GENERATE=1");
}

#[test]
fn the_default_file_and_the_page_of_settings_are_made_from_the_table() {
    generated("assets/config.toml", &commented());
    generated("docs/configuration.md", &docs::page());
}

#[test]
fn every_command_that_can_be_granted_is_named_where_the_setting_is_described() {
    let text = include_str!("../../../assets/config.toml").replace("\n# ", " ");
    for verb in Verb::grantable() {
        assert!(text.contains(&format!("\"{verb}\"")), "{verb}");
    }
}

#[test]
fn the_default_file_changes_nothing() {
    assert_eq!(settings(&commented()), defaults(&home));
}

#[test]
fn the_default_file_shows_the_built_in_values() {
    let mut shown = settings(&uncommented());
    let example = shown.agents.remove("mine").unwrap();
    for (name, keys) in std::mem::take(&mut shown.keys) {
        let binding = keymap::named(&name).unwrap();
        assert_eq!(keys, binding.keys, "{name}");
    }
    assert_eq!(shown, defaults(&home));
    assert_eq!(example.command, ["my-agent", "--flag", "{prompt}"]);
    assert_eq!(example.resume, ["my-agent", "--continue"]);
    assert_eq!(example.env, [("KEY".to_owned(), "value".to_owned())]);
}

#[test]
fn the_default_file_shows_every_key() {
    let file: toml::Table = uncommented().parse().unwrap();
    let tables = |name: &str| match name {
        "" => file.clone(),
        "agents" => file["agents"]["mine"].as_table().unwrap().clone(),
        name => file[name].as_table().unwrap().clone(),
    };
    for section in SECTIONS {
        let shown: BTreeSet<String> = tables(section.name)
            .into_iter()
            .filter(|(_, value)| !(section.name.is_empty() && value.is_table()))
            .map(|(key, _)| key)
            .collect();
        let known: BTreeSet<String> = section.keys().into_iter().map(str::to_owned).collect();
        assert_eq!(shown, known, "[{}]", section.name);
    }
}

/// The default file with every commented-out setting live.
fn uncommented() -> String {
    let live = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => format!("{setting}\n"),
        _ => format!("{line}\n"),
    };
    commented().lines().map(live).collect()
}
