//! What is made from the tables: the default file, the page of settings, the table of agents.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::{home, settings};
use crate::agent::hooks::Mechanism;
use crate::config::table::SECTIONS;
use crate::config::template::docs;
use crate::config::{commented, defaults};
use crate::domain::permission::Verb;
use crate::domain::profile::{Mode, Profile};
use crate::tui::keymap;

/// Compares a file with what is made from the code; where `GANGER_GENERATE` is set, writes it.
pub(crate) fn compare(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("GANGER_GENERATE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap();
    assert_eq!(there, text, "{path} is not what the code makes: GANGER_GENERATE=1 cargo test --lib made_from");
}

/// The same for a part of a page, between two comments that name it.
fn compare_part(path: &str, name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let page = std::fs::read_to_string(&file).unwrap();
    let (open, close) =
        (format!("<!-- {name}: made from the code; a test compares -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = page.split_once(&open).unwrap();
    let (_, after) = rest.split_once(&close).unwrap();
    compare(path, &format!("{before}{open}{text}{close}{after}"));
}

/// A text as a cell of a Markdown table.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_default_file_and_the_page_of_settings_are_made_from_the_table() {
    compare("assets/config.toml", &commented());
    compare("docs/configuration.md", &docs::page());
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
    let template = shown.templates.remove("bug").unwrap();
    for (name, keys) in std::mem::take(&mut shown.keys) {
        let binding = keymap::named(&name).unwrap();
        assert_eq!(keys, binding.keys, "{name}");
    }
    assert_eq!(shown, defaults(&home));
    assert_eq!((template.gaps(), &template.verify), (["file"].into(), &vec!["cargo test".to_owned()]));
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
        "templates" => file["templates"]["bug"].as_table().unwrap().clone(),
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

/// An argv as it would be typed.
fn typed(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,{}@%".contains(c);
    let word = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let words: Vec<String> = argv.iter().map(word).collect();
    if words.is_empty() { "–".to_owned() } else { format!("`{}`", cell(&words.join(" "))) }
}

/// How an agent tells what it does.
fn reports(profile: &Profile) -> String {
    let program = profile.argv(false, None).first().map_or("", String::as_str);
    let name = profile.hooks.as_deref().unwrap_or(&profile.name);
    let runs_hook = |argv: &[String]| argv.iter().any(|word| word.contains("__hook"));
    match Mechanism::of(name, program) {
        Some(mechanism) if profile.hooks.is_some() => format!("hooks in `{}`", mechanism.file()),
        Some(mechanism) => format!("hooks in `{}`, once you install and trust them", mechanism.file()),
        None if runs_hook(&profile.command) || runs_hook(&profile.headless) => "a command that it runs".to_owned(),
        None => "its exit status".to_owned(),
    }
}

#[test]
fn the_table_of_agents_is_made_from_their_file() {
    let mut text =
        "| agent | interactive | headless | by default | with `--unsafe` | reports by |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for profile in defaults(&home).agents.values() {
        // One that only runs to its end has one command, and it is that.
        let (interactive, headless) = match profile.mode {
            Mode::Headless if profile.headless.is_empty() => (&profile.headless, &profile.command),
            Mode::Headless | Mode::Interactive => (&profile.command, &profile.headless),
        };
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            profile.name,
            typed(interactive),
            typed(headless),
            typed(&profile.safe_args),
            typed(&profile.unsafe_args),
            reports(profile)
        )
        .unwrap();
    }
    compare_part("docs/agents.md", "agents", &text);
}
