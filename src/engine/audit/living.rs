//! Who lives: I1, no ghost; I2, no twin; I3, no unowned agent; I10, identities are whole.

use super::Audit;
use super::facts::{AttemptFacts, TaskFacts, Where};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::state::{Phase, Status};

pub(super) fn check(facts: &TaskFacts, audit: &mut Audit) {
    no_ghost(facts, audit);
    no_twin(facts, audit);
    for attempt in &facts.attempts {
        owned(facts, attempt, audit);
        identified(facts, attempt, audit);
    }
}

fn no_ghost(facts: &TaskFacts, audit: &mut Audit) {
    let task = &facts.task;
    if task.status != Status::InProgress {
        return;
    }
    let current = facts.attempts.iter().find(|attempt| Some(&attempt.row.plan.id) == task.attempt.as_ref());
    let Some(attempt) = current else {
        return audit.violated("I1", task.id, None, "it is in progress without an attempt".to_owned());
    };
    let (id, row) = (Some(&attempt.row.plan.id), &attempt.row);
    let mut ghost = |found: String| audit.violated("I1", task.id, id, format!("it is in progress, and {found}"));
    match (row.phase, attempt.place) {
        (Phase::Exited | Phase::Revoked, _) => ghost(format!("its attempt is {}", row.phase)),
        (_, Where::OtherBoot) => ghost("the machine was restarted since".to_owned()),
        (_, Where::Elsewhere) => audit.unsure("I1", task.id, id, "it is in progress on another machine".to_owned()),
        (Phase::Claimed | Phase::Worktree | Phase::Spawning, Where::Here) => match attempt.saga {
            Lock::Held => {}
            Lock::Free | Lock::Missing | Lock::Replaced if attempt.ahead => {
                audit.unsure("I1", task.id, id, "it has come further than the database knows".to_owned());
            }
            Lock::Free | Lock::Missing | Lock::Replaced => ghost("no dispatcher works on it".to_owned()),
            Lock::Unknown => audit.unsure("I1", task.id, id, "its dispatcher's lock can't be asked".to_owned()),
        },
        (Phase::Running | Phase::Verifying, Where::Here) => match (attempt.lock, attempt.shim) {
            (Lock::Free, Probe::Dead | Probe::Unknown) => ghost("no process holds its lock".to_owned()),
            (Lock::Held, Probe::Dead) => ghost("its lock is held by a process that is not its shim".to_owned()),
            (Lock::Held, Probe::Alive | Probe::Unknown) if row.phase == Phase::Running => {
                if row.agent.is_some() && attempt.agent == Probe::Dead {
                    ghost("its agent is dead while its shim lives".to_owned());
                }
            }
            (Lock::Held, Probe::Alive | Probe::Unknown) => {}
            (Lock::Missing | Lock::Replaced | Lock::Unknown, _) | (Lock::Free, Probe::Alive) => {
                audit.unsure("I1", task.id, id, format!("its lock is {}", attempt.lock.text()));
            }
        },
    }
}

fn no_twin(facts: &TaskFacts, audit: &mut Audit) {
    let task = facts.task.id;
    let live = facts.attempts.iter().filter(|attempt| attempt.row.phase.is_live()).count();
    if live > 1 {
        audit.violated("I2", task, None, format!("{live} of its attempts are live"));
    }
    let held = facts.attempts.iter().filter(|attempt| attempt.lock == Lock::Held).count();
    let shims: usize = facts.attempts.iter().map(|attempt| attempt.shims.len()).sum();
    if held > 1 || shims > 1 {
        audit.violated("I2", task, None, format!("{shims} shims of it live, {held} of their locks are held"));
    }
}

fn owned(facts: &TaskFacts, attempt: &AttemptFacts, audit: &mut Audit) {
    let row = &attempt.row;
    let (task, id) = (facts.task.id, Some(&row.plan.id));
    let current = facts.task.attempt.as_ref() == id;
    let pids: Vec<String> = attempt.shims.iter().map(|shim| shim.pid.to_string()).collect();
    let wanted = current && row.phase.is_live();
    if !wanted && !attempt.shims.is_empty() {
        let found = format!("a shim lives (pid {}), and its attempt is {}", pids.join(", "), row.phase);
        audit.violated("I3", task, id, found);
    }
    if attempt.lock == Lock::Held && !row.phase.is_live() {
        audit.violated("I3", task, id, format!("its attempt is {}, and its lock is held", row.phase));
    }
    let agent_lives = attempt.place == Where::Here && row.agent.is_some() && attempt.agent == Probe::Alive;
    if agent_lives && !row.phase.is_live() {
        audit.violated("I3", task, id, format!("its attempt is {}, and its agent lives", row.phase));
    }
}

fn identified(facts: &TaskFacts, attempt: &AttemptFacts, audit: &mut Audit) {
    let row = &attempt.row;
    if !row.phase.is_live() {
        return;
    }
    let mut missing = Vec::new();
    for (name, there) in [
        ("machine", !row.place.host.is_empty()),
        ("boot", !row.place.boot.is_empty()),
        ("shim", row.shim.is_some() || !row.phase.has_shim()),
        ("lock file", row.lock.is_some() || !row.phase.has_shim()),
        ("agent", row.agent.is_some() || row.started_at.is_none()),
    ] {
        if !there {
            missing.push(name);
        }
    }
    if !missing.is_empty() {
        let found = format!("a live attempt, and its {} is not recorded", missing.join(", its "));
        audit.violated("I10", facts.task.id, Some(&row.plan.id), found);
    }
}
