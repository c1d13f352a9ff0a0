//! Applies one file to the settings below it: tables merge by key, lists replace. It opens no file.

use super::document::{Document, Field, Table};
use super::table::{self, Row, Rows};
use super::unknown::unknown;
use super::{ConfigError, Environment, value};
use crate::agent::hooks::Mechanism;
use crate::domain::profile::Profile;
use crate::domain::settings::Settings;
use crate::domain::template::Template;
use crate::tui::keymap;

/// Lays the file over `settings`; on an error they are unfit for use.
pub(super) fn apply(settings: &mut Settings, document: Document<'_>, env: Environment<'_>) -> Result<(), ConfigError> {
    let parsed = document.table()?;
    let mut top = Vec::new();
    for field in Table::top(document, parsed.get_ref()).fields() {
        let Some(section) = table::section(field.key).filter(|section| !section.name.is_empty()) else {
            if !table::top().contains(&field.key) {
                return Err(unknown(&field));
            }
            top.push(field);
            continue;
        };
        match section.rows {
            Rows::Settings(rows) => value::each(&field, |field| one(rows, settings, field, env))?,
            Rows::Agents(rows) => value::each(&field, |field| agent(rows, settings, field, env))?,
            Rows::Templates(rows) => value::each(&field, |field| {
                named(field, "a template's")?;
                let template =
                    settings.templates.entry(field.key.to_owned()).or_insert_with(|| Template::new(field.key));
                value::each(field, |field| one(rows, template, field, env))
            })?,
            Rows::Keys => value::each(&field, |field| keys(settings, field))?,
        }
    }
    // Last: the default agent may be one of this file's.
    top.iter().try_for_each(|field| one(table::TOP, settings, field, env))
}

/// Reads one key of a section.
fn one<T>(rows: &[Row<T>], into: &mut T, field: &Field<'_>, env: Environment<'_>) -> Result<(), ConfigError> {
    let row = rows.iter().find(|row| row.key == field.key).ok_or_else(|| unknown(field))?;
    (row.read)(into, field, env)
}

/// Whether a table of that name can be.
fn named(field: &Field<'_>, whose: &str) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if field.key.is_empty() || field.key.starts_with('-') || !field.key.chars().all(plain) {
        return Err(field.refuse_key(
            format_args!("{whose} name has letters, digits, `-`, `_` and `.` only: `{}` is not one", field.key),
            "",
        ));
    }
    Ok(())
}

fn agent(
    rows: &[Row<Profile>],
    settings: &mut Settings,
    agent: &Field<'_>,
    env: Environment<'_>,
) -> Result<(), ConfigError> {
    named(agent, "an agent's")?;
    let profile = settings.agents.entry(agent.key.to_owned()).or_insert_with(|| Profile::new(agent.key));
    let mut keys = Vec::new();
    value::each(agent, |field| {
        keys.push(field.key);
        one(rows, profile, field, env)
    })?;
    // What another program does with the arguments of the one before is not known.
    if keys.iter().any(|key| ["command", "headless"].contains(key)) && !keys.contains(&"version") {
        profile.version.clear();
    }
    let asks_preamble = profile.preamble && keys.contains(&"preamble");
    check(profile, asks_preamble, agent)
}

/// Whether what an agent's keys say fits together.
fn check(profile: &mut Profile, asks_preamble: bool, agent: &Field<'_>) -> Result<(), ConfigError> {
    if let Some(name) = &profile.hooks {
        let program = profile.command.first().or_else(|| profile.headless.first()).map_or("", String::as_str);
        let Some(mechanism) = Mechanism::of(name, program) else {
            let known: Vec<String> = Mechanism::ALL.iter().map(|one| format!("{:?}", one.name())).collect();
            return Err(agent.refuse(format_args!(
                "name the hooks that its program speaks, such as hooks = \"claude\" (known: {})",
                known.join(", ")
            )));
        };
        profile.hooks = Some(mechanism.name().to_owned());
    }
    let words = || [&profile.command, &profile.headless].into_iter().flatten();
    // A built-in agent whose command is another's asks for nothing.
    if asks_preamble
        && words().any(|word| word.contains("{prompt_file}"))
        && !words().any(|word| ["{prompt}", "{preamble}", "{preamble_file}"].iter().any(|name| word.contains(name)))
    {
        return Err(
            agent.refuse("have {preamble} or {preamble_file} in its command: the prompt's file is only the prompt")
        );
    }
    if profile.command.is_empty() && profile.headless.is_empty() {
        return Err(agent.refuse(r#"have a command, such as command = ["my-agent", "{prompt}"]"#));
    }
    Ok(())
}

fn keys(settings: &mut Settings, field: &Field<'_>) -> Result<(), ConfigError> {
    if !keymap::NAMES.contains(&field.key) {
        return Err(unknown(field));
    }
    let keys = field.one_or_more()?;
    for key in &keys {
        if keymap::Key::parse(key).is_none() {
            return Err(field
                .refuse(format_args!(r#"be keys such as "s", "G", "ctrl-u", "space", "enter", "f5", not {key:?}"#)));
        }
        let is_text = keymap::Key::parse(key).is_some_and(keymap::Key::is_text);
        if is_text && keymap::named(field.key).is_some_and(|binding| binding.context.is_typed()) {
            return Err(field.refuse(format_args!(
                r#"not be {key:?}, which is typed there: use one with ctrl or alt, or one such as "f5""#
            )));
        }
        let taken = settings.keys.iter().find(|(name, keys)| keymap::clash(name, field.key) && keys.contains(key));
        if let Some((name, _)) = taken {
            return Err(field.refuse(format_args!("not be {key:?}, which `keys.{name}` is already")));
        }
    }
    settings.keys.insert(field.key.to_owned(), keys);
    Ok(())
}
