//! `ganger dispatch`, `ganger retry`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::{Outcome, answer, elsewhere, prompt};
use crate::cli::args::{Dispatch, Retry};
use crate::cli::board::{self, Card};
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::domain::attempt::Attempt;
use crate::domain::id::TaskId;
use crate::domain::queue::Waiting;
use crate::domain::state::Status;
use crate::domain::task::Edit;
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::queue::{self, Fill, ready};
use crate::engine::{Engine, Fault, Kind, tasks, wait};
use crate::ports::store::{Record, WORKTREE_MADE_AGAIN};

/// Dispatches the tasks named, or the queue's first, or all that fit.
///
/// # Errors
/// Those that concern no task in particular.
pub fn run(wiring: &Wiring, args: &Dispatch) -> Outcome {
    let request = |id: TaskId, explicit: bool| Request {
        explicit,
        over_limit: args.over_limit,
        agent: args.agent.clone(),
        ..Request::of(id)
    };
    if args.next.is_none() && !args.all {
        let mut seen = BTreeSet::new();
        let ids = args.ids.iter().flat_map(|ids| &ids.0).filter(|id| seen.insert(**id));
        let requests: Vec<Request> = ids.map(|id| request(TaskId(*id), true)).collect();
        return several(wiring, &requests, args.wait, false);
    }
    wiring.catch_interrupts();
    let engine = wiring.engine()?;
    let ready = ready(&engine, wiring.repository_if_any(&engine)?.as_deref())?;
    let fill = Fill {
        engines: &|| wiring.engine(),
        request: &|task| request(task, false),
        wanted: args.next.unwrap_or(usize::MAX),
        stops_at_failure: true,
        told: &|_, _| {},
    };
    let mut filled = queue::fill(&fill, ready.iter().map(Waiting::of).collect())?;
    // Another dispatcher that was quicker is no failure of the queue.
    filled.results.retain(|(_, result)| match result {
        Err(fault) if fault.kind == Kind::Conflict => {
            if !wiring.global.json {
                output::mention(&fault.message);
            }
            false
        }
        Ok(_) | Err(_) => true,
    });
    if let Some((full, _)) = filled.full.filter(|_| !wiring.global.json) {
        output::mention(&full.after(filled.started, filled.of));
    }
    conclude(wiring, &engine, filled.results, args.wait, false)
}

/// Dispatches several tasks in the order given, as sagas side by side.
///
/// # Errors
/// Those that concern no task in particular.
pub fn several(wiring: &Wiring, requests: &[Request], wait_for_end: bool, quiet: bool) -> Outcome {
    wiring.catch_interrupts();
    let engine = wiring.engine()?;
    let mut waiting = Vec::new();
    let mut results = Vec::new();
    for request in requests {
        match engine.task(request.task) {
            Ok(task) => waiting.push(Waiting::of(&task)),
            Err(fault) => results.push((request.task, Err(fault))),
        }
    }
    let wanted = |task: TaskId| requests.iter().find(|request| request.task == task).cloned();
    let fill = Fill {
        engines: &|| wiring.engine(),
        request: &|task| wanted(task).unwrap_or_else(|| Request::of(task)),
        wanted: usize::MAX,
        stops_at_failure: false,
        told: &|_, _| {},
    };
    let filled = queue::fill(&fill, waiting)?;
    results.extend(filled.results);
    if let Some((full, first)) = filled.full {
        let fault = Fault::from(full).of(first);
        let all = Fault { message: full.after(filled.started, requests.len()), ..fault.clone() };
        results.push((first, Err(if requests.len() == 1 { fault } else { all })));
    }
    let place = |task: TaskId| requests.iter().position(|request| request.task == task);
    results.sort_by_key(|(task, _)| place(*task));
    conclude(wiring, &engine, results, wait_for_end, quiet)
}

