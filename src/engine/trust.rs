//! What a repository supplies, and whether a person trusts it: its own configuration is obeyed only as long as
//! its content is one that somebody said `ganger trust` to.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::{Engine, Fault, Kind};
use crate::domain::id::TaskId;
use crate::domain::settings::Settings;
use crate::domain::state::{Status, Who};
use crate::domain::task::{Edit, Task};
use crate::domain::text;
use crate::ports::repositories::{Supplied, Unfit};
use crate::ports::store::{Amendment, Filter};

/// Why nothing of a repository is dispatched.
pub const UNTRUSTED: &str = "the repository's .ganger.toml is not trusted (it was changed, or never trusted)";

/// How a repository's own configuration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has none.
    Absent,
    Trusted(Supplied),
    /// It was changed, or never trusted.
    Untrusted(Supplied),
}

/// Why a repository's settings can't be had.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The file is not trusted.
    Untrusted,
    /// It says something wrongly, or is no file that can be read.
    Unfit(Unfit),
    /// It, or what is trusted, could not be looked at.
    Unread(Fault),
}

impl Refusal {
    /// What a command says that needs those settings.
    #[must_use]
    pub fn fault(self, repo: &Path) -> Fault {
        match self {
            Self::Untrusted => Fault::new(Kind::Usage, UNTRUSTED).hint(hint(repo)),
            Self::Unfit(unfit) => Fault::new(Kind::Usage, unfit.message).hint(unfit.hint),
            Self::Unread(fault) => fault,
        }
    }
}

/// Reads a repository's own configuration, trusted or not.
///
/// # Errors
/// [`Refusal::Unfit`] where it is no file that can be read, [`Refusal::Unread`].
pub fn supplied(engine: &Engine, repo: &Path) -> Result<Option<Supplied>, Refusal> {
    engine.ports.repositories.supplied(repo).map_err(|error| {
        let message = text::line(&format!("{} can't be read: {error}", repo.join(".ganger.toml").display()));
        match error.kind() {
            ErrorKind::InvalidData | ErrorKind::PermissionDenied | ErrorKind::NotFound => {
                Refusal::Unfit(Unfit { message, hint: "correct it, or remove it".to_owned() })
            }
            _ => Refusal::Unread(Fault::new(Kind::Failed, message).hint("ganger doctor")),
        }
    })
}

/// Reads a repository's own configuration and looks whether it is trusted.
///
/// # Errors
/// As [`supplied`], and those of the store.
pub fn standing(engine: &Engine, repo: &Path) -> Result<Standing, Refusal> {
    let Some(supplied) = supplied(engine, repo)? else { return Ok(Standing::Absent) };
    let trusted = engine.ports.store.trusted(repo).map_err(|error| Refusal::Unread(error.into()))?;
    Ok(if trusted.contains(&supplied.hash) { Standing::Trusted(supplied) } else { Standing::Untrusted(supplied) })
}

/// The settings that the tasks of a repository obey.
///
/// # Errors
/// See [`Refusal`].
pub fn settings(engine: &Engine, repo: &Path) -> Result<Arc<Settings>, Refusal> {
    match standing(engine, repo)? {
        Standing::Absent => Ok(Arc::clone(&engine.settings)),
        Standing::Untrusted(_) => Err(Refusal::Untrusted),
        Standing::Trusted(supplied) => {
            engine.ports.repositories.settings(&engine.settings, &supplied).map(Arc::new).map_err(Refusal::Unfit)
        }
    }
}

/// The settings for what runs nothing: of a file that is not trusted nothing is obeyed.
///
/// # Errors
/// [`Kind::Usage`] for what a trusted file says wrongly; those of the store.
pub fn settings_to_read(engine: &Engine, repo: &Path) -> Result<Arc<Settings>, Fault> {
    match settings(engine, repo) {
        Ok(settings) => Ok(settings),
        Err(Refusal::Untrusted) => Ok(Arc::clone(&engine.settings)),
        Err(refusal @ (Refusal::Unfit(_) | Refusal::Unread(_))) => Err(refusal.fault(repo)),
    }
}

/// Trusts what was read.
///
/// # Errors
/// Those of the store.
pub fn trust(engine: &Engine, repo: &Path, supplied: &Supplied) -> Result<(), Fault> {
    Ok(engine.ports.store.trust(repo, supplied, &engine.stamp(Who::Person))?)
}

/// What the event of an added task names the agent with that it got because none was named.
pub(super) const BY_DEFAULT: &str = "default_agent";

/// Gives the tasks that named no agent, and that no agent has worked at yet, the one that is the default now: they may
/// have been added when the repository's own was not obeyed yet. Those that it changed, with their agent.
///
/// # Errors
/// Those of the store, and [`Refusal`]'s.
pub fn default_agents(engine: &Engine, repo: &Path) -> Result<Vec<(TaskId, String)>, Fault> {
    let agent = settings(engine, repo).map_err(|refusal| refusal.fault(repo))?.default_agent.clone();
    let statuses = vec![Status::Ready, Status::Failed];
    let filter = Filter { repo: Some(repo.to_owned()), statuses, archived: false, removed: false };
    let mut moved = Vec::new();
    for task in engine.ports.store.tasks(&filter)?.tasks {
        if task.attempts > 0 || task.draft.agent == agent || !got_its_agent_by_default(engine, &task)? {
            continue;
        }
        let edit = Edit { agent: Some(agent.clone()), ..Edit::default() };
        let evidence = vec![(BY_DEFAULT, agent.clone())];
        let stamp = engine.stamp_with(Who::Person, evidence);
        if engine.ports.store.amend(&Amendment::Edit { task: task.id, edit }, &stamp)? {
            moved.push((task.id, agent.clone()));
        }
    }
    Ok(moved)
}

/// Whether a task's agent is the one that it got for want of another.
fn got_its_agent_by_default(engine: &Engine, task: &Task) -> Result<bool, Fault> {
    let records = engine.ports.store.timeline(Some(task.id), 0, 1000)?;
    let named = records.iter().rev().find_map(|record| {
        let evidence: serde_json::Value = serde_json::from_str(&record.evidence).ok()?;
        evidence.get(BY_DEFAULT)?.as_str().map(str::to_owned)
    });
    Ok(named.as_deref() == Some(task.draft.agent.as_str()))
}

/// What to say to trust a repository's configuration.
#[must_use]
pub fn hint(repo: &Path) -> String {
    format!("read it, then: ganger trust -C {}", repo.display())
}
