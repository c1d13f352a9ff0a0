//! `ganger trust`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Outcome;
use crate::cli::args::{Global, Trust};
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::config::RepositoryFiles;
use crate::domain::profile::Profile;
use crate::domain::settings::Settings;
use crate::domain::text;
use crate::engine::trust::{self, Refusal, Standing};
use crate::engine::{Engine, Fault, Kind};
use crate::git::Git;
use crate::ports::repositories::{Repositories as _, Supplied};
use crate::ports::worktrees::Worktrees as _;

/// Trusts the file of the repository around here, or shows or revokes that.
///
/// # Errors
/// [`Kind::Usage`] where there is no such file, or it says something wrongly.
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
    if args.show {
        let whole = json!({ "path": shown(&supplied.path), "hash": supplied.hash, "trusted": trusted });
        answer(wiring, whole, &head(&supplied, trusted));
        return Ok(ExitCode::SUCCESS);
    }
    let orders = orders(&engine, &supplied).map_err(|refusal| refusal.fault(&repo))?;
    trust::trust(&engine, &repo, &supplied)?;
    let (whole, rows) = told(&engine, &supplied, &orders);
    answer(wiring, whole, &rows);
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

/// What the file itself says, besides a person's own settings.
fn orders(engine: &Engine, supplied: &Supplied) -> Result<Settings, Refusal> {
    let mut silent = Settings::clone(&engine.settings);
    for list in [&mut silent.worktrees.copy, &mut silent.worktrees.link, &mut silent.worktrees.setup] {
        list.clear();
    }
    silent.completion.verify.clear();
    silent.worktrees.hooks = false;
    engine.ports.repositories.settings(&silent, supplied).map_err(Refusal::Unfit)
}

/// What was trusted, for programs and for people.
fn told(engine: &Engine, supplied: &Supplied, orders: &Settings) -> (Value, Vec<Vec<String>>) {
    let agents: Vec<&Profile> =
        orders.agents.values().filter(|agent| engine.settings.agents.get(&agent.name) != Some(*agent)).collect();
    let (worktrees, verify) = (&orders.worktrees, &orders.completion.verify);
    let mut whole = json!({
        "path": shown(&supplied.path), "hash": supplied.hash, "trusted": true, "copy": worktrees.copy,
        "link": worktrees.link, "hooks": worktrees.hooks, "setup": worktrees.setup, "verify": verify, "agents": {},
    });
    let mut rows = head(supplied, true);
    let hook = if worktrees.hooks { vec!["git hook run post-checkout".to_owned()] } else { Vec::new() };
    let lists = [
        ("copies", &worktrees.copy),
        ("links", &worktrees.link),
        ("runs", &hook),
        ("runs", &worktrees.setup),
        ("verifies", verify),
    ];
    rows.extend(lists.iter().flat_map(|(name, list)| list.iter().map(|entry| row(name, entry))));
    for agent in agents {
        let name = &agent.name;
        let argvs = [
            ("command", &agent.command),
            ("resume", &agent.resume),
            ("headless", &agent.headless),
            ("headless_resume", &agent.headless_resume),
            ("safe", &agent.safe_args),
            ("unsafe", &agent.unsafe_args),
        ];
        for (key, argv) in argvs {
            whole["agents"][name][key] = json!(argv);
            if !argv.is_empty() {
                rows.push(row(&format!("{name}.{key}"), &format!("{argv:?}")));
            }
        }
        whole["agents"][name]["env"] = json!(agent.env.iter().cloned().collect::<BTreeMap<_, _>>());
        rows.extend(agent.env.iter().map(|(key, value)| row(&format!("{name}.env"), &format!("{key}={value}"))));
    }
    (whole, rows)
}

fn head(supplied: &Supplied, trusted: bool) -> Vec<Vec<String>> {
    let trusted = if trusted { "yes" } else { "no" };
    vec![row("file", &shown(&supplied.path)), row("sha256", &supplied.hash), row("trusted", trusted)]
}

fn row(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), text::line(value)]
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn answer(wiring: &Wiring, whole: Value, rows: &[Vec<String>]) {
    if wiring.global.json { output::object(whole) } else { output::table(rows) }
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
