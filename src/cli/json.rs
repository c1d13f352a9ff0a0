//! Tasks, attempts and reports as JSON: a stable interface.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::board::{Card, Seen};
use crate::config::nearest;
use crate::domain::attempt::{Attempt, Exit};
use crate::domain::completion::signal_name;
use crate::domain::id::TaskId;
use crate::domain::pull::Linked;
use crate::domain::state::Cause;
use crate::domain::task::{Blocker, Why};
use crate::domain::time::Timestamp;
use crate::domain::tree::Head;
use crate::engine::survey::Overlap;
use crate::engine::upkeep::{Action, Report};
use crate::engine::{Fault, Kind};
use crate::ports::store::Record;

/// RFC 3339 in UTC, to the millisecond: always as long, so that columns are straight and texts sort.
#[must_use]
pub fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| format!("{at:.3}"))
}

fn text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What a task waits for, and why.
#[must_use]
pub fn blockers(blockers: &[Blocker]) -> Vec<Value> {
    let why = |why| match why {
        Why::Open => "open",
        Why::Failed => "failed",
        Why::Removed => "removed",
    };
    blockers.iter().map(|blocker| json!({ "task": blocker.task.0, "why": why(blocker.why) })).collect()
}

/// Two works that change the same files.
#[must_use]
pub fn overlap(overlap: &Overlap) -> Value {
    let paths = |paths: &[PathBuf]| paths.iter().map(|path| text(path)).collect::<Vec<_>>();
    json!({
        "tasks": ids(&overlap.tasks),
        "files": paths(&overlap.files),
        "conflicts": paths(&overlap.conflicts),
    })
}

/// A task's pull request.
#[must_use]
pub fn pull(task: TaskId, pull: &Linked) -> Value {
    json!({
        "task": task.0,
        "pr_url": pull.url,
        "pr_number": pull.number,
        "pr_said": pull.said,
        "review_state": pull.state.text(),
        "review_rounds": pull.rounds,
    })
}

fn ids(ids: &[TaskId]) -> Vec<i64> {
    ids.iter().map(|id| id.0).collect()
}

/// A task with its newest attempt.
#[must_use]
pub fn task(card: &Card) -> Value {
    let task = &card.task;
    let draft = &task.draft;
    let extra = draft.extra.as_deref().and_then(|extra| serde_json::from_str::<Value>(extra).ok());
    json!({
        "id": task.id.0,
        "title": draft.title,
        "status": task.status.text(),
        "repo": text(&draft.repo),
        "agent": draft.agent,
        "base": draft.base,
        "branch": draft.branch,
        "priority": draft.priority,
        "batch": draft.batch,
        "prompt": draft.prompt,
        "files": draft.files,
        "verify": draft.verify,
        "timeout": draft.timeout.map(|timeout| timeout.as_secs()),
        "after": ids(&draft.after),
        "blocked_by": task.blocked_by.iter().map(|blocker| blocker.task.0).collect::<Vec<_>>(),
        "blockers": blockers(&task.blocked_by),
        "external_id": draft.external_id,
        "extra": extra.unwrap_or_else(|| json!({})),
        "reason": task.reason,
        "note": task.note,
        "activity": card.activity(),
        "activity_source": card.doing().map(|doing| doing.source.text()),
        "activity_since": card.doing().map(|doing| time(doing.since)),
        "saying": card.saying(),
        "waits_until": card.speaker().and_then(|attempt| attempt.waits_until).map(time),
        "not_before": task.not_before.map(time),
        "orphans": task.orphans,
        "archived": task.archived,
        "pr_url": task.pull.as_ref().map(|pull| &pull.url),
        "pr_number": task.pull.as_ref().map(|pull| pull.number),
        "pr_said": task.pull.as_ref().map(|pull| &pull.said),
        "review_state": task.pull.as_ref().map(|pull| pull.state.text()),
        "review_rounds": task.pull.as_ref().map_or(0, |pull| pull.rounds),
        "commits": card.commits,
        "tree": card.tree.as_ref().map(|tree| tree.found.text()),
        "head": card.head().map(Head::text),
        "untouched": card.untouched,
        "created_at": time(task.created_at),
        "updated_at": time(task.updated_at),
        "attempt": card.attempt.as_ref().map(attempt),
    })
}

/// Of a task's JSON only these fields, in the order of the names; all of it where none is named.
///
/// # Errors
/// [`Kind::Usage`] for a name that is none of its fields.
pub fn only(fields: Option<&[String]>, task: Value) -> Result<Value, Fault> {
    let Some(fields) = fields.filter(|fields| !fields.is_empty()) else { return Ok(task) };
    let Value::Object(mut whole) = task else { return Ok(task) };
    let mut named = serde_json::Map::new();
    for field in fields {
        let Some(value) = whole.shift_remove(field).or_else(|| named.get(field).cloned()) else {
            let known = || whole.keys().chain(named.keys()).map(String::as_str);
            let hint = nearest(field, known()).map_or_else(
                || format!("the fields are {}", known().collect::<Vec<_>>().join(", ")),
                |name| format!("--json={name}"),
            );
            return Err(Fault::new(Kind::Usage, format!("there is no field {field:?}")).hint(hint));
        };
        named.insert(field.clone(), value);
    }
    Ok(Value::Object(named))
}

