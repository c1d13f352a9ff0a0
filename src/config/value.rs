//! The values of settings: how each kind is read from a file, and written.

use std::path::Path;

use toml::Value;

use super::document::{Choice, Field};
use super::nearest::nearest;
use super::{ConfigError, Environment, place};
use crate::agent::hooks::Mechanism;
use crate::domain::glob::Pattern;
use crate::domain::id::TaskId;
use crate::domain::naming::Naming;
use crate::domain::permission::Verb;
use crate::domain::profile::Profile;
use crate::domain::settings::{Settings, Ui};
use crate::domain::size;
use crate::tui::theme;

/// Reads every key of a table.
pub(super) fn each<'d>(
    section: &Field<'d>,
    mut read: impl FnMut(&Field<'d>) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    section.table()?.fields().iter().try_for_each(&mut read)
}

/// An agent that there is.
pub(super) fn default_agent(settings: &mut Settings, field: &Field<'_>) -> Result<(), ConfigError> {
    let name = field.text()?;
    if !settings.agents.contains_key(name) {
        let names = settings.agents.keys().map(String::as_str);
        let rest = match nearest(name, names) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("known: {}", settings.agents.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        return Err(field.refuse(format_args!("name an agent, and there is no {name:?} ({rest})")));
    }
    name.clone_into(&mut settings.default_agent);
    Ok(())
}

/// An argv that is there.
pub(super) fn command(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let argv = field.list()?;
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(field.refuse("begin with a program"));
    }
    Ok(argv)
}
/// An argv, or [].
pub(super) fn optional_argv(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let argv = field.list()?;
    if argv.first().is_some_and(|program| program.trim().is_empty()) {
        return Err(field.refuse("begin with a program, or be []"));
    }
    Ok(argv)
}

/// Words that are looked for whatever their case.
pub(super) fn patterns(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let patterns: Vec<String> = field.list()?.iter().map(|pattern| pattern.to_lowercase()).collect();
    if patterns.iter().any(|pattern| pattern.trim().is_empty()) {
        return Err(field.refuse("have words in each of its strings"));
    }
    Ok(patterns)
}

/// An environment variable.
pub(super) fn variable(profile: &mut Profile, field: &Field<'_>) -> Result<(), ConfigError> {
    let name = field.key;
    if name.is_empty() || name.contains(|c: char| c == '=' || c.is_whitespace() || c.is_control()) {
        return Err(field.refuse_key(format_args!("`{name}` can't be the name of an environment variable"), ""));
    }
    if name.starts_with("GANGER_") {
        return Err(field.refuse_key(format_args!("`{name}` is set by ganger itself"), ""));
    }
    let value = field.text()?.to_owned();
    match profile.env.binary_search_by(|(known, _)| known.as_str().cmp(name)) {
        Ok(known) => profile.env[known].1 = value,
        Err(position) => profile.env.insert(position, (name.to_owned(), value)),
    }
    Ok(())
}

/// A mechanism by its name; true for that of the agent's own name or program, which is settled once its command is known;
/// or false.
pub(super) fn hooks(profile: &mut Profile, field: &Field<'_>) -> Result<(), ConfigError> {
    profile.hooks = match field.choice_or_boolean(&Mechanism::ALL.iter().map(|one| one.name()).collect::<Vec<_>>())? {
        Choice::Named(name) => Some(name.to_owned()),
        Choice::Boolean(true) => Some(profile.name.clone()),
        Choice::Boolean(false) => None,
    };
    Ok(())
}

/// A branch or a commit.
pub(super) fn base(field: &Field<'_>) -> Result<String, ConfigError> {
    let base = field.text()?;
    if base.is_empty() || base.starts_with('-') || base.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(field.refuse("name a branch or a commit"));
    }
    Ok(base.to_owned())
}
/// Patterns of files in the main worktree.
pub(super) fn paths(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let patterns = field.list()?;
    for pattern in &patterns {
        if let Err(why) = Pattern::parse(pattern) {
            return Err(field.refuse(format_args!("hold patterns of paths in the repository: {pattern:?} {why}")));
        }
    }
    Ok(patterns)
}

