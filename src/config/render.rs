//! The configuration in force, written as a configuration file.

use std::fmt::Write as _;

use toml::Value;

use super::duration;
use super::read::{MODES, NO_OUTPUT};
use crate::domain::profile::Profile;
use crate::domain::settings::Settings;

/// Writes `settings` as TOML that, read again, gives the same settings.
#[must_use]
pub fn render(settings: &Settings) -> String {
    let mut file = File(String::new());
    file.line("default_agent", settings.default_agent.as_str());
    for agent in settings.agents.values() {
        profile(&mut file, agent);
    }

    let worktrees = &settings.worktrees;
    file.section("worktrees");
    file.line("root", worktrees.root.as_str());
    file.line("branch", worktrees.branch.as_str());
    file.line("base", worktrees.base.as_str());
    file.line("copy", worktrees.copy.clone());
    file.line("link", worktrees.link.clone());
    file.line("hooks", worktrees.hooks);
    file.line("setup", worktrees.setup.clone());
    file.line("setup_timeout", duration::render(worktrees.setup_timeout));

    let queue = &settings.queue;
    let limit = |limit: Option<u32>| limit.map_or_else(|| Value::from("off"), Value::from);
    file.section("queue");
    file.line("max_running", queue.max_running);
    file.line("per_agent", limit(queue.per_agent));
    file.line("per_repo", limit(queue.per_repo));
    file.line("max_orphan_retries", queue.max_orphan_retries);
    file.line("timeout", queue.timeout.map_or_else(|| "off".to_owned(), duration::render));

    file.section("completion");
    file.line("verify", settings.completion.verify.clone());
    file.line("verify_timeout", duration::render(settings.completion.verify_timeout));
    file.line("preamble", settings.completion.preamble.as_str());

    let tmux = &settings.tmux;
    file.section("tmux");
    file.line("socket", tmux.socket.as_deref().unwrap_or_default());
    file.line("size", format!("{}x{}", tmux.columns, tmux.rows));
    file.line("keep_ended", tmux.keep_ended);
    file.line("grace", duration::render(tmux.grace));
    file.line("alternate_screen", tmux.alternate_screen);

    let timing = &settings.timing;
    file.section("timing");
    file.line("git", duration::render(timing.git));
    file.line("tmux", duration::render(timing.tmux));
    file.line("start", duration::render(timing.start));
    file.line("saga", duration::render(timing.saga));
    file.line("database", duration::render(timing.database));

    file.section("notify");
    for (event, argv) in &settings.notify {
        file.line(event, argv.clone());
    }

    file.section("ui");
    file.line("theme", settings.ui.theme.as_str());
    file.line("ascii", settings.ui.ascii);
    let colors = settings.ui.colors.iter().map(|(role, colour)| (role.clone(), Value::from(colour.as_str())));
    file.line("colors", colors.collect::<toml::Table>());

    file.section("keys");
    for (name, keys) in &settings.keys {
        file.line(name, keys.clone());
    }
    file.0
}

fn profile(file: &mut File, agent: &Profile) {
    let bare = agent.name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare {
        file.section(&format!("agents.{}", agent.name));
    } else {
        file.section(&format!("agents.\"{}\"", agent.name));
    }
    if !agent.command.is_empty() {
        file.line("command", agent.command.clone());
    }
    file.line("resume", agent.resume.clone());
    file.line("headless", agent.headless.clone());
    file.line("headless_resume", agent.headless_resume.clone());
    file.line("mode", written(&MODES, agent.mode));
    file.line("safe", agent.safe_args.clone());
    file.line("unsafe", agent.unsafe_args.clone());
    file.line("no_output", written(&NO_OUTPUT, agent.no_output));
    let env = agent.env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    file.line("env", env.collect::<toml::Table>());
    file.line("preamble", agent.preamble);
    file.line("hooks", agent.hooks);
    file.line("waiting", agent.waiting.clone());
    file.line("limit", agent.limit.clone());
    file.line("resume_after_limit", agent.resume_after_limit);
}

fn written<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, named)| *named == value).map_or("", |(name, _)| name)
}

struct File(String);

impl File {
    fn section(&mut self, name: &str) {
        // Writing to a string can't fail.
        writeln!(self.0, "\n[{name}]").unwrap_or_default();
    }

    fn line(&mut self, key: &str, value: impl Into<Value>) {
        writeln!(self.0, "{key} = {}", value.into()).unwrap_or_default();
    }
}
