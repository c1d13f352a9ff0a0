//! Applies one file to the settings below it: tables merge by key, lists replace. It opens no file.

use std::path::Path;

use super::document::{Document, Field, Table};
use super::{ConfigError, Environment, place, schema};
use crate::agent::hooks::Mechanism;
use crate::domain::glob::Pattern;
use crate::domain::id::TaskId;
use crate::domain::naming::Naming;
use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::settings::{Completion, Queue, Settings, Timing, Tmux, Ui, Worktrees};
use crate::tui::{keymap, theme};

/// How the modes are written.
pub(super) const MODES: [(&str, Mode); 2] = [("interactive", Mode::Interactive), ("headless", Mode::Headless)];

/// How the judgements of an exit without output are written.
pub(super) const NO_OUTPUT: [(&str, NoOutput); 2] = [("failed", NoOutput::Failed), ("review", NoOutput::Review)];

/// Lays the file over `settings`; on an error they are unfit for use.
pub(super) fn apply(settings: &mut Settings, document: Document<'_>, env: Environment<'_>) -> Result<(), ConfigError> {
    let parsed = document.table()?;
    let mut default_agent = None;
    for field in Table::top(document, parsed.get_ref()).fields() {
        match field.key {
            "default_agent" => default_agent = Some(field),
            "agents" => each(&field, |agent| self::agent(settings, agent))?,
            "worktrees" => each(&field, |field| worktrees(&mut settings.worktrees, field, env))?,
            "queue" => each(&field, |field| queue(&mut settings.queue, field))?,
            "completion" => each(&field, |field| completion(&mut settings.completion, field))?,
            "tmux" => each(&field, |field| tmux(&mut settings.tmux, field))?,
            "timing" => each(&field, |field| timing(&mut settings.timing, field))?,
            "notify" => each(&field, |field| notify(settings, field))?,
            "ui" => each(&field, |field| ui(&mut settings.ui, field))?,
            "keys" => each(&field, |field| keys(settings, field))?,
            _ => return Err(field.unknown()),
        }
    }
    // Last, because the agents of this file may stand below it.
    if let Some(field) = default_agent {
        let name = field.text()?;
        if !settings.agents.contains_key(name) {
            let names = settings.agents.keys().map(String::as_str);
            let rest = match schema::nearest(name, names) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known are {}", settings.agents.keys().cloned().collect::<Vec<_>>().join(", ")),
            };
            return Err(field.refuse(format_args!("name an agent, and there is no {name:?} ({rest})")));
        }
        name.clone_into(&mut settings.default_agent);
    }
    Ok(())
}

fn each<'d>(
    section: &Field<'d>,
    mut read: impl FnMut(&Field<'d>) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    section.table()?.fields().iter().try_for_each(&mut read)
}

