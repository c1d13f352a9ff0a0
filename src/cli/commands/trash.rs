//! `ganger trash`: what removals have parked; what goes back, and what is deleted for good.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Outcome, consents, duration};
use crate::cli::args::{EmptyTrash, RestoreTrash, Trash};
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::domain::id::TaskId;
use crate::domain::size;
use crate::domain::time::span;
use crate::engine::trash::{self, Parked};
use crate::engine::{Engine, Fault, Kind};

/// Does what is asked of the trash.
///
/// # Errors
/// See [`crate::engine::trash`].
pub fn run(wiring: &Wiring, command: &Trash) -> Outcome {
    let engine = wiring.engine()?;
    match command {
        Trash::List { all } => {
            let found = list(wiring, &engine, *all)?;
            show(wiring, &engine, &found, "the trash is empty");
            Ok(ExitCode::SUCCESS)
        }
        Trash::Show { id } => {
            let found = trash::of(&engine, TaskId(*id))?;
            show(wiring, &engine, &found, &format!("nothing of task {id} is in the trash"));
            Ok(ExitCode::SUCCESS)
        }
        Trash::Restore(args) => restore(wiring, &engine, args),
        Trash::Empty(args) => empty(wiring, &engine, args),
    }
}

fn list(wiring: &Wiring, engine: &Engine, all: bool) -> Result<Vec<Parked>, Fault> {
    let repo = if all { None } else { wiring.repository_if_any(engine)? };
    trash::list(engine, repo.as_deref())
}

fn show(wiring: &Wiring, engine: &Engine, found: &[Parked], none: &str) {
    if wiring.global.json {
        let items: Vec<Value> = found.iter().map(|parked| item(engine, parked)).collect();
        return output::object(json!({ "parked": items }));
    }
    if found.is_empty() {
        return output::say(none);
    }
    let rows: Vec<Vec<String>> = found.iter().map(|parked| row(engine, parked)).collect();
    output::table(&rows);
}

fn item(engine: &Engine, parked: &Parked) -> Value {
    json!({
        "task": parked.tree.task.0,
        "title": parked.title,
        "removed": parked.removed,
        "attempt": parked.tree.owner.as_str(),
        "number": parked.number,
        "repo": parked.tree.repo.display().to_string(),
        "branch": parked.tree.branch,
        "worktree": parked.tree.path.display().to_string(),
        "parked": parked.at.display().to_string(),
        "parked_at": parked.since.map(json::time),
        "bytes": engine.ports.trees.size(&parked.at),
    })
}

fn row(engine: &Engine, parked: &Parked) -> Vec<String> {
    let now = engine.ports.clock.now().wall;
    let age = parked.since.map_or_else(String::new, |then| format!("{} ago", span(now.since(then).as_secs())));
    let task = if parked.removed { "removed" } else { "on the board" };
    vec![
        format!("{}#{}", parked.tree.task, parked.number),
        task.to_owned(),
        age,
        size::render(engine.ports.trees.size(&parked.at)),
        parked.at.display().to_string(),
        parked.title.clone(),
    ]
}

fn restore(wiring: &Wiring, engine: &Engine, args: &RestoreTrash) -> Outcome {
    let id = TaskId(args.id);
    let restored = trash::restore(engine, id, args.attempt)?;
    for said in &restored.said {
        output::mention(said);
    }
    let whole = if restored.task_too { "is on the board again, and its worktree is" } else { "has its worktree" };
    super::answer(wiring, engine, &engine.task(id)?, &format!("task {id} {whole} back at {}", restored.path.display()))
}

fn empty(wiring: &Wiring, engine: &Engine, args: &EmptyTrash) -> Outcome {
    let chosen = chosen(wiring, engine, args)?;
    if chosen.is_empty() {
        show(wiring, engine, &chosen, "nothing in the trash is to be deleted");
        return Ok(ExitCode::SUCCESS);
    }
    if args.dry_run {
        show(wiring, engine, &chosen, "");
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes && !is_confirmed(wiring, engine, &chosen)? {
        return Err(Fault::new(Kind::Failed, "nothing was deleted").hint("ganger trash restore ID gives one back"));
    }
    let (mut deleted, mut failed) = (Vec::new(), None);
    for parked in &chosen {
        let bytes = engine.ports.trees.size(&parked.at);
        match trash::delete(engine, parked) {
            Ok(()) => deleted.push((parked, bytes)),
            Err(fault) => {
                output::mention(&format!("kept: {}: {}", parked.at.display(), fault.message));
                failed = failed.or(Some(fault));
            }
        }
    }
    if wiring.global.json && failed.is_none() {
        let items: Vec<Value> = deleted
            .iter()
            .map(|(parked, bytes)| json!({ "task": parked.tree.task.0, "parked": parked.at.display().to_string(), "bytes": bytes }))
            .collect();
        output::object(json!({ "deleted": items }));
    } else if !wiring.global.json {
        for (parked, bytes) in &deleted {
            output::say(&format!(
                "deleted {} ({}); branch {} and its rescue references stay",
                parked.at.display(),
                size::render(*bytes),
                parked.tree.branch
            ));
        }
    }
    failed.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// What is to be deleted: of the tasks named, or of all around here, and of that what is old or large enough.
fn chosen(wiring: &Wiring, engine: &Engine, args: &EmptyTrash) -> Result<Vec<Parked>, Fault> {
    let policy = &engine.settings.trash;
    // Who says nothing gets what the settings say.
    let is_said = !args.ids.is_empty() || args.older_than.is_some() || args.larger_than.is_some();
    let older = args.older_than.as_deref().map(|text| duration("--older-than", text)).transpose()?;
    let larger = args.larger_than.as_deref().map(bytes).transpose()?;
    let (older, larger) = if is_said { (older, larger) } else { (policy.older_than, policy.larger_than) };
    let mut found = if args.ids.is_empty() { list(wiring, engine, args.all)? } else { Vec::new() };
    for id in &args.ids {
        found.extend(trash::of(engine, TaskId(*id))?);
    }
    found.retain(|parked| trash::is_due(engine, parked, older, larger));
    Ok(found)
}

fn bytes(text: &str) -> Result<u64, Fault> {
    size::parse(text)
        .ok_or_else(|| Fault::new(Kind::Usage, format!("--larger-than {text:?} is not a size")).hint("like 500M or 2G"))
}

/// Says what would be deleted, and asks. Without a terminal it has to be said on the command line.
fn is_confirmed(wiring: &Wiring, engine: &Engine, chosen: &[Parked]) -> Result<bool, Fault> {
    let unasked = || {
        let message = format!("{} worktrees would be deleted for good", chosen.len());
        Fault::new(Kind::Usage, message).hint("see them with --dry-run, then: ganger trash empty --yes")
    };
    if wiring.global.json || !output::is_interactive() {
        return Err(unasked());
    }
    show(wiring, engine, chosen, "");
    consents("delete these worktrees for good, with what is not committed in them?")?.ok_or_else(unasked)
}
