//! The auditor: what must hold of a state at rest, recomputed from the raw facts.
//!
//! It shares nothing with the reconciler's decisions, so that one can prove the other wrong. It reads only. What it
//! could not look at is an unknown, never a violation.

mod facts;
mod living;
mod told;
mod work;

use std::path::Path;
use std::time::Duration;

use super::{Engine, Fault};
use crate::domain::id::{AttemptId, TaskId};

use facts::Facts;

/// Something that does not hold, or could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its number in ARCHITECTURE.md: `I1` and so on.
    pub invariant: &'static str,
    pub task: TaskId,
    pub attempt: Option<AttemptId>,
    /// What was seen, one sentence.
    pub found: String,
    /// The next command to try.
    pub hint: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub violations: Vec<Finding>,
    pub unknown: Vec<Finding>,
}

impl Audit {
    fn violated(&mut self, invariant: &'static str, task: TaskId, attempt: Option<&AttemptId>, found: String) {
        let hint = match invariant {
            "I1" | "I2" | "I3" => "ganger --reconcile".to_owned(),
            _ => format!("ganger show {task}"),
        };
        self.violations.push(Finding { invariant, task, attempt: attempt.cloned(), found, hint });
    }

    fn unsure(&mut self, invariant: &'static str, task: TaskId, attempt: Option<&AttemptId>, found: String) {
        let hint = format!("ganger show {task}");
        self.unknown.push(Finding { invariant, task, attempt: attempt.cloned(), found, hint });
    }
}

/// How often a violation is looked at again: an agent that ends passes through states that are none of rest.
const LOOKS: u32 = 20;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Audits the tasks of a repository, or all. A violation is reported only if it stays for two seconds.
///
/// # Errors
/// Those of the store.
pub fn audit(engine: &Engine, repo: Option<&Path>) -> Result<Audit, Fault> {
    let mut audit = look(engine, repo)?;
    for _ in 0..LOOKS {
        if audit.violations.is_empty() {
            break;
        }
        engine.ports.clock.pause(PAUSE);
        let again = look(engine, repo)?;
        let same = |one: &Finding, other: &Finding| {
            (one.invariant, one.task, &one.attempt) == (other.invariant, other.task, &other.attempt)
        };
        let stayed = |found: &Finding| audit.violations.iter().any(|earlier| same(earlier, found));
        let violations = again.violations.into_iter().filter(stayed).collect();
        audit = Audit { violations, unknown: again.unknown };
    }
    Ok(audit)
}

fn look(engine: &Engine, repo: Option<&Path>) -> Result<Audit, Fault> {
    let facts = Facts::gather(engine, repo)?;
    let mut audit = Audit::default();
    for task in &facts.tasks {
        living::check(task, &mut audit);
        work::check(task, &mut audit);
        told::check(task, engine.limits(&task.task.draft.repo).max_orphan_retries, &mut audit);
    }
    for stray in &facts.strays {
        if let Some(task) = stray.task() {
            let (invariant, attempt) = ("I3", Some(stray.attempt.clone()));
            audit.unknown.push(Finding { invariant, task, attempt, found: stray.reason(), hint: stray.hint() });
        }
    }
    Ok(audit)
}