fn agent(settings: &mut Settings, agent: &Field<'_>) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if agent.key.is_empty() || agent.key.starts_with('-') || !agent.key.chars().all(plain) {
        return Err(agent.refuse_key(
            format_args!(
                "the name of an agent has letters, digits, `-`, `_` and `.` only, and `{}` is not one",
                agent.key
            ),
            "",
        ));
    }
    let profile = settings.agents.entry(agent.key.to_owned()).or_insert_with(|| Profile::new(agent.key));
    let mut asks_preamble = false;
    each(agent, |field| {
        match field.key {
            "command" => {
                profile.command = field.list()?;
                if profile.command.first().is_none_or(|program| program.trim().is_empty()) {
                    return Err(field.refuse("begin with a program"));
                }
            }
            "resume" => profile.resume = optional_argv(field)?,
            "headless" => profile.headless = optional_argv(field)?,
            "headless_resume" => profile.headless_resume = optional_argv(field)?,
            "mode" => profile.mode = field.choice(&MODES)?,
            "unsafe" => profile.unsafe_args = field.list()?,
            "safe" => profile.safe_args = field.list()?,
            "preamble" => {
                profile.preamble = field.boolean()?;
                asks_preamble = profile.preamble;
            }
            "hooks" => profile.hooks = field.boolean()?,
            "waiting" => profile.waiting = patterns(field)?,
            "limit" => profile.limit = patterns(field)?,
            "resume_after_limit" => profile.resume_after_limit = field.boolean()?,
            "no_output" => profile.no_output = field.choice(&NO_OUTPUT)?,
            "env" => each(field, |variable| self::variable(profile, variable))?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    let program = profile.command.first().or_else(|| profile.headless.first()).map_or("", String::as_str);
    if profile.hooks && Mechanism::of(&profile.name, program).is_none() {
        let known: Vec<&str> = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect();
        return Err(agent.refuse(format!("have no hooks = true: only {} have hooks", known.join(", "))));
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

fn optional_argv(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let argv = field.list()?;
    if argv.first().is_some_and(|program| program.trim().is_empty()) {
        return Err(field.refuse("begin with a program, or be []"));
    }
    Ok(argv)
}

/// Words that are looked for whatever their case.
fn patterns(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let patterns: Vec<String> = field.list()?.iter().map(|pattern| pattern.to_lowercase()).collect();
    if patterns.iter().any(|pattern| pattern.trim().is_empty()) {
        return Err(field.refuse("have words in each of its strings"));
    }
    Ok(patterns)
}

fn variable(profile: &mut Profile, field: &Field<'_>) -> Result<(), ConfigError> {
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

fn worktrees(worktrees: &mut Worktrees, field: &Field<'_>, env: Environment<'_>) -> Result<(), ConfigError> {
    match field.key {
        "root" => worktrees.root = root(field, env)?,
        "branch" => worktrees.branch = branch(field)?,
        "base" => {
            let base = field.text()?;
            if base.is_empty() || base.starts_with('-') || base.contains(|c: char| c.is_whitespace() || c.is_control())
            {
                return Err(field.refuse("name a branch or a commit"));
            }
            base.clone_into(&mut worktrees.base);
        }
        "copy" => worktrees.copy = paths(field)?,
        "link" => worktrees.link = paths(field)?,
        "hooks" => worktrees.hooks = field.boolean()?,
        "setup" => worktrees.setup = field.commands()?,
        "setup_timeout" => worktrees.setup_timeout = field.duration()?,
        // Off, as ever: anything else would do nothing yet.
        "pool" if field.number(0).is_ok_and(|pool| pool == 0) => {}
        _ => return Err(field.unknown()),
    }
    Ok(())
}

/// Patterns of files in the main worktree.
fn paths(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let patterns = field.list()?;
    for pattern in &patterns {
        if let Err(why) = Pattern::parse(pattern) {
            return Err(field.refuse(format_args!("hold patterns of paths in the repository: {pattern:?} {why}")));
        }
    }
    Ok(patterns)
}

fn root(field: &Field<'_>, env: Environment<'_>) -> Result<String, ConfigError> {
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

fn branch(field: &Field<'_>) -> Result<String, ConfigError> {
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

fn queue(queue: &mut Queue, field: &Field<'_>) -> Result<(), ConfigError> {
    match field.key {
        "max_running" => queue.max_running = field.number(1)?,
        "per_agent" => queue.per_agent = field.unless_off(|field| field.number(1))?,
        "per_repo" => queue.per_repo = field.unless_off(|field| field.number(1))?,
        "max_orphan_retries" => queue.max_orphan_retries = field.number(0)?,
        "timeout" => queue.timeout = field.unless_off(Field::duration)?,
        _ => return Err(field.unknown()),
    }
    Ok(())
}

fn completion(completion: &mut Completion, field: &Field<'_>) -> Result<(), ConfigError> {
    match field.key {
        "verify" => completion.verify = field.commands()?,
        "verify_timeout" => completion.verify_timeout = field.duration()?,
        "preamble" => {
            let text = field.text()?;
            if text.contains('\0') {
                return Err(field.refuse("hold no NUL"));
            }
            text.clone_into(&mut completion.preamble);
        }
        "self_approve" if field.boolean().is_ok_and(|approves| !approves) => {}
        _ => return Err(field.unknown()),
    }
    Ok(())
}

fn tmux(tmux: &mut Tmux, field: &Field<'_>) -> Result<(), ConfigError> {
    match field.key {
        "socket" => {
            let name = field.text()?;
            if matches!(name, "." | "..") || name.contains(|c: char| c == '/' || c.is_control()) {
                return Err(field.refuse("be a name as of `tmux -L`, without a folder"));
            }
            tmux.socket = Some(name.to_owned()).filter(|name| !name.is_empty());
        }
        "size" => (tmux.columns, tmux.rows) = field.size()?,
        "keep_ended" => tmux.keep_ended = field.number(0)?,
        "grace" => tmux.grace = field.duration()?,
        "alternate_screen" => tmux.alternate_screen = field.boolean()?,
        _ => return Err(field.unknown()),
    }
    Ok(())
}

fn timing(timing: &mut Timing, field: &Field<'_>) -> Result<(), ConfigError> {
    let deadline = match field.key {
        "git" => &mut timing.git,
        "tmux" => &mut timing.tmux,
        "start" => &mut timing.start,
        "saga" => &mut timing.saga,
        "database" => &mut timing.database,
        _ => return Err(field.unknown()),
    };
    *deadline = field.duration()?;
    Ok(())
}

fn notify(settings: &mut Settings, field: &Field<'_>) -> Result<(), ConfigError> {
    if !schema::EVENTS.contains(&field.key) {
        return Err(field.unknown());
    }
    let argv = field.list()?;
    match argv.first() {
        // An empty list takes back what a file below it says.
        None => drop(settings.notify.remove(field.key)),
        Some(program) if program.trim().is_empty() => return Err(field.refuse("begin with a program, or be []")),
        Some(_) => drop(settings.notify.insert(field.key.to_owned(), argv)),
    }
    Ok(())
}

fn ui(ui: &mut Ui, field: &Field<'_>) -> Result<(), ConfigError> {
    match field.key {
        "theme" => field.choice(&theme::THEMES.map(|name| (name, name)))?.clone_into(&mut ui.theme),
        "ascii" => ui.ascii = field.boolean()?,
        "colors" => each(field, |colour| {
            let text = colour.text()?;
            if !theme::ROLES.contains(&colour.key) {
                return Err(colour.refuse_key(
                    format_args!("there is nothing called `{}` to colour", colour.key),
                    &format!("; known are {}", theme::ROLES.join(", ")),
                ));
            }
            if !theme::is_colour(text) {
                return Err(colour.refuse(r##"be a colour: a name such as "light-blue", a number, or "#rrggbb""##));
            }
            ui.colors.insert(colour.key.to_owned(), text.to_owned());
            Ok(())
        })?,
        _ => return Err(field.unknown()),
    }
    Ok(())
}

fn keys(settings: &mut Settings, field: &Field<'_>) -> Result<(), ConfigError> {
    if !keymap::NAMES.contains(&field.key) {
        return Err(field.unknown());
    }
    let keys = field.one_or_more()?;
    for key in &keys {
        if keymap::Key::parse(key).is_none() {
            return Err(field.refuse(format_args!(
                r#"be keys such as "s", "G", "ctrl-u", "space", "enter", "f5", and {key:?} is none"#
            )));
        }
        let taken = settings.keys.iter().find(|(name, keys)| keymap::meet(name, field.key) && keys.contains(key));
        if let Some((name, _)) = taken {
            return Err(field.refuse(format_args!("not be {key:?}, which `keys.{name}` is already")));
        }
    }
    settings.keys.insert(field.key.to_owned(), keys);
    Ok(())
}
