//! What a message makes of the model, and the effects that it asks for. Pure, and it can't fail.

mod board;
mod diff;
mod find;
mod intent;
mod overlay;

use std::sync::Arc;

use super::layout::follow;
use super::model::{Model, Tone};
use super::msg::{Act, Cmd, Compose, Done, Msg, Sweep};
use super::overlay::Overlay;
use super::view::viewed;
use super::words;
use crate::domain::id::TaskId;
use crate::engine::Fault;

/// Takes one message.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    let before = model.columns.selected();
    // However busy it is here: a message of a while ago is not shown to somebody who comes back to the board.
    model.forget();
    let mut cmds = match msg {
        Msg::Key(key) => overlay::key(model, key),
        Msg::Mouse(mouse) => overlay::mouse(model, mouse),
        Msg::Paste(text) => overlay::paste(model, &text),
        Msg::Resize { columns, rows } => {
            model.columns_rows = (columns, rows);
            watch(model)
        }
        Msg::Tick(now) => {
            model.now = now;
            model.forget();
            let mut cmds = board::restart(model);
            cmds.extend(board::work_off(model));
            cmds.extend(board::call(model));
            cmds.extend(leave_if_done(model));
            cmds
        }
        Msg::Loaded(board) => {
            let mut cmds = board::loaded(model, board);
            cmds.extend(board::work_off(model));
            cmds
        }
        Msg::LoadFailed(why) => {
            model.load_error = Some(why);
            Vec::new()
        }
        Msg::Swept(sweep) => swept(model, sweep),
        Msg::Detailed { task, tab, content } => {
            // The latest wins: an answer to an earlier question is dropped.
            if model.columns.selected() == Some(task) && model.tab() == Some(tab) {
                model.detail.content = Some((task, tab, content));
            }
            if tab == super::msg::Tab::Live { measure(model, task) } else { Vec::new() }
        }
        Msg::Dispatched { task } => {
            model.running.remove(&task);
            leave_if_done(model)
        }
        Msg::Acted { act, outcome } => {
            let commented = if let Act::Comment { task, .. } = &act { Some(*task) } else { None };
            let mut cmds = acted(model, &act, outcome);
            cmds.extend(commented.into_iter().flat_map(|task| diff::commented(model, task)));
            // The board may have changed while it was tried.
            cmds.extend(board::work_off(model));
            cmds
        }
        Msg::Answered { number, answer } => overlay::answered(model, number, answer),
        Msg::Looked { number, seen } => diff::seen(model, number, seen),
        Msg::Edited { purpose, outcome } => edited(model, &purpose, outcome),
        Msg::Returned(outcome) => {
            model.away = false;
            if let Err(fault) = outcome {
                complain(model, &fault);
            }
            watch(model)
        }
        Msg::Surveyed(found) => {
            let now = model.now.wall;
            model.measured.extend(found.changed.into_iter().map(|(task, changed)| (task, (now, changed))));
            model.overlaps = found.overlaps;
            Vec::new()
        }
        Msg::Measured { task, changed } => {
            if model.board.card(task).is_some() {
                model.measured.insert(task, (model.now.wall, changed));
            }
            Vec::new()
        }
        Msg::Stopped => vec![Cmd::Suspend { job: false }],
        Msg::Continued => vec![Cmd::Retake],
        Msg::Terminate => vec![Cmd::Interrupt, Cmd::Quit],
    };
    follow(model);
    if model.columns.selected() != before {
        // A tab is chosen for one task: the next one's is what makes sense for it.
        model.detail.tab = model.detail.tab.map(|_| super::msg::Tab::Live);
        cmds.extend(looked_at(model));
    }
    cmds
}

/// Asks how much a task's agent has changed, unless that was asked a moment ago.
fn measure(model: &mut Model, task: TaskId) -> Vec<Cmd> {
    /// A working agent changes files all the time.
    const OFTEN: std::time::Duration = std::time::Duration::from_secs(5);
    let known = model.measured.get(&task).copied();
    if known.is_some_and(|(at, _)| model.now.wall.since(at) < OFTEN) {
        return Vec::new();
    }
    model.measured.insert(task, (model.now.wall, known.and_then(|(_, changed)| changed)));
    vec![Cmd::Measure { task }]
}

