//! What the board tells: I13, the truth; I14, bounded retries; I18, every move explained.

use super::Audit;
use super::facts::TaskFacts;
use crate::domain::state::{Cause, Status, Who};
use crate::ports::store::Record;

pub(super) fn check(facts: &TaskFacts, limit: u32, audit: &mut Audit) {
    truthful(facts, audit);
    bounded(facts, limit, audit);
    explained(facts, audit);
}

fn status(place: &str) -> &str {
    place.split('/').next().unwrap_or_default()
}

fn truthful(facts: &TaskFacts, audit: &mut Audit) {
    let task = &facts.task;
    if !matches!(task.status, Status::Review | Status::Done) {
        return;
    }
    let started = facts.attempts.iter().any(|attempt| attempt.row.started_at.is_some());
    if !started {
        let found = format!("it is {}, and none of its attempts ever started an agent", task.status);
        return audit.violated("I13", task.id, None, found);
    }
    // Somebody said so: an agent's or a person's "done", work that was found, or a verification that passed.
    let said = |record: &Record| {
        let arrives = status(&record.from) != status(&record.to) && matches!(status(&record.to), "review" | "done");
        arrives && (record.cause == Some(Cause::Ok) || record.who == Who::Person)
    };
    let says = |record: &Record| record.cause == Some(Cause::Ok) || said(record);
    if !facts.timeline.iter().any(says) {
        let found = format!("it is {}, and nothing in its timeline says that it finished", task.status);
        audit.violated("I13", task.id, None, found);
    }
}

fn bounded(facts: &TaskFacts, limit: u32, audit: &mut Audit) {
    let task = &facts.task;
    if task.status == Status::Ready && task.orphans > limit {
        let found =
            format!("it is ready after {} attempts in a row that vanished, and {limit} are allowed", task.orphans);
        audit.violated("I14", task.id, None, found);
    }
    for pair in facts.timeline.windows(2) {
        let [before, after] = pair else { continue };
        let cancelled = before.cause == Some(Cause::Cancelled) && status(&before.to) == Status::Failed.text();
        let back = status(&after.from) == Status::Failed.text()
            && matches!(status(&after.to), "ready" | "in-progress")
            && !matches!(after.who, Who::Person | Who::Agent | Who::Dispatcher);
        if cancelled && back {
            let found = format!("the user ended it, and it was queued again by the {}", after.who);
            audit.violated("I14", task.id, None, found);
        }
    }
}

fn explained(facts: &TaskFacts, audit: &mut Audit) {
    let task = &facts.task;
    let mut place = String::new();
    // While a task is deleted it has no place: what its clean-up notes then moves nothing.
    let moves = |record: &&Record| !(record.from.is_empty() && record.to.is_empty());
    for record in facts.timeline.iter().filter(moves) {
        if record.from != place {
            let found = format!("its timeline leaps from {place:?} to {:?} (event {})", record.from, record.seq);
            return audit.violated("I18", task.id, None, found);
        }
        record.to.clone_into(&mut place);
    }
    let phase = facts.attempts.iter().find(|attempt| Some(&attempt.row.plan.id) == task.attempt.as_ref());
    let is = match phase {
        Some(attempt) => format!("{}/{}", task.status, attempt.row.phase),
        None => task.status.text().to_owned(),
    };
    if is != place {
        audit.violated("I18", task.id, None, format!("it is {is}, and its timeline ends at {place:?}"));
    }
}
