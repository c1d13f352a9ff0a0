//! `ganger list`.

use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use crate::cli::args::List;
use crate::cli::board::{self, Looker};
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::domain::text;
use crate::engine::survey::Survey;
use crate::engine::{Fault, Kind};
use crate::ports::store::Filter;

/// Lists the board of the repository around here, or of all.
///
/// # Errors
/// Those of the store.
pub fn run(wiring: &Wiring, args: &List) -> Outcome {
    let engine = wiring.engine()?;
    let repo = if args.all { None } else { wiring.repository_if_any(&engine)? };
    let is_of_all = repo.is_none();
    let overlaps = if args.overlaps {
        Survey::default().look(&engine, repo.as_deref(), &|| !engine.is_interrupted())?.overlaps
    } else {
        Vec::new()
    };
    let listing = engine.ports.store.tasks(&Filter {
        repo,
        statuses: args.status.clone(),
        archived: args.archived,
        removed: false,
    })?;
    let mut tasks = listing.tasks;
    tasks.sort_by(|one, other| args.sort.compare(one, other));
    tasks.truncate(args.limit.unwrap_or(usize::MAX));
    let mut looker = if wiring.global.json { Looker::new(&engine) } else { Looker::without_panes(&engine) };
    let cards = tasks.into_iter().map(|task| looker.card(task)).collect::<Result<Vec<_>, Fault>>()?;
    let unreadable: Vec<Fault> =
        listing.unreadable.into_iter().map(|row| Fault::new(Kind::Failed, row).hint("ganger doctor")).collect();
    if wiring.global.json {
        let fields = wiring.global.fields.as_deref();
        let tasks = cards.iter().map(|card| json::only(fields, json::task(card)));
        let mut whole = json!({ "tasks": tasks.collect::<Result<Vec<_>, Fault>>()? });
        if args.overlaps {
            whole["overlaps"] = overlaps.iter().map(json::overlap).collect();
        }
        if !unreadable.is_empty() {
            whole["errors"] = unreadable.iter().map(output::fault_json).collect();
        }
        output::object(whole);
    } else {
        board::table(wiring, &cards, is_of_all, engine.ports.clock.now().wall);
        for overlap in &overlaps {
            let [one, other] = overlap.tasks;
            let how = if overlap.conflicts.is_empty() { "both change" } else { "conflict in" };
            output::say(&format!("#{one} and #{other} {how} {}", text::line(&overlap.named())));
        }
        for fault in &unreadable {
            output::complain(fault);
        }
    }
    Ok(if unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(Kind::Failed.code()) })
}