/// Another task is under the cursor, or another tab is wanted: its text is read.
fn looked_at(model: &mut Model) -> Vec<Cmd> {
    (model.detail.scroll, model.detail.aside, model.detail.found) = (0, 0, 0);
    model.detail.content = None;
    watch(model)
}

/// Reads what the detail pane shows; a live view is kept fresh.
fn watch(model: &mut Model) -> Vec<Cmd> {
    use super::msg::Tab;
    let size = viewed(model).map_or((0, 0), |area| (area.width, area.height));
    let lines = size.1;
    let nothing = Cmd::Watch { task: None, size };
    let (Some(task), Some(tab)) = (model.columns.selected(), model.tab()) else {
        return vec![nothing];
    };
    match tab {
        // While another program has the terminal, this is not where the agent is looked at.
        Tab::Live if model.away => vec![nothing],
        Tab::Live => vec![Cmd::Watch { task: Some(task), size }],
        // The prompt is on the card.
        Tab::Prompt => vec![nothing],
        Tab::Timeline | Tab::Diff | Tab::Report => vec![nothing, Cmd::Detail { task, tab, lines }],
    }
}

fn swept(model: &mut Model, sweep: Sweep) -> Vec<Cmd> {
    if let Some(first) = sweep.done.first() {
        let more = sweep.done.len() - 1;
        let text = if more == 0 { first.clone() } else { format!("{first} (and {more} more)") };
        model.fixed = Some((sweep.at, text.clone()));
        model.say(Tone::Plain, format!("reconciled: {text}"));
    }
    let earlier = model.sweep.take();
    // A pass that asked no tmux server says nothing new of it.
    let tmux = sweep.tmux.clone().or_else(|| earlier.and_then(|earlier| earlier.tmux));
    model.sweep = Some(Sweep { tmux, ..sweep });
    Vec::new()
}

fn acted(model: &mut Model, act: &Act, outcome: Result<Done, Fault>) -> Vec<Cmd> {
    match (act, act.task()) {
        (Act::DispatchMarked { tasks }, _) => model.running.retain(|task, _| !tasks.contains(task)),
        (_, Some(task)) => drop(model.running.remove(&task)),
        (_, None) => {
            if let Some(index) = model.running_global.iter().position(|errand| errand == act) {
                model.running_global.remove(index);
            }
        }
    }
    let saves = matches!(act, Act::Add { .. } | Act::Edit { .. });
    match (outcome, &mut model.overlay) {
        (Ok(said), overlay) => {
            if saves && matches!(overlay, Some(Overlay::Form(form)) if form.saving) {
                *overlay = None;
            }
            let tone = if matches!(said, Done::Filled { stopped: Some(_), .. }) { Tone::Plain } else { Tone::Good };
            // That the limit is reached is what the queue works at.
            if !matches!((act, &said), (Act::WorkOff, Done::Filled { started: 0, .. })) {
                model.say(tone, words::done(&said));
            }
            if let (Done::Approved(task), Some(toast)) = (&said, &mut model.toast)
                && let Some((_, Some(changed))) = model.measured.get(task)
                && changed.uncommitted > 0
            {
                toast.said.text += &words::uncommitted(changed.uncommitted);
            }
            if let Done::Added(task) | Done::Undone { task, .. } = said {
                // It may have been read already.
                model.awaited = Some(task).filter(|task| !model.columns.go_to(*task));
            }
            if let Done::Added(task) = said {
                // It is there, and its start is an act of its own: that this fails adds it not once more.
                if matches!(act, Act::Add { start: true, .. }) {
                    let dispatch = start(model, Act::Dispatch { task });
                    return dispatch.into_iter().chain(leave_if_done(model)).collect();
                }
            }
            if let (Done::Saved(task), Act::Edit { start: true, .. }) = (&said, act) {
                let begin = model.board.card(*task).and_then(|card| Act::begin(&card.task));
                let begun = begin.and_then(|act| start(model, act));
                return begun.into_iter().chain(leave_if_done(model)).collect();
            }
        }
        // Nothing that was typed is lost.
        (Err(fault), Some(Overlay::Form(form))) if saves && form.saving => {
            form.saving = false;
            form.error = Some(words::fault(&fault).text);
        }
        (Err(fault), _) => complain(model, &fault),
    }
    leave_if_done(model)
}

