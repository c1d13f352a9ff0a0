//! `ganger show`, `ganger path`.

use std::process::ExitCode;

use super::Outcome;
use crate::cli::board::{Card, Looker, Seen};
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::domain::id::TaskId;
use crate::domain::liveness::Liveness;
use crate::domain::state::Source;
use crate::domain::text;
use crate::domain::time::{Timestamp, span};
use crate::domain::tree::Head;
use crate::engine::trees;
use crate::ports::store::{Record, Which};

/// Shows one task with its attempts and timeline.
///
/// # Errors
/// There is no such task; those of the store.
pub fn run(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let id = TaskId(id);
    let mut looker = Looker::new(&engine);
    let card = looker.card(engine.task(id)?)?;
    let attempts: Vec<Seen> =
        engine.ports.store.attempts(&Which::Of(id))?.into_iter().map(|attempt| looker.see(attempt)).collect();
    let timeline = engine.ports.store.timeline(Some(id), 0, 1000)?;
    if wiring.global.json {
        output::object(json::only(wiring.global.fields.as_deref(), json::whole(&card, &attempts, &timeline))?);
    } else {
        print(&card, &attempts, &timeline, engine.ports.clock.now().wall);
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the work of an attempt is: on the branch that was made for it, or where its tree's HEAD went.
fn branch(made: &str, head: Option<&Head>) -> String {
    match head {
        None => made.to_owned(),
        Some(Head::Branch(now)) if now == made => made.to_owned(),
        Some(Head::Branch(now)) => format!("{now} (began as {made})"),
        Some(Head::Detached(commit)) => format!("none: HEAD is at {commit} (began as {made})"),
    }
}

/// What the agent does, on whose word and since when.
fn activity(card: &Card) -> String {
    let Some(activity) = card.activity() else { return String::new() };
    let Some(doing) = card.doing() else { return activity.to_owned() };
    let source = match doing.source {
        Source::Agent => "the agent says so",
        Source::Process => "so its processes show",
        Source::Screen => "a guess from its screen",
    };
    format!("{activity} since {} ({source})", json::time(doing.since))
}

fn print(card: &Card, attempts: &[Seen], timeline: &[Record], now: Timestamp) {
    let task = &card.task;
    let say = |name: &str, value: &str| {
        if !value.is_empty() {
            output::say(&format!("{name:<10} {}", text::line(value)));
        }
    };
    output::say(&format!("task {}: {}", task.id, text::line(&task.draft.title)));
    say("status", &format!("{}{}", task.status, if task.archived { ", archived" } else { "" }));
    say("reason", task.reason.as_deref().unwrap_or_default());
    say("worktree", &card.tree_trouble().unwrap_or_default());
    say("note", task.note.as_deref().unwrap_or_default());
    say("activity", &activity(card));
    say("says", card.saying().unwrap_or_default());
    if let Some(until) = card.limit_until(now) {
        say("limit", &format!("ends {}", json::time(until)));
    }
    if !card.untouched.is_empty() {
        say("untouched", &card.untouched.join(", "));
    }
    if let Some(pull) = &task.pull {
        say("pull", &format!("{} ({})", pull.url, pull.said));
    }
    say("repo", &task.draft.repo.to_string_lossy());
    say("agent", &task.draft.agent);
    if let Some(at) = task.not_before {
        say("not before", &json::time(at));
    }
    if !task.draft.prompt.is_empty() {
        output::say("prompt");
        for line in text::block(&task.draft.prompt).lines().take(20) {
            output::say(&format!("  {line}"));
        }
    }
    for seen in attempts {
        let plan = &seen.attempt.plan;
        let live = match seen.live {
            _ if !seen.attempt.phase.is_live() => String::new(),
            Liveness::Alive => ", alive".to_owned(),
            Liveness::Dead => ", LOST".to_owned(),
            Liveness::Unknown(doubt) => format!(", unknown: {}", doubt.text()),
        };
        output::say(&format!("attempt {}: {}{live}", plan.number, seen.attempt.phase));
        let head = card.head().filter(|_| card.tree.as_ref().is_some_and(|tree| tree.path == plan.worktree));
        say("  branch", &branch(&plan.branch, head));
        say("  worktree", &plan.worktree.to_string_lossy());
        say("  session", &format!("{} ({})", plan.session, seen.pane.text()));
        for kept in &seen.attempt.kept {
            say("  kept", kept);
        }
        if !seen.attempt.touched.is_empty() {
            say("  checkout", &format!("written in yours while it ran: {}", seen.attempt.touched.join(", ")));
        }
        for leftover in &seen.attempt.leftovers {
            say("  left over", leftover);
        }
    }
    if !card.commits.is_empty() {
        say("commits", &card.commits.len().to_string());
    }
    output::say("timeline");
    for record in timeline {
        let ago = span(now.since(record.at).as_secs());
        output::say(&format!("  {ago:>4} ago  {:<10}  {}", record.who.said(), record.sentence()));
    }
}

/// Prints where a task's worktree is.
///
/// # Errors
/// Those of [`trees::folder`].
pub fn path(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let path = trees::folder(&engine, TaskId(id))?;
    if wiring.global.json {
        output::object(serde_json::json!({ "task": id, "worktree": path.to_string_lossy() }));
    } else {
        output::path(&path);
    }
    Ok(ExitCode::SUCCESS)
}
