//! Who gives this command: the user, or an agent of this board.
//!
//! Descent decides before the environment, which an agent can change. Whatever names an attempt that this board does not
//! have says nothing: it is another board's.

use std::path::PathBuf;

use super::{Engine, Fault, Kind};
use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, Process, TaskId};
use crate::domain::permission::{Agent, Caller, Known, Refusal, Verb, decide};
use crate::ports::store::Which;

/// What the environment says of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub attempt: Option<AttemptId>,
    pub task: Option<TaskId>,
    pub worktree: Option<PathBuf>,
    pub token: Option<String>,
}

impl Named {
    /// The attempt: the one that is named, else one that the other variables are left of.
    fn attempt(&self, engine: &Engine) -> Result<Option<Attempt>, Fault> {
        if let Some(attempt) = &self.attempt {
            return Ok(engine.ports.store.attempt(attempt)?);
        }
        let Some(task) = self.task else { return Ok(None) };
        let attempts = engine.ports.store.attempts(&Which::Of(task))?;
        let is_left_of = |row: &Attempt| {
            self.token.as_ref() == Some(&row.plan.token) || self.worktree.as_ref() == Some(&row.plan.worktree)
        };
        // Attempts may have had the same worktree, one after the other.
        Ok(attempts.into_iter().rev().find(is_left_of))
    }
}

/// Finds out who gives this command. `above` are the shims that this process descends from, nearest first; `named` is
/// what the environment says.
///
/// # Errors
/// Those of the store.
pub fn caller(engine: &Engine, above: &[(AttemptId, Process)], named: &Named) -> Result<Caller, Fault> {
    let agent = |row: Attempt, known| {
        let is_over = !row.phase.is_live() && known == Known::Environment;
        Caller::Agent(Agent { attempt: row.plan.id, task: row.plan.task, may: row.plan.may, known, is_over })
    };
    for (attempt, process) in above {
        if let Some(row) = engine.ports.store.attempt(attempt)?.filter(|row| row.shim == Some(*process)) {
            return Ok(agent(row, Known::Descent));
        }
    }
    Ok(named.attempt(engine)?.map_or(Caller::Person, |row| agent(row, Known::Environment)))
}

/// Refuses what this engine's caller may not do. `about` is the task that a word is about, where that was said.
///
/// # Errors
/// [`Kind::Conflict`], with what an agent may do and what lets it do more.
pub fn check(engine: &Engine, verb: Verb, about: Option<TaskId>) -> Result<(), Fault> {
    let Caller::Agent(agent) = &engine.around.caller else { return Ok(()) };
    decide(&engine.around.caller, verb, about).map_err(|refusal| refused(agent, refusal))
}

fn refused(agent: &Agent, refusal: Refusal) -> Fault {
    let task = agent.task;
    let who = match (agent.known, agent.is_over) {
        (Known::Descent, _) => format!("this is the agent of task {task}"),
        (Known::Environment, false) => format!("the environment says that this is the agent of task {task}"),
        (Known::Environment, true) => {
            format!("the environment says that this is the agent of task {task}, whose attempt is over")
        }
    };
    let may = "an agent may: done, fail, ask and note on its own task, and what only reads";
    let more = match refusal {
        Refusal::NotGranted(verb) if !agent.is_over => {
            format!("; permissions.agents = [\"{verb}\"] in your configuration lets later attempts do this")
        }
        Refusal::NotGranted(_) | Refusal::Personal(_) | Refusal::OtherTask(_) => String::new(),
    };
    // An agent's own descent can't come about by accident.
    let accident = match agent.known {
        Known::Environment => "; if you are not that agent: unset GANGER_ATTEMPT GANGER_TOKEN GANGER_TASK",
        Known::Descent => "",
    };
    Fault::new(Kind::Conflict, format!("{refusal}, and {who}")).of(task).hint(format!("{may}{more}{accident}"))
}