/// A task with all its attempts, oldest first.
#[must_use]
pub fn whole(card: &Card, attempts: &[Seen], timeline: &[Record]) -> Value {
    let mut value = task(card);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("attempts".to_owned(), attempts.iter().map(attempt).collect());
        fields.insert("timeline".to_owned(), timeline.iter().map(record).collect());
    }
    value
}

fn attempt(seen: &Seen) -> Value {
    let Attempt { plan, shim, agent, started_at, ended_at, exit, cause, kept, leftovers, .. } = &seen.attempt;
    let (code, signal) = match exit {
        Some(Exit::Code(code)) => (Some(*code), None),
        Some(Exit::Signal(signal)) => (None, Some(signal_name(*signal))),
        None => (None, None),
    };
    json!({
        "id": plan.id.as_str(),
        "number": plan.number,
        "phase": seen.attempt.phase.text(),
        "live": seen.live.known(),
        "branch": plan.branch,
        "worktree": text(&plan.worktree),
        "base": plan.base,
        "socket": text(&plan.socket),
        "session": plan.session,
        "pane_id": seen.attempt.pane,
        "pane": seen.pane.text(),
        "shim_pid": shim.map(|shim| shim.pid),
        "agent_pid": agent.map(|agent| agent.pid),
        "port": plan.port,
        "started_at": started_at.map(time),
        "ended_at": ended_at.map(time),
        "exit_code": code,
        "exit_signal": signal,
        "cause": cause.map(Cause::text),
        "kept": kept,
        "leftovers": leftovers,
        "touched": seen.attempt.touched,
    })
}

/// A line of the timeline.
#[must_use]
pub fn record(record: &Record) -> Value {
    json!({
        "seq": record.seq,
        "at": time(record.at),
        "task": record.task.0,
        "attempt": record.attempt.as_ref().map(|id| id.as_str().to_owned()),
        "from": record.from,
        "to": record.to,
        "who": record.who.text(),
        "cause": record.cause.map(Cause::text),
        "evidence": serde_json::from_str::<Value>(&record.evidence).unwrap_or_else(|_| json!({})),
    })
}

fn action(action: &Action) -> Value {
    let observed = &action.observed;
    let boot = match observed.place {
        crate::domain::reconcile::PlaceSeen::Here => "same",
        crate::domain::reconcile::PlaceSeen::OtherBoot => "other",
        crate::domain::reconcile::PlaceSeen::Elsewhere => "unknown",
    };
    let dispatcher = match observed.saga {
        crate::domain::reconcile::Lock::Held => "alive",
        crate::domain::reconcile::Lock::Free
        | crate::domain::reconcile::Lock::Missing
        | crate::domain::reconcile::Lock::Replaced => "gone",
        crate::domain::reconcile::Lock::Unknown => "unknown",
    };
    json!({
        "task": action.task.0,
        "attempt": action.attempt.as_str(),
        "observed": {
            "lock": observed.lock.text(),
            "shim": observed.shim.text(),
            "agent": observed.agent.text(),
            "pane": observed.pane.text(),
            "boot": boot,
            "dispatcher": dispatcher,
        },
        "decision": action.decision,
        "reason": action.reason,
        "applied": action.applied,
    })
}

/// A reconciler's report.
#[must_use]
pub fn report(report: &Report) -> Value {
    json!({
        "observed_at": time(report.observed_at),
        "actions": report.actions.iter().map(action).collect::<Vec<_>>(),
        "doubt": report.doubt,
        "unknown": report.unknown.iter().map(action).collect::<Vec<_>>(),
    })
}

/// Paths as text.
#[must_use]
pub fn paths(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| text(path)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Timestamp, only, time};

    #[test]
    fn of_a_task_the_named_fields_are_printed_in_their_order() {
        let some = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            only(Some(&names), json!({"id": 1, "title": "t", "status": "ready"})).map(|value| value.to_string())
        };
        assert_eq!(some(&["title", "id", "title"]).unwrap(), r#"{"title":"t","id":1}"#);
        assert_eq!(some(&[]).unwrap(), r#"{"id":1,"title":"t","status":"ready"}"#);
        assert_eq!(some(&["id", "staus"]).unwrap_err().hint.unwrap().to_string(), "--json=status");
        assert!(some(&["id", "nonsense"]).unwrap_err().hint.unwrap().to_string().contains("title, status, id"));
    }

    #[test]
    fn times_are_always_as_long() {
        assert_eq!(time(Timestamp(1_000_000_000_000)), "2001-09-09T01:46:40.000Z");
        assert_eq!(time(Timestamp(1_000_000_000_700)), "2001-09-09T01:46:40.700Z");
    }
}
