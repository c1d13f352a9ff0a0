//! `ganger agents`: which there are, and the hooks of one worktree.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::Outcome;
use crate::agent::hooks::Mechanism;
use crate::agent::hooks::install::{self, Git, Refusal, Site};
use crate::cli::args::Agents;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::profile::{Mode, Profile};
use crate::domain::text;
use crate::engine::dispatch::preflight;
use crate::engine::{Fault, Kind};
use crate::git::files;
use crate::os::disk::FileSystem;
use crate::os::process::{Answer, Call, run as call};
use crate::os::tree_files::WorktreeFiles;

/// How long an agent may take to say its version.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lists the agents, or installs or removes the hooks of one.
///
/// # Errors
/// [`Kind::Usage`] where there is no worktree or no such agent, [`Kind::Conflict`] where the user's files are in the way.
pub fn run(wiring: &Wiring, command: Option<&Agents>) -> Outcome {
    match command {
        None => list(wiring),
        Some(Agents::InstallHooks { name, print, force }) => install_hooks(wiring, name, *print, *force),
        Some(Agents::UninstallHooks { name }) => uninstall_hooks(wiring, name),
    }
}

/// The hooks that a profile's own program speaks, whatever wraps it.
fn spoken(profile: &Profile, name: &str) -> Option<Mechanism> {
    Mechanism::of(name, profile.argv(false, None).first().map_or("", String::as_str))
}

