//! What the detail pane shows, read from engine and files: timeline, diff, failure report, what a removal loses.

use std::path::Path;

use super::keymap::Intent;
use super::msg::{Bar, Content, Entry, Fact, Glance, Report, Saved, Tab, Timeline};
use crate::domain::attempt::{Attempt, Exit, Tree};
use crate::domain::bounds::SHOWN;
use crate::domain::completion::signal_name;
use crate::domain::diff::{Changed, Part};
use crate::domain::id::TaskId;
use crate::domain::patch::Limit;
use crate::domain::state::{Cause, Phase, TreeState};
use crate::domain::text;
use crate::domain::timeline::is_inner;
use crate::engine::diff::Subject;
use crate::engine::{Engine, Fault, Kind, diff, screen, survey};
use crate::ports::store::{Record, Which};

/// What a tab shows.
///
/// # Errors
/// What kept it from being read.
pub fn detail(engine: &Engine, task: TaskId, tab: Tab, lines: u16) -> Result<Content, Fault> {
    match tab {
        Tab::Live | Tab::Prompt => Ok(Content::Nothing(String::new())),
        Tab::Timeline => timeline(engine, task).map(Content::Timeline),
        Tab::Diff => diff(engine, task),
        Tab::Report => report(engine, task, lines).map(Content::Report),
    }
}

fn timeline(engine: &Engine, task: TaskId) -> Result<Timeline, Fault> {
    let records = engine.ports.store.timeline(Some(task), 0, 1_000)?;
    let attempt = screen::attempt(engine, task).ok();
    let saved =
        attempt.and_then(|attempt| engine.ports.files.read_ends(&attempt.plan.files.screen, SHOWN).ok().flatten());
    Ok(Timeline {
        entries: records.iter().rev().map(entry).collect(),
        screen: saved.map(|saved| String::from_utf8_lossy(&saved).into_owned()),
    })
}

fn entry(record: &Record) -> Entry {
    Entry { at: record.at, text: record.sentence(), who: record.who.said(), inner: is_inner(&record.event()) }
}

/// Where the task's work is: the tree of its newest attempt, or where that was parked.
fn tree(engine: &Engine, task: TaskId) -> Result<Option<(std::path::PathBuf, Tree)>, Fault> {
    let trees = engine.ports.store.trees(task)?;
    Ok(trees.into_iter().rev().find_map(|tree| match tree.state {
        TreeState::Present => Some((tree.path.clone(), tree)),
        TreeState::Parked => tree.parked.clone().map(|parked| (parked, tree)),
        TreeState::Planned | TreeState::Gone => None,
    }))
}

/// The files, and as much of what changed in them as is read at a glance.
fn diff(engine: &Engine, task: TaskId) -> Result<Content, Fault> {
    const LINES: usize = 2_000;
    const LENGTH: usize = 1_000;
    let subject = match diff::subject(engine, task, None) {
        Err(fault) if fault.kind == Kind::Conflict => return Ok(Content::Nothing(fault.message)),
        found => found?,
    };
    let files = diff::files(engine, &subject, Part::Whole)?;
    if files.is_empty() {
        return Ok(Content::Nothing("nothing was changed".to_owned()));
    }
    let mut patches = Vec::new();
    let mut left = LINES;
    let limit = Limit { lines: LINES, length: LENGTH };
    diff::patches(engine, &subject, Part::Whole, &files, limit, &mut |_, patch| {
        left = left.saturating_sub(patch.lines.len());
        patches.push(patch);
        left > 0
    })?;
    Ok(Content::Diff(Glance { files, patches }))
}

/// How much was changed against the base, and how much of that is in no commit.
pub fn changed(engine: &Engine, task: TaskId) -> Option<Changed> {
    measure(engine, &diff::subject(engine, task, None).ok()?)
}

fn measure(engine: &Engine, subject: &Subject) -> Option<Changed> {
    survey::changed(engine, subject, &diff::files(engine, subject, Part::Whole).ok()?)
}

