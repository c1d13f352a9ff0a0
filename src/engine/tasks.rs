//! Adding, removing and retrying tasks.

use super::{Engine, Fault, Kind, clean_up, stop};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Phase, TreeState, Who};
use crate::domain::task::{Draft, Task};
use crate::ports::store::{Amendment, Applied, Which};

/// Adds a task.
///
/// # Errors
/// [`Kind::Usage`] for a draft that can't be; [`Kind::NoSuchTask`] where it waits for a task that is not there.
pub fn add(engine: &Engine, draft: &Draft) -> Result<Task, Fault> {
    check(engine, draft)?;
    let ids = engine.ports.store.add(std::slice::from_ref(draft), &engine.stamp(Who::Person))?;
    let id = ids.first().copied().ok_or_else(|| Fault::new(Kind::Failed, "the store added nothing"))?;
    engine.task(id)
}

fn check(engine: &Engine, draft: &Draft) -> Result<(), Fault> {
    let usage = |message: String| Err(Fault::new(Kind::Usage, message));
    if draft.title.trim().is_empty() {
        return usage("a title can't be empty".to_owned());
    }
    let texts = [("title", &draft.title), ("prompt", &draft.prompt), ("agent", &draft.agent)];
    for (name, text) in texts {
        if text.contains('\0') {
            return usage(format!("a {name} can't hold a NUL character"));
        }
    }
    if draft.verify.iter().any(|command| command.contains('\0') || command.trim().is_empty()) {
        return usage("a --verify command can't be empty or hold a NUL character".to_owned());
    }
    if let Some(base) = draft.base.as_ref().filter(|base| base.starts_with('-') || base.contains('\0')) {
        return usage(format!("--base {base:?} is not a revision"));
    }
    if !engine.settings.agents.contains_key(&draft.agent) {
        let known: Vec<&str> = engine.settings.agents.keys().map(String::as_str).collect();
        return Err(Fault::new(Kind::Usage, format!("agent {:?} is not configured", draft.agent))
            .hint(format!("known: {}; or add it to the file of: ganger config path", known.join(", "))));
    }
    for before in &draft.after {
        engine.task(*before)?;
    }
    Ok(())
}

/// Removes a task: softly, its trees parked. Returns where they are.
///
/// # Errors
/// [`Kind::Conflict`] while an attempt lives, or somebody works in a tree.
pub fn remove(engine: &Engine, id: TaskId, stop_first: bool) -> Result<Vec<std::path::PathBuf>, Fault> {
    let mut task = engine.task(id)?;
    if stop::is_live(engine, &task)? {
        if !stop_first {
            return Err(Fault::new(Kind::Conflict, format!("task {id} has a running agent"))
                .of(id)
                .hint(format!("ganger rm {id} --stop")));
        }
        task = stop::stop(engine, id)?;
    }
    let mut parked = Vec::new();
    for tree in engine.ports.store.trees(id)? {
        match tree.state {
            TreeState::Planned | TreeState::Present => parked.extend(clean_up::park(engine, &tree)?),
            TreeState::Parked => parked.extend(tree.parked),
            TreeState::Gone => {}
        }
    }
    if !engine.ports.store.amend(&Amendment::Delete { task: task.id }, &engine.stamp(Who::Person))? {
        return Err(Fault::new(Kind::Conflict, format!("task {id} was dispatched meanwhile"))
            .of(id)
            .hint(format!("ganger rm {id} --stop")));
    }
    for attempt in engine.ports.store.attempts(&Which::Of(id))? {
        match attempt.phase {
            Phase::Revoked if !attempt.cleaned => drop(clean_up::revoked(engine, &attempt)),
            Phase::Exited if !attempt.cleaned => drop(clean_up::exited(engine, &attempt, None)),
            Phase::Revoked
            | Phase::Exited
            | Phase::Claimed
            | Phase::Worktree
            | Phase::Spawning
            | Phase::Running
            | Phase::Verifying => {}
        }
    }
    Ok(parked)
}

/// Gives a task a note for its next attempt.
///
/// # Errors
/// Those of the store.
pub fn note(engine: &Engine, id: TaskId, note: &str) -> Result<(), Fault> {
    if note.contains('\0') {
        return Err(Fault::new(Kind::Usage, "a note can't hold a NUL character").of(id));
    }
    engine.ports.store.amend(&Amendment::Note { task: id, note: note.to_owned() }, &engine.stamp(Who::Person))?;
    Ok(())
}

/// Moves a failed task back to ready.
///
/// # Errors
/// [`Kind::Conflict`] where it is not failed, or its agent still runs.
pub fn requeue(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    match engine.apply(id, None, &Event::Requeued, &engine.stamp(Who::Person))? {
        Applied::Changed { .. } | Applied::Already { .. } => engine.task(id),
        Applied::Conflict { why, .. } => {
            Err(Fault::new(Kind::Conflict, format!("task {id}: {why}")).of(id).hint(format!("ganger show {id}")))
        }
        Applied::Missing => Err(Fault::no_such_task(id)),
    }
}