/// Prints what came of each, waits for their ends where asked to, and gives the code of the first that failed.
fn conclude(
    wiring: &Wiring,
    engine: &Engine,
    results: Vec<(TaskId, Result<Attempt, Fault>)>,
    wait_for_end: bool,
    quiet: bool,
) -> Outcome {
    let mut faults: Vec<Fault> = Vec::new();
    let mut cards: Vec<Card> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for (id, result) in results {
        let outcome = result.and_then(|attempt| {
            if !wiring.global.json && !quiet {
                let plan = &attempt.plan;
                if let Some(remark) = of_earlier_work(engine, &attempt)? {
                    output::mention(&remark);
                }
                let elsewhere = elsewhere(wiring, engine, &plan.repo);
                output::say(&format!("task {id}{elsewhere} runs in session {}: ganger attach {id}", plan.session));
                attempt.kept.iter().for_each(|note| output::mention(note));
            }
            notes.extend(attempt.kept);
            if !wait_for_end {
                return Ok(());
            }
            let task = wait::wait(engine, id, None, Duration::MAX)?;
            if !wiring.global.json {
                output::say(&format!(
                    "task {id} is {}: {}",
                    task.status.said(),
                    task.reason.as_deref().unwrap_or_default()
                ));
            }
            match task.status {
                Status::Review | Status::Done => Ok(()),
                Status::Ready | Status::InProgress | Status::Failed => {
                    Err(Fault::new(Kind::OtherStatus, format!("task {id} is {} now", task.status.said())).of(id))
                }
            }
        });
        if let Err(fault) = outcome {
            if !wiring.global.json {
                output::complain(&fault);
            }
            faults.push(fault);
        }
        if wiring.global.json
            && let Some(task) = engine.ports.store.task(id)?
        {
            cards.push(board::Looker::new(engine).card(task)?);
        }
    }
    if wiring.global.json {
        let mut whole = json!({ "tasks": cards.iter().map(json::task).collect::<Vec<_>>() });
        if !notes.is_empty() {
            whole["notes"] = json!(notes);
        }
        match faults.as_slice() {
            [] => {}
            [fault] if cards.is_empty() => return Err(fault.clone()),
            faults => whole["errors"] = faults.iter().map(output::fault_json).collect(),
        }
        output::object(whole);
    }
    Ok(faults.first().map_or(ExitCode::SUCCESS, |fault| ExitCode::from(fault.kind.code())))
}

/// What of its task's earlier work an attempt begins without, where that is so.
fn of_earlier_work(engine: &Engine, attempt: &Attempt) -> Result<Option<String>, Fault> {
    let (id, plan) = (attempt.plan.task, &attempt.plan);
    if plan.number == 1 {
        return Ok(None);
    }
    if plan.adopts.is_none() {
        let trees = engine.ports.store.trees(id)?;
        let parked = trees.into_iter().rev().find_map(|tree| tree.parked);
        return Ok(parked.map(|at| format!("task {id} starts over: its earlier work is parked at {}", at.display())));
    }
    let timeline = engine.ports.store.timeline(Some(id), 0, u32::MAX)?;
    let again =
        |record: &&Record| record.attempt.as_ref() == Some(&plan.id) && record.evidence.contains(WORKTREE_MADE_AGAIN);
    let Some(record) = timeline.iter().rev().find(again) else { return Ok(None) };
    let evidence: serde_json::Value = serde_json::from_str(&record.evidence).unwrap_or_default();
    let from = evidence["from"].as_str().unwrap_or("its branch");
    Ok(Some(format!(
        "the worktree of task {id} was gone, and was made again from {from}: without what was not committed"
    )))
}

/// Takes a failed task up again; with `--fresh` also one that waits in the queue for an agent that vanished.
///
/// # Errors
/// [`Kind::Conflict`] where it is not failed.
pub fn retry(wiring: &Wiring, args: &Retry) -> Outcome {
    let engine = wiring.engine()?;
    let id = TaskId(args.id);
    let task = engine.task(id)?;
    let again = (args.fresh || args.no_dispatch) && task.status == Status::Ready;
    if task.status != Status::Failed && !again {
        let hint = match task.status {
            Status::Ready => format!("ganger dispatch {id}"),
            Status::InProgress | Status::Review | Status::Done | Status::Failed => format!("ganger show {id}"),
        };
        return Err(Fault::new(Kind::Conflict, format!("task {id} is {}, not failed", task.status.said()))
            .of(id)
            .hint(hint));
    }
    if args.verify {
        let request = Request { from: vec![Status::Failed], verify_only: true, ..Request::of(id) };
        wiring.catch_interrupts();
        dispatch(&engine, &request)?;
        let task = engine.task(id)?;
        return answer(wiring, &engine, &task, &format!("task {id} is verified again: ganger log {id} --verify"));
    }
    if let Some(prompt) = &args.prompt {
        let edit = Edit { prompt: Some(prompt::read(prompt.clone())?), ..Edit::default() };
        tasks::edit(&engine, id, &edit)?;
    }
    if args.no_dispatch {
        if let Some(note) = &args.note {
            tasks::note(&engine, id, note)?;
        }
        tasks::requeue(&engine, id)?;
        if wiring.global.json {
            output::object(json!({ "tasks": [json::task(&board::card(&engine, id)?)] }));
        } else {
            output::say(&format!("task {id} is ready"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (from, note, agent) = (vec![task.status], args.note.clone(), args.agent.clone());
    let request = Request { from, fresh: args.fresh, resume: args.resume, note, agent, ..Request::of(id) };
    several(wiring, &[request], false, false)
}