fn list(wiring: &Wiring) -> Outcome {
    let engine = wiring.engine()?;
    let worktree = worktree(wiring);
    if let (Err(fault), Some(_)) = (&worktree, &wiring.global.repo) {
        return Err(fault.clone());
    }
    let repo = wiring.repository_if_any(&engine)?;
    let settings = wiring.settings_at(&engine, repo.as_deref())?;
    let agents: Vec<Agent> = std::thread::scope(|scope| {
        let looks: Vec<_> = settings
            .agents
            .values()
            .map(|profile| {
                let program = profile.program().unwrap_or_default();
                let installed = preflight::is_installed(&engine, program).ok();
                // What is within a wrapper is not asked: it may be on another machine.
                let asks = profile.wrap.is_empty() && !profile.version.is_empty();
                let version =
                    (installed == Some(true) && asks).then(|| scope.spawn(|| version(program, &profile.version)));
                (profile, program, installed, version)
            })
            .collect();
        let finish = |(profile, program, installed, version): (&Profile, &str, Option<bool>, Option<_>)| Agent {
            name: profile.name.clone(),
            mode: profile.mode,
            program: program.to_owned(),
            installed,
            version: version.and_then(|look: std::thread::ScopedJoinHandle<'_, _>| look.join().ok().flatten()),
            hooks: profile.hooks.as_deref().or(Some(&profile.name)).and_then(|name| spoken(profile, name)).map(
                |mechanism| worktree.as_ref().is_ok_and(|worktree| install::is_installed(site(worktree), mechanism)),
            ),
        };
        looks.into_iter().map(finish).collect()
    });
    if wiring.global.json {
        output::object(json!({ "agents": agents.iter().map(Agent::json).collect::<Vec<Value>>() }));
    } else {
        let head = ["NAME", "MODE", "PROGRAM", "VERSION", "HOOKS"].map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(agents.iter().map(Agent::row)).collect();
        output::table(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is known of one agent.
struct Agent {
    name: String,
    mode: Mode,
    program: String,
    /// `None` where it could not be looked for.
    installed: Option<bool>,
    version: Option<String>,
    /// Whether its hooks are in this worktree; `None` where it has no such thing.
    hooks: Option<bool>,
}

impl Agent {
    const fn mode(&self) -> &'static str {
        match self.mode {
            Mode::Interactive => "interactive",
            Mode::Headless => "headless",
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "mode": self.mode(),
            "program": self.program,
            "installed": self.installed,
            "version": self.version,
            "hooks": self.hooks,
        })
    }

    fn row(&self) -> Vec<String> {
        let version = match (self.installed, &self.version) {
            (None, _) => "unknown",
            (Some(false), _) => "not installed",
            (Some(true), None) => "installed",
            (Some(true), Some(version)) => version,
        };
        let hooks = match self.hooks {
            None => "-",
            Some(false) => "no",
            Some(true) => "yes",
        };
        vec![
            text::line(&self.name),
            self.mode().to_owned(),
            text::line(&self.program),
            version.to_owned(),
            hooks.to_owned(),
        ]
    }
}

/// The first line that the program says of its version.
fn version(program: &str, asking: &[String]) -> Option<String> {
    let answer = call(&Call::new(program, PATIENCE).args(asking)).ok().filter(Answer::ok)?;
    let said = text::plain(&answer.text());
    let first = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(text::cut(&text::line(first), 60))
}

/// A worktree on disk.
fn site(root: &Path) -> Site<'_> {
    Site { root, disk: &FileSystem, files: &WorktreeFiles }
}

fn install_hooks(wiring: &Wiring, name: &str, print: bool, force: bool) -> Outcome {
    let (mechanism, root) = (mechanism(name)?, worktree(wiring)?);
    if print {
        output::put(&install::preview(site(&root), mechanism).map_err(refused)?);
        return Ok(ExitCode::SUCCESS);
    }
    let ignored = |path: &Path| files::is_ignored(&root, path).map_err(|error| error.to_string());
    let tracked = |path: &Path| files::is_tracked(&root, path).map_err(|error| error.to_string());
    let git = Git { ignored: &ignored, tracked: &tracked };
    let outcome = install::install(site(&root), mechanism, force, git).map_err(refused)?;
    let sentence = match outcome {
        install::Outcome::Changed => format!("the hooks of {name} are in {}", mechanism.file()),
        install::Outcome::Unchanged => format!("the hooks of {name} were in {} already", mechanism.file()),
    };
    say(wiring, mechanism, &root, true, outcome, &sentence);
    if let Some(note) = mechanism.note() {
        output::mention(note);
    }
    Ok(ExitCode::SUCCESS)
}

fn uninstall_hooks(wiring: &Wiring, name: &str) -> Outcome {
    let (mechanism, root) = (mechanism(name)?, worktree(wiring)?);
    let tracked = |path: &Path| files::is_tracked(&root, path).map_err(|error| error.to_string());
    let git = Git { ignored: &|_| Ok(true), tracked: &tracked };
    let outcome = install::uninstall(site(&root), mechanism, git).map_err(refused)?;
    let sentence = match outcome {
        install::Outcome::Changed => format!("the hooks of {name} are out of {}", mechanism.file()),
        install::Outcome::Unchanged => format!("there were no hooks of {name} in {}", mechanism.file()),
    };
    say(wiring, mechanism, &root, false, outcome, &sentence);
    Ok(ExitCode::SUCCESS)
}

fn say(wiring: &Wiring, mechanism: Mechanism, root: &Path, installed: bool, outcome: install::Outcome, sentence: &str) {
    if wiring.global.json {
        output::object(json!({
            "agent": mechanism.name(),
            "path": root.join(mechanism.file()).to_string_lossy(),
            "hooks": installed,
            "changed": outcome == install::Outcome::Changed,
        }));
    } else {
        output::say(sentence);
    }
}

fn mechanism(name: &str) -> Result<Mechanism, Fault> {
    Mechanism::for_agent(name).ok_or_else(|| {
        let known: Vec<&str> = Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect();
        Fault::new(Kind::Usage, format!("no hooks of an agent {name:?} are known"))
            .hint(format!("one of {}", known.join(", ")))
    })
}

/// The worktree around here: the one that an agent would be started in.
fn worktree(wiring: &Wiring) -> Result<PathBuf, Fault> {
    let from = wiring.global.repo.clone().unwrap_or_else(|| PathBuf::from("."));
    files::worktree_around(&from)
        .map_err(|error| Fault::new(Kind::Usage, error.to_string()).hint("-C PATH names a worktree"))
}

fn refused(refusal: Refusal) -> Fault {
    let hint = refusal.hint.unwrap_or_else(|| "fix it, or move it away".to_owned());
    Fault::new(Kind::Conflict, refusal.why).hint(hint)
}