fn edited(model: &mut Model, purpose: &Compose, outcome: Result<String, Fault>) -> Vec<Cmd> {
    match (outcome, purpose) {
        (Ok(text), Compose::Form) => {
            if let Some(Overlay::Form(form)) = &mut model.overlay {
                form.fill(super::overlay::form::Name::Prompt, text.trim_end_matches('\n'));
            }
        }
        (Ok(text), Compose::New) => {
            let text = text.trim_matches('\n');
            if text.trim().is_empty() {
                model.say(Tone::Plain, "nothing was written: no task was added");
            } else {
                let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
                intent::open_form(model);
                if let Some(Overlay::Form(form)) = &mut model.overlay {
                    form.fill(super::overlay::form::Name::Title, title.trim());
                    form.fill(super::overlay::form::Name::Prompt, rest.trim_matches('\n'));
                }
            }
        }
        (Ok(text), Compose::Viewer(task)) => {
            let text = text.trim();
            if text.is_empty() {
                model.say(Tone::Plain, "the viewer has printed nothing");
            } else {
                model.open(Overlay::Note(super::overlay::Note::bounce(*task, text)));
            }
        }
        (Err(fault), Compose::Form | Compose::New | Compose::Viewer(_)) => complain(model, &fault),
    }
    Vec::new()
}

fn complain(model: &mut Model, fault: &Fault) {
    model.say(Tone::Bad, words::fault(fault));
}

/// Quits once nothing is under way any more.
fn leave_if_done(model: &Model) -> Vec<Cmd> {
    /// How long sagas in flight are waited for, and then how long their rollback, in milliseconds.
    const PATIENCE: i64 = 5_000;
    let Some(since) = model.leaving else { return Vec::new() };
    let waited = model.now.boot.0 - since.0;
    if !model.is_busy() || waited > 2 * PATIENCE {
        return vec![Cmd::Quit];
    }
    if waited > PATIENCE { vec![Cmd::Interrupt] } else { Vec::new() }
}

/// Dispatches several tasks as one queue: a limit that is reached is met, and said, once.
fn start_marked(model: &mut Model, tasks: Vec<TaskId>) -> Vec<Cmd> {
    let (busy, tasks): (Vec<TaskId>, Vec<TaskId>) =
        tasks.into_iter().partition(|task| model.running.contains_key(task));
    if let [task] = tasks.as_slice() {
        return start(model, Act::Dispatch { task: *task }).into_iter().collect();
    }
    if let (true, Some(task)) = (tasks.is_empty(), busy.first()) {
        return start(model, Act::Dispatch { task: *task }).into_iter().collect();
    }
    model.running.extend(tasks.iter().map(|task| (*task, Act::Dispatch { task: *task })));
    vec![Cmd::Act(Act::DispatchMarked { tasks })]
}

/// Starts an act, unless one goes on for its task already.
fn start(model: &mut Model, act: Act) -> Option<Cmd> {
    match act.task() {
        Some(task) if model.running.contains_key(&task) => {
            let going_on = model.running[&task].going_on();
            model.say(Tone::Plain, format!("task {task}: still {going_on}"));
            return None;
        }
        Some(task) => drop(model.running.insert(task, act.clone())),
        None => model.running_global.push(act.clone()),
    }
    Some(Cmd::Act(act))
}

/// Replaces the board, for tests and for what was read.
pub(super) fn put(model: &mut Model, board: Arc<crate::engine::board::Board>) {
    model.board = board;
    model.arrange();
}
