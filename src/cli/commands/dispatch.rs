//! `ganger dispatch`, `ganger retry`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::{Outcome, answer};
use crate::cli::args::{Dispatch, Retry};
use crate::cli::board::{self, Card};
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::domain::attempt::Attempt;
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::engine::dispatch::{Limits, Request, dispatch, queue};
use crate::engine::{Engine, Fault, Full, Kind, tasks, wait};

/// How many sagas run at once: each waits for git and tmux, not for a core.
const AT_ONCE: usize = 4;

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
    let engine = wiring.engine()?;
    let queue = queue(&engine, wiring.repository_if_any(&engine)?.as_deref())?;
    let wanted = args.next.unwrap_or(usize::MAX);
    let mut results = Vec::new();
    let of = wanted.min(queue.len());
    let mut full = Limits::default();
    wiring.catch_interrupts();
    for task in queue {
        if full.holds(&task) {
            continue;
        }
        if results.iter().filter(|(_, result): &&(TaskId, Result<Attempt, Fault>)| result.is_ok()).count() >= wanted {
            break;
        }
        match dispatch(&engine, &request(task.id, false)) {
            // The limit is reached, or somebody else took it: neither is a failure of the queue.
            Err(Fault { full: Some(reached), .. }) => {
                full.reached(reached, &task);
                if reached.is_everything() {
                    break;
                }
            }
            Err(fault) if fault.kind == Kind::Conflict => {
                if !wiring.global.json {
                    output::mention(&fault.message);
                }
            }
            Err(fault) if fault.kind == Kind::Failed => {
                results.push((task.id, Err(fault)));
                break;
            }
            result => results.push((task.id, result)),
        }
    }
    if let Some(reached) = full.last.filter(|_| !wiring.global.json) {
        let started = results.iter().filter(|(_, result)| result.is_ok()).count();
        output::mention(&reached.after(started, of));
    }
    conclude(wiring, &engine, results, args.wait, false)
}

/// Dispatches several tasks at once, each as a saga of its own on a thread of its own.
///
/// # Errors
/// Those that concern no task in particular.
pub fn several(wiring: &Wiring, requests: &[Request], wait_for_end: bool, quiet: bool) -> Outcome {
    wiring.catch_interrupts();
    let engine = wiring.engine()?;
    let next = Mutex::new(0);
    let results = Mutex::new(Vec::new());
    // Once everything is full, nobody else is asked for.
    let full: Mutex<Option<Full>> = Mutex::new(None);
    let is_full = || full.lock().is_ok_and(|full| full.is_some());
    let work = |engine: &Engine| {
        loop {
            if is_full() {
                return;
            }
            let index = {
                let Ok(mut next) = next.lock() else { return };
                *next += 1;
                *next - 1
            };
            let Some(request) = requests.get(index) else { return };
            let result = dispatch(engine, request);
            if let (Err(Fault { full: Some(reached), .. }), Ok(mut full)) = (&result, full.lock())
                && reached.is_everything()
                && requests.len() > 1
            {
                *full = Some(*reached);
            }
            if let Ok(mut results) = results.lock() {
                results.push((index, request.task, result));
            }
        }
    };
    if requests.len() == 1 {
        work(&engine);
    } else {
        std::thread::scope(|scope| {
            for _ in 0..requests.len().min(AT_ONCE) {
                scope.spawn(|| match wiring.engine() {
                    Ok(engine) => work(&engine),
                    Err(fault) => output::complain(&fault),
                });
            }
        });
    }
    let mut results = results.into_inner().map_err(|_| Fault::new(Kind::Failed, "a dispatch ended unseen"))?;
    results.sort_by_key(|(index, ..)| *index);
    let full = full.into_inner().ok().flatten();
    if let Some(reached) = full {
        // Said once, with the first that was held back.
        let started = results.iter().filter(|(.., result)| result.is_ok()).count();
        let held = |result: &Result<Attempt, Fault>| matches!(result, Err(Fault { full: Some(_), .. }));
        let first = results.iter().position(|(.., result)| held(result));
        let mut index = 0;
        results.retain(|(.., result)| {
            index += 1;
            !held(result) || Some(index - 1) == first
        });
        if let Some((.., Err(fault))) = first.and_then(|first| results.get_mut(first)) {
            fault.message = reached.after(started, requests.len());
        }
    } else if results.len() < requests.len() {
        return Err(Fault::new(Kind::Failed, "not every task was tried").hint("ganger --reconcile"));
    }
    conclude(
        wiring,
        &engine,
        results.into_iter().map(|(_, task, result)| (task, result)).collect(),
        wait_for_end,
        quiet,
    )
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
                output::say(&format!("task {id} runs in session {}: ganger attach {id}", plan.session));
                attempt.kept.iter().for_each(|note| output::mention(note));
            }
            notes.extend(attempt.kept);
            if !wait_for_end {
                return Ok(());
            }
            let task = wait::wait(engine, id, None, Duration::MAX)?;
            if !wiring.global.json {
                output::say(&format!("task {id} is {}: {}", task.status, task.reason.as_deref().unwrap_or_default()));
            }
            match task.status {
                Status::Review | Status::Done => Ok(()),
                Status::Ready | Status::InProgress | Status::Failed => {
                    Err(Fault::new(Kind::OtherStatus, format!("task {id} ended as {}", task.status)).of(id))
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
        return Err(Fault::new(Kind::Conflict, format!("task {id} is {}, not failed", task.status)).of(id).hint(hint));
    }
    if args.verify {
        let request = Request { from: vec![Status::Failed], verify_only: true, ..Request::of(id) };
        wiring.catch_interrupts();
        dispatch(&engine, &request)?;
        let task = engine.task(id)?;
        return answer(wiring, &engine, &task, &format!("task {id} is verified again: ganger log {id} --verify"));
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
    let (from, note) = (vec![task.status], args.note.clone());
    let request = Request { from, fresh: args.fresh, resume: args.resume, note, ..Request::of(id) };
    several(wiring, &[request], false, false)
}