/// Which phase failed, how, what is left, and what can be done.
fn report(engine: &Engine, id: TaskId, lines: u16) -> Result<Report, Fault> {
    let task = engine.task(id)?;
    let mut facts = Vec::new();
    let mut row = |name: &'static str, text: &str| facts.push(Fact { name, text: text.to_owned(), at: None });
    row("failed", task.reason.as_deref().unwrap_or("no reason was given"));
    if let Some(cause) = task.cause {
        row("cause", cause.text());
    }
    let attempt = screen::attempt(engine, id).ok();
    if let Some(attempt) = &attempt {
        row("phase", phase(attempt));
        match attempt.exit {
            Some(Exit::Code(code)) => row("exit", &code.to_string()),
            Some(Exit::Signal(signal)) => row("signal", &signal_name(signal)),
            None => {}
        }
        facts.push(Fact { name: "attempt", text: attempt.plan.number.to_string(), at: Some(attempt.claimed_at) });
        let mut row = |name: &'static str, text: &str| facts.push(Fact { name, text: text.to_owned(), at: None });
        if attempt.phase == Phase::Revoked {
            let undone = if attempt.cleaned { "session, worktree, branch and files" } else { "not everything yet" };
            row("undone", undone);
        }
        for kept in &attempt.kept {
            row("kept", kept);
        }
        for left in &attempt.leftovers {
            row("still runs", left);
        }
        if let Some((path, _)) = tree(engine, id)? {
            row("worktree", &path.display().to_string());
            row("branch", &attempt.plan.branch);
        }
    }
    let saved = attempt.map_or(Saved::Nothing, |attempt| {
        let of_verification = task.cause == Some(Cause::Verify);
        let files = &attempt.plan.files;
        let found = engine
            .ports
            .files
            .read_ends(if of_verification { &files.log } else { &files.screen }, SHOWN)
            .ok()
            .flatten();
        match found.map(|saved| last(&saved, usize::from(lines).max(20))) {
            Some(text) if of_verification => Saved::Log(text),
            Some(text) => Saved::Screen(text),
            None => Saved::Nothing,
        }
    });
    Ok(Report { facts, next: vec![Intent::Retry, Intent::Bounce, Intent::Shell, Intent::Remove], saved })
}

/// The last lines of something that was saved.
fn last(saved: &[u8], lines: usize) -> String {
    let text = String::from_utf8_lossy(saved);
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// How far the attempt came.
fn phase(attempt: &Attempt) -> &'static str {
    match (attempt.phase, attempt.started_at.is_some()) {
        (Phase::Revoked, _) => "before its agent started: the dispatch was rolled back",
        (Phase::Exited, false) => "setup, or the start of the agent",
        (Phase::Exited, true) => "its agent had run",
        (Phase::Claimed | Phase::Worktree | Phase::Spawning | Phase::Running | Phase::Verifying, _) => "it still runs",
    }
}

/// What removing these tasks would lose or park, a line each.
pub fn losses(engine: &Engine, ids: &[TaskId]) -> Vec<String> {
    ids.iter().flat_map(|id| loss(engine, *id).unwrap_or_else(|fault| vec![fault.message])).collect()
}

fn loss(engine: &Engine, id: TaskId) -> Result<Vec<String>, Fault> {
    let task = engine.task(id)?;
    let mut lines = vec![format!("#{id} {} ({})", text::cut(&text::line(&task.draft.title), 60), task.status)];
    if screen::attempt(engine, id).is_ok_and(|attempt| attempt.phase.is_live()) {
        lines.push("   its agent runs and would be stopped".to_owned());
    }
    for tree in engine.ports.store.trees(id)? {
        match tree.state {
            TreeState::Present => {
                let size = size(engine, &tree).unwrap_or_else(|| "it can't be read".to_owned());
                lines.push(format!("   its work ({size}) would be moved to the trash, nothing in it lost:"));
                lines.push(format!("   {}", tree.path.display()));
            }
            TreeState::Parked | TreeState::Planned | TreeState::Gone => {}
        }
    }
    if lines.len() == 1 {
        lines.push("   no work of it is anywhere".to_owned());
    }
    Ok(lines)
}

fn size(engine: &Engine, tree: &Tree) -> Option<String> {
    let subject = diff::in_tree(engine, tree).ok().flatten()?;
    Some(measure(engine, &subject)?.text("-"))
}

/// Attempts in time, newest first.
///
/// # Errors
/// Those of the store.
pub fn bars(engine: &Engine, repo: Option<&Path>) -> Result<Vec<Bar>, Fault> {
    let filter = crate::ports::store::Filter { repo: repo.map(Path::to_owned), ..Default::default() };
    let mut bars = Vec::new();
    for task in engine.ports.store.tasks(&filter)?.tasks.into_iter().filter(|task| task.attempts > 0) {
        for attempt in engine.ports.store.attempts(&Which::Of(task.id))? {
            let word = attempt.cause.map_or(attempt.phase.text(), Cause::text);
            bars.push(Bar {
                task: task.id,
                title: task.draft.title.clone(),
                number: attempt.plan.number,
                from: attempt.claimed_at,
                to: if attempt.phase.is_live() { None } else { attempt.ended_at.or(Some(attempt.claimed_at)) },
                word,
                good: attempt.cause == Some(Cause::Ok),
            });
        }
    }
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.from));
    bars.truncate(200);
    Ok(bars)
}