/// The folder of the worktrees.
pub(super) fn root(field: &Field<'_>, env: Environment<'_>) -> Result<String, ConfigError> {
    let text = field.text()?;
    let resolved = match text.strip_prefix('~') {
        Some(below) if below.is_empty() || below.starts_with('/') => {
            let Some(home) = place(env, "HOME").and_then(|home| home.into_os_string().into_string().ok()) else {
                return Err(field.refuse("be absolute, because HOME is not set"));
            };
            format!("{}{below}", home.trim_end_matches('/'))
        }
        Some(_) | None => text.to_owned(),
    };
    let inside = resolved.strip_prefix("{repo}").is_some_and(|below| below.is_empty() || below.starts_with('/'));
    if inside || Path::new(&resolved).is_absolute() {
        Ok(resolved)
    } else {
        Err(field.refuse(r#"be absolute, or begin with "~/" or "{repo}/""#))
    }
}

/// The template of branch names.
pub(super) fn branch(field: &Field<'_>) -> Result<String, ConfigError> {
    let template = field.text()?;
    if !template.contains("{id}") {
        return Err(field.refuse("contain {id}, or two tasks would share a branch"));
    }
    let bare = template.replace("{id}", "").replace("{slug}", "");
    if bare.contains(['{', '}']) {
        return Err(field.refuse("have no other placeholder than {id} and {slug}"));
    }
    // The slug of a title without letters is empty.
    for title in ["", "a title"] {
        let naming = Naming { task: TaskId(1), title, branch_template: template, folder: Path::new("") };
        let branch = naming.names("").branch;
        if !is_branch(&branch) {
            return Err(field.refuse(format_args!("make names that git takes for branches, not {branch:?}")));
        }
    }
    Ok(template.to_owned())
}

/// Whether git takes the name for a branch (git-check-ref-format(1), git 2.47).
fn is_branch(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let component = |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && name.split('/').all(component)
}

/// A number of bytes.
pub(super) fn size(field: &Field<'_>) -> Result<u64, ConfigError> {
    size::parse(field.text()?).ok_or_else(|| field.refuse("be a size like \"500M\", or \"off\""))
}

/// A limit of at least one, or "off".
pub(super) fn limit(field: &Field<'_>) -> Result<Option<u32>, ConfigError> {
    field.unless_off(|field| field.number(1))
}

/// A value, or "off".
pub(super) fn or_off(value: Option<impl Into<Value>>) -> Value {
    value.map_or_else(|| "off".into(), Into::into)
}

/// Commands that agents can be given.
pub(super) fn granted(field: &Field<'_>) -> Result<Vec<Verb>, ConfigError> {
    let mut granted = Vec::new();
    for name in field.list()? {
        let Some(verb) = Verb::grantable().find(|verb| verb.text() == name) else {
            let known: Vec<&str> = Verb::grantable().map(Verb::text).collect();
            let rest = match (Verb::parse(&name), nearest(&name, known.iter().copied())) {
                (Ok(_), _) => "which is every agent's, or no agent's".to_owned(),
                (Err(_), Some(near)) => format!("did you mean {near:?}?"),
                (Err(_), None) => format!("known: {}", known.join(", ")),
            };
            return Err(field.refuse(format_args!("hold commands that agents can be given, not {name:?} ({rest})")));
        };
        if !granted.contains(&verb) {
            granted.push(verb);
        }
    }
    Ok(granted)
}

/// The name of a tmux server; "" is none.
pub(super) fn socket(field: &Field<'_>) -> Result<Option<String>, ConfigError> {
    let name = field.text()?;
    if matches!(name, "." | "..") || name.contains(|c: char| c == '/' || c.is_control()) {
        return Err(field.refuse("be a name as with `tmux -L`, without a folder"));
    }
    Ok(Some(name.to_owned()).filter(|name| !name.is_empty()))
}

/// The command of one event; an empty list takes back what a file below it says.
pub(super) fn notify(settings: &mut Settings, field: &Field<'_>, _: Environment<'_>) -> Result<(), ConfigError> {
    let argv = field.list()?;
    match argv.first() {
        None => drop(settings.notify.remove(field.key)),
        Some(program) if program.trim().is_empty() => return Err(field.refuse("begin with a program, or be []")),
        Some(_) => drop(settings.notify.insert(field.key.to_owned(), argv)),
    }
    Ok(())
}

/// The command of one event, if there is one.
pub(super) fn notified(settings: &Settings, event: &str) -> Option<Value> {
    settings.notify.get(event).map(|argv| argv.clone().into())
}

/// A colour for a role.
pub(super) fn colour(ui: &mut Ui, field: &Field<'_>) -> Result<(), ConfigError> {
    let text = field.text()?;
    if !theme::ROLES.contains(&field.key) {
        return Err(field.refuse_key(
            format_args!("there is nothing called `{}` to colour", field.key),
            &format!("; known: {}", theme::ROLES.join(", ")),
        ));
    }
    if !theme::is_colour(text) {
        return Err(field.refuse(r##"be a colour: a name such as "light-blue", a number, or "#rrggbb""##));
    }
    ui.colors.insert(field.key.to_owned(), text.to_owned());
    Ok(())
}

/// The name of a value.
pub(super) fn written<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> Value {
    names.iter().find(|(_, named)| *named == value).map_or("", |(name, _)| name).into()
}
