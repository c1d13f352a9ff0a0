//! `ganger merge`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Outcome, prompt};
use crate::cli::args;
use crate::cli::wiring::Wiring;
use crate::cli::{board, json, output};
use crate::domain::id::TaskId;
use crate::domain::merge::{Contained, Home};
use crate::engine::merge::{Merge, Request, approved, merge, preview};
use crate::engine::{Engine, Fault};

/// Merges the tasks named, or all that are approved, one after the other: each onto the result of the last, up to the
/// first that can't be merged.
///
/// # Errors
/// Those that concern no task in particular.
pub fn run(wiring: &Wiring, args: args::Merge) -> Outcome {
    wiring.catch_interrupts();
    let engine = wiring.engine()?;
    let tasks = tasks(wiring, &engine, &args)?;
    let message = args.message.map(prompt::read).transpose()?;
    let request = Request {
        into: args.into,
        method: args.method.chosen(),
        verify: (args.verify || args.no_verify).then_some(args.verify),
        keep: args.keep.then_some(true),
        message,
        commit_all: args.commit_all,
        ..Request::of(TaskId(0))
    };
    let (mut merges, mut fault): (Vec<Merge>, Option<Fault>) = (Vec::new(), None);
    for task in tasks {
        let request = Request { task, ..request.clone() };
        let result = if args.dry_run { preview(&engine, &request, &merges) } else { merge(&engine, &request) };
        match result {
            Ok(merge) => {
                if !wiring.global.json {
                    say(&merge, args.dry_run);
                }
                merges.push(merge);
            }
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    if wiring.global.json {
        return as_json(&engine, &merges, args.dry_run, fault);
    }
    if merges.is_empty() && fault.is_none() {
        output::mention("nothing to merge");
    }
    fault.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// Each once, in the order given.
fn tasks(wiring: &Wiring, engine: &Engine, args: &args::Merge) -> Result<Vec<TaskId>, Fault> {
    if args.all_approved {
        return approved(engine, &wiring.repository(engine)?);
    }
    let mut seen = BTreeSet::new();
    let ids = args.ids.iter().flat_map(|ids| &ids.0).filter(|id| seen.insert(**id));
    Ok(ids.map(|id| TaskId(*id)).collect())
}

fn say(merge: &Merge, would: bool) {
    output::say(&merge.sentence(would));
    let lines = if would { merge.plan() } else { merge.traces() };
    for line in lines {
        output::say(&format!("  {line}"));
    }
    merge.said.iter().for_each(|said| output::mention(said));
}

fn as_json(engine: &Engine, merges: &[Merge], would: bool, fault: Option<Fault>) -> Outcome {
    let mut cards = Vec::new();
    for merge in merges {
        cards.push(json::task(&board::card(engine, merge.task)?));
    }
    let mut whole = json!({ "tasks": cards, "merges": merges.iter().map(one).collect::<Vec<_>>(), "dry_run": would });
    let code = match fault {
        Some(fault) if merges.is_empty() => return Err(fault),
        Some(fault) => {
            whole["errors"] = json!([output::fault_json(&fault)]);
            ExitCode::from(fault.kind.code())
        }
        None => ExitCode::SUCCESS,
    };
    output::object(whole);
    Ok(code)
}

fn one(merge: &Merge) -> Value {
    let home = match &merge.target.home {
        Home::At(path) => Some(path.to_string_lossy().into_owned()),
        Home::Nowhere | Home::Busy(..) | Home::Several(_) => None,
    };
    json!({
        "task": merge.task.0,
        "method": merge.method.text(),
        "branch": merge.called,
        "commit": merge.work,
        "into": merge.target.branch,
        "from": merge.target.tip,
        "to": merge.to,
        "already": merge.already.map(Contained::text),
        "commits": merge.commits,
        "uncommitted": merge.uncommitted,
        "checkout": home,
        "ends_agent": merge.ends_agent,
        "verify": merge.verify,
        "keep": merge.keep,
        "parked": merge.parked.as_ref().map(|path| path.to_string_lossy().into_owned()),
        "deleted": merge.deleted,
        "notes": merge.said,
    })
}
