//! P0: what can be known to fail before a task is touched.
//!
//! A fault of the machine leaves the task as it is; a fault of the task's own fails it, without a claim.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::domain::profile::Profile;
use crate::domain::settings::Settings;
use crate::domain::task::Task;
use crate::engine::trust::{self, Refusal};
use crate::engine::{Engine, Fault, Kind, stack};
use crate::ports::multiplexer::Server;
use crate::ports::worktrees::TreeError;

/// What the preflight found out.
#[derive(Clone, Debug)]
pub struct Cleared {
    /// Those of its repository.
    pub settings: Arc<Settings>,
    pub profile: Profile,
    /// The full id of the commit to start from.
    pub base: String,
    pub server: Server,
    /// Whether the database was in doubt when agents were looked for that it does not know of.
    pub doubted: bool,
}

/// Why it can't be dispatched.
#[derive(Clone, Debug)]
pub enum Obstacle {
    /// The task is not touched.
    Machine(Fault),
    /// The task fails, with this reason.
    Task { reason: String, hint: String },
}

/// Checks machine, repository, base and agent.
///
/// # Errors
/// The first obstacle.
pub fn check(engine: &Engine, task: &Task, agent: &str) -> Result<Cleared, Obstacle> {
    let server = engine.ports.mux.server(&engine.around.socket).map_err(|error| Obstacle::Machine(error.into()))?;
    if !find(engine, "git")? {
        let fault = Fault::new(Kind::Failed, "git is not installed: there is no executable git on PATH");
        return Err(Obstacle::Machine(fault.hint("install git")));
    }
    let repo = &task.draft.repo;
    let trees = &engine.ports.trees;
    trees.repository(repo).map_err(|error| tree_obstacle(error, "ganger rm the task, or bring its repository back"))?;
    let settings = trust::settings(engine, repo).map_err(|refusal| untrusted(repo, refusal))?;
    let Some(profile) = settings.agents.get(agent) else {
        return Err(Obstacle::Task {
            reason: format!("agent {agent:?} is not configured"),
            hint: format!(
                "add [agents.{agent}] to the configuration, or dispatch with --agent; known: {}",
                settings.agents.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        });
    };
    // What is started where it goes to, nobody knows here.
    if let Some(program) = profile.program()
        && !find(engine, program)?
    {
        let (what, key) = if profile.wrap.is_empty() { ("agent", "command") } else { ("what wraps agent", "wrap") };
        return Err(Obstacle::Task {
            reason: format!("{what} {agent:?} is missing: {program:?} is not an executable on PATH"),
            hint: format!("install it, or change agents.{agent}.{key}: ganger config path"),
        });
    }
    let base = match (&task.draft.branch, &task.draft.base) {
        (Some(branch), _) => {
            let hint = format!(
                "ganger edit {0} --branch ANOTHER, or --no-branch for a new one; then: ganger retry {0}",
                task.id
            );
            trees.resolve(repo, &format!("refs/heads/{branch}")).map_err(|error| tree_obstacle(error, &hint))?
        }
        (None, _) if stack::is_stacked(task, &settings) => match stack::tip(engine, task).map_err(Obstacle::Machine)? {
            Some(tip) => tip,
            // What it waited for is home already.
            None => trees
                .resolve(repo, "HEAD")
                .map_err(|error| tree_obstacle(error, &format!("ganger show {}", task.id)))?,
        },
        (None, base) => {
            let base = base.as_deref().unwrap_or(&settings.worktrees.base);
            trees.resolve(repo, base).map_err(|error| tree_obstacle(error, "add the task with another --base"))?
        }
    };
    let profile = profile.clone();
    Ok(Cleared { settings, profile, base, server, doubted: false })
}

/// A file that nobody trusts, or that can't be obeyed, is a matter of its repository's tasks.
fn untrusted(repo: &Path, refusal: Refusal) -> Obstacle {
    match refusal {
        Refusal::Untrusted => Obstacle::Task { reason: trust::UNTRUSTED.to_owned(), hint: trust::hint(repo) },
        Refusal::Unfit(unfit) => Obstacle::Task { reason: unfit.message, hint: unfit.hint },
        Refusal::Unread(fault) => Obstacle::Machine(fault),
    }
}

fn tree_obstacle(error: TreeError, hint: &str) -> Obstacle {
    match error {
        TreeError::Impossible(reason) => Obstacle::Task { reason, hint: hint.to_owned() },
        TreeError::Missing(_)
        | TreeError::Taken(_)
        | TreeError::Busy(_)
        | TreeError::Deadline { .. }
        | TreeError::Revoked
        | TreeError::Failed { .. } => {
            Obstacle::Machine(Fault::new(Kind::Failed, error.to_string()).hint("ganger doctor"))
        }
    }
}

/// A search that fails is the machine's fault: whether the program is there is not known.
fn find(engine: &Engine, program: &str) -> Result<bool, Obstacle> {
    is_installed(engine, program).map_err(|error| {
        let fault = Fault::io(&format!("looking for {program:?} on PATH"), &error);
        Obstacle::Machine(fault.hint("ganger doctor"))
    })
}

/// Whether the agent's program can be found; one with a relative path is looked for in the worktree, later.
///
/// # Errors
/// What the system says of a place that can't be looked at, where the program is in no other.
pub fn is_installed(engine: &Engine, program: &str) -> io::Result<bool> {
    let disk = &engine.ports.disk;
    if program.contains('{') || (program.contains('/') && !program.starts_with('/')) {
        return Ok(true);
    }
    if program.starts_with('/') {
        return disk.is_program(Path::new(program));
    }
    let path = engine.around.environment.iter().find(|(name, _)| name.as_bytes() == b"PATH").map(|(_, value)| value);
    let mut unknown = Ok(false);
    for folder in path.into_iter().flat_map(std::env::split_paths) {
        match disk.is_program(&folder.join(program)) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            failed => unknown = failed,
        }
    }
    unknown
}
