//! Processes that outlive their attempt: known by identity, or by the attempt's mark in their environment. They may still
//! write in its tree, wherever they stand.

use std::io;

use super::{Engine, Fault};
use crate::domain::attempt::{Attempt, Plan, Tree};
use crate::domain::id::AttemptId;
use crate::domain::reconcile::Probe;
use crate::ports::host::Found;
use crate::ports::store::{Amendment, Stamp, Which};

/// Records what is left of an attempt, for people and for whoever takes its tree over.
pub fn note(engine: &Engine, attempt: &AttemptId, left: Vec<Found>, stamp: &Stamp) {
    if left.is_empty() {
        return;
    }
    let leftovers = left.into_iter().map(|found| (found.process, found.name)).collect();
    // What can't be noted is still found by its mark.
    engine.ports.store.amend(&Amendment::Leftovers { attempt: attempt.clone(), leftovers }, stamp).ok();
}

/// How many files are recorded.
const FILES: usize = 100;

/// Records what was written in the user's own checkout while an attempt's agent ran: by it, which has a worktree of its
/// own for that, or by the user.
pub fn note_touched(engine: &Engine, plan: &Plan, stamp: &Stamp) {
    let attempt = engine.ports.store.attempt(&plan.id).ok().flatten();
    let Some(since) = attempt.and_then(|attempt| attempt.started_at) else { return };
    // It is a remark: where nobody can look, there is none.
    let found = engine.ports.trees.touched(&plan.repo, since).unwrap_or_default();
    if found.is_empty() {
        return;
    }
    let mut files: Vec<String> = found.iter().take(FILES).map(|path| path.to_string_lossy().into_owned()).collect();
    if let Some(more) = found.len().checked_sub(FILES).filter(|more| *more > 0) {
        files.push(format!("and {more} more"));
    }
    engine.ports.store.amend(&Amendment::Touched { attempt: plan.id.clone(), files }, stamp).ok();
}

/// What is left of an attempt and lives.
///
/// # Errors
/// When the process table can't be read.
pub fn of(engine: &Engine, attempt: &Attempt) -> io::Result<Vec<Found>> {
    let processes = &engine.ports.processes;
    let me = processes.me();
    let mut found = processes.marked(&attempt.plan.id)?;
    found.retain(|found| found.process != me);
    for process in &attempt.left_running {
        let is_new = !found.iter().any(|found| found.process == *process);
        if is_new && *process != me && processes.probe(*process) == Probe::Alive {
            let name = attempt.leftovers.iter().find_map(|text| text.strip_prefix(&format!("{} ", process.pid)));
            found.push(Found { process: *process, name: name.unwrap_or("a process").to_owned() });
        }
    }
    Ok(found)
}

/// What is left of the attempts that worked in a tree, and lives: the recorded ones, and what bears a mark since. Where
/// this process bears the mark as well it runs in something that the agent left, a tmux server say, and so may a
/// person's shell: then only the recorded ones count.
///
/// # Errors
/// Those of the store; when the process table can't be read.
pub fn around(engine: &Engine, tree: &Tree) -> Result<Vec<Found>, Fault> {
    let mut all = Vec::new();
    for attempt in engine.ports.store.attempts(&Which::Of(tree.task))? {
        if attempt.plan.worktree == tree.path && attempt.started_at.is_some() {
            let table = |error| Fault::io("looking for left-over processes", &error);
            let marked = engine.ports.processes.marked(&attempt.plan.id).map_err(table)?;
            let within = marked.iter().any(|found| found.process == engine.ports.processes.me());
            let mut found = of(engine, &attempt).map_err(table)?;
            found.retain(|found| !within || attempt.left_running.contains(&found.process));
            all.extend(found);
        }
    }
    Ok(all)
}
