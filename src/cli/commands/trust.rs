//! `ganger trust`: shows everything that a repository's own file says, then trusts those very bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Outcome, consents};
use crate::cli::args::{Global, Trust};
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::config::{self, RepositoryFiles};
use crate::domain::id::TaskId;
use crate::domain::settings::Settings;
use crate::domain::text;
use crate::engine::trust::{self, Refusal, Standing};
use crate::engine::{Engine, Fault, Kind};
use crate::git::Git;
use crate::ports::repositories::{Repositories as _, Supplied};
use crate::ports::worktrees::Worktrees as _;

/// What a file says, by key.
type Stated = BTreeMap<String, toml::Value>;

/// Trusts the file of the repository around here, or shows or revokes that.
///
/// # Errors
/// [`Kind::Usage`] where there is no such file, or it says something wrongly; [`Kind::Failed`] where a person declines.
pub fn run(wiring: &Wiring, args: &Trust) -> Outcome {
    let engine = wiring.engine()?;
    let repo = wiring.repository(&engine)?;
    if args.revoke {
        return revoke(wiring, &engine, &repo);
    }
    let standing = trust::standing(&engine, &repo).map_err(|refusal| refusal.fault(&repo))?;
    let (supplied, trusted) = match standing {
        Standing::Absent => {
            let message = format!("{} has no .ganger.toml in its main worktree", repo.display());
            return Err(Fault::new(Kind::Usage, message).hint("-C PATH names another repository"));
        }
        Standing::Trusted(supplied) => (supplied, true),
        Standing::Untrusted(supplied) => (supplied, false),
    };
    let before = engine.ports.store.trusted_before(&repo)?.filter(|before| *before != supplied.bytes);
    let page = Page { supplied: &supplied, trusted, before: before.as_deref() };
    let unfit = engine.ports.repositories.settings(&engine.settings, &supplied).err();
    if args.show {
        answer(wiring, &page, unfit.as_ref().map(|unfit| unfit.message.as_str()), &[]);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unfit) = unfit {
        return Err(Refusal::Unfit(unfit).fault(&repo));
    }
    // All of it is shown before any of it is obeyed. A script that says `ganger trust` means it.
    if !wiring.global.json {
        output::table(&page.rows(None));
        if !args.yes && !trusted && !consents("obey this from now on?")?.unwrap_or(true) {
            return Err(Fault::new(Kind::Failed, "nothing is trusted").hint(trust::hint(&repo)));
        }
    }
    trust::trust(&engine, &repo, &supplied)?;
    let moved = trust::default_agents(&engine, &repo)?;
    let page = Page { trusted: true, ..page };
    if wiring.global.json {
        answer(wiring, &page, None, &moved);
    } else {
        output::say(&format!("trusted: {} is obeyed as it is now", shown(&supplied.path)));
        for (task, agent) in moved {
            output::say(&format!("task {task} named no agent, and gets {agent}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn revoke(wiring: &Wiring, engine: &Engine, repo: &Path) -> Outcome {
    let forgotten = engine.ports.store.distrust(repo)?;
    if wiring.global.json {
        output::object(json!({ "repo": shown(repo), "forgotten": forgotten }));
    } else {
        output::say(&format!("nothing of {} is trusted; before, {forgotten} contents were", shown(repo)));
    }
    Ok(ExitCode::SUCCESS)
}

/// A file, and how it stands.
#[derive(Clone, Copy)]
struct Page<'a> {
    supplied: &'a Supplied,
    trusted: bool,
    /// What was trusted last, where that was something else and is known.
    before: Option<&'a [u8]>,
}

impl Page<'_> {
    fn rows(&self, unfit: Option<&str>) -> Vec<Vec<String>> {
        let row = |name: &str, value: &str| vec![name.to_owned(), text::line(value)];
        let mut rows = vec![
            row("file", &shown(&self.supplied.path)),
            row("sha256", &self.supplied.hash),
            row("trusted", if self.trusted { "yes" } else { "no" }),
        ];
        rows.extend(unfit.map(|unfit| row("refused", unfit)));
        let Some(now) = config::stated(&self.supplied.bytes) else { return rows };
        let Some(before) = self.before.and_then(config::stated).filter(|_| !self.trusted) else {
            rows.extend(now.iter().flat_map(|(key, value)| lines(key, value)).map(|(key, value)| row(&key, &value)));
            return rows;
        };
        rows.push(row("", "(+ and -: what has changed since it was trusted last)"));
        let (now, before) = (all_lines(&now), all_lines(&before));
        let gone = before.iter().filter(|line| !now.contains(line)).map(|line| ("-", line));
        let there = now.iter().map(|line| (if before.contains(line) { " " } else { "+" }, line));
        let mut marked: Vec<_> = gone.chain(there).collect();
        // By key; what was taken away comes first, and the commands of a list stay in their order.
        marked.sort_by(|(_, (one, _)), (_, (other, _))| one.cmp(other));
        rows.extend(marked.into_iter().map(|(mark, (key, value))| row(&format!("{mark} {}", text::line(key)), value)));
        rows
    }

    fn json(&self, unfit: Option<&str>, moved: &[(TaskId, String)]) -> Value {
        let now = config::stated(&self.supplied.bytes);
        let list =
            |key: &str| now.as_ref().and_then(|now| now.get(key)).map_or_else(|| json!([]), |value| json!(value));
        let hooks =
            now.as_ref().and_then(|now| now.get("worktrees.hooks")).is_some_and(|hooks| hooks.as_bool() == Some(true));
        let whole: Option<toml::Table> =
            std::str::from_utf8(&self.supplied.bytes).ok().and_then(|text| text.parse().ok());
        let agents =
            whole.as_ref().and_then(|whole| whole.get("agents")).map_or_else(|| json!({}), |agents| json!(agents));
        json!({
            "path": shown(&self.supplied.path), "hash": self.supplied.hash, "trusted": self.trusted,
            "settings": now, "before": self.before.and_then(config::stated), "refused": unfit,
            "copy": list("worktrees.copy"), "link": list("worktrees.link"), "hooks": hooks,
            "setup": list("worktrees.setup"), "verify": list("completion.verify"), "agents": agents,
            "tasks": moved.iter().map(|(task, agent)| json!({ "task": task.0, "agent": agent })).collect::<Vec<_>>(),
        })
    }
}

fn all_lines(stated: &Stated) -> Vec<(String, String)> {
    stated.iter().flat_map(|(key, value)| lines(key, value)).collect()
}

/// A value as lines: each command or pattern of a list has its own; an argument list stays together.
fn lines(key: &str, value: &toml::Value) -> Vec<(String, String)> {
    let is_argv = key.starts_with("agents.");
    match value {
        toml::Value::Array(members) if !is_argv && !members.is_empty() => {
            members.iter().map(|member| (key.to_owned(), faithful(member))).collect()
        }
        toml::Value::Boolean(true) if key == "worktrees.hooks" => {
            vec![(key.to_owned(), "true: runs git hook run post-checkout".to_owned())]
        }
        value => vec![(key.to_owned(), faithful(value))],
    }
}

/// A value so that nothing of it can hide: what is more than one plain line is quoted and escaped.
fn faithful(value: &toml::Value) -> String {
    let is_plain = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().eq(std::iter::once(c));
    match value {
        toml::Value::String(text) if !text.is_empty() && text.trim() == text && text.chars().all(is_plain) => {
            text.clone()
        }
        toml::Value::String(text) => format!("{text:?}"),
        toml::Value::Array(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|member| member.as_str().map_or_else(|| faithful(member), |text| format!("{text:?}")))
                .collect();
            format!("[{}]", members.join(", "))
        }
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Table(_) => value.to_string(),
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn answer(wiring: &Wiring, page: &Page<'_>, unfit: Option<&str>, moved: &[(TaskId, String)]) {
    if wiring.global.json { output::object(page.json(unfit, moved)) } else { output::table(&page.rows(unfit)) }
}

/// The file of the repository around here, without a look at any database.
///
/// # Errors
/// [`Kind::Usage`] where a repository was named that is none, and where the file can't be read.
pub fn file_here(global: &Global, settings: &Settings) -> Result<Option<(PathBuf, Supplied)>, Fault> {
    let from = global.repo.clone().unwrap_or_else(|| PathBuf::from("."));
    let repo = match Git::new(settings.timing.git).repository(&from) {
        Ok(repo) => repo,
        Err(_) if global.repo.is_none() => return Ok(None),
        Err(error) => return Err(Fault::new(Kind::Usage, error.to_string()).hint("-C PATH names a git repository")),
    };
    let supplied = RepositoryFiles.supplied(&repo).map_err(|error| {
        Fault::new(Kind::Usage, format!("{}: {error}", repo.join(".ganger.toml").display()))
            .hint("correct it, or remove it")
    })?;
    Ok(supplied.map(|supplied| (repo, supplied)))
}

/// Says how the file of the repository around here stands, if there is one. What can't be found out is not said.
pub fn mention(wiring: &Wiring) {
    let Ok(Some((repo, _))) = file_here(&wiring.global, &wiring.settings) else { return };
    let Ok(engine) = wiring.engine() else { return };
    match trust::standing(&engine, &repo) {
        Ok(Standing::Absent) | Err(_) => {}
        Ok(Standing::Trusted(supplied)) => output::mention(&format!("{} is obeyed", supplied.path.display())),
        Ok(Standing::Untrusted(supplied)) => {
            output::mention(&format!(
                "{} is not trusted and not obeyed: {}",
                supplied.path.display(),
                trust::hint(&repo)
            ));
        }
    }
}
