//! What a key means on the board.

use super::super::columns::{COLUMNS, said};
use super::super::keymap::{Intent, Simple};
use super::super::layout::{cards, layout};
use super::super::model::{Model, Tone};
use super::super::msg::{Act, Cmd, Compose, Query, Tab};
use super::super::overlay::{
    Arrange, Filter, Form, Help, Note, Overlay, Palette, Question, Retry, Search, Typing, Waiting,
};
use super::super::simple::only;
use super::super::view::{furthest, viewed};
use super::{diff, find, looked_at, start, start_marked, watch};
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::engine::board::Card;

/// How many columns the pane moves sideways at once, and at most.
const ASIDE: u16 = 16;
const FARTHEST: u16 = 480;

/// Carries out an intent.
pub(super) fn act(model: &mut Model, intent: Intent) -> Vec<Cmd> {
    match intent {
        Intent::Left | Intent::Right => model.columns.step(intent == Intent::Right),
        Intent::Up => model.columns.move_by(-1),
        Intent::Down => model.columns.move_by(1),
        Intent::Top => model.columns.move_by(isize::MIN),
        Intent::Bottom => model.columns.move_by(isize::MAX),
        Intent::PageUp | Intent::PageDown => page(model, intent == Intent::PageDown),
        Intent::Ready => model.columns.enter(COLUMNS[0]),
        Intent::InProgress => model.columns.enter(COLUMNS[1]),
        Intent::Review => model.columns.enter(COLUMNS[2]),
        Intent::Done => model.columns.enter(COLUMNS[3]),
        Intent::Failed => model.columns.enter(COLUMNS[4]),
        Intent::New => open_form(model),
        Intent::Compose => {
            model.away = true;
            return vec![Cmd::Editor { purpose: Compose::New, text: String::new() }];
        }
        Intent::Edit | Intent::Duplicate => edit(model, model.columns.selected(), intent == Intent::Duplicate),
        Intent::Start => return dispatch(model),
        Intent::StartAll => start_all(model),
        Intent::WorkOff => return work_off(model),
        Intent::StartLost => return start_lost(model),
        Intent::Mark => mark(model),
        Intent::Open => return open(model),
        Intent::View => {
            model.detail.tab = if model.detail.tab.is_some() { None } else { Some(Tab::Live) };
            model.detail.is_zoomed = false;
            return looked_at(model);
        }
        Intent::Zoom => return zoom(model),
        Intent::Tab => return next_tab(model),
        Intent::ScrollLeft => model.detail.aside = model.detail.aside.saturating_sub(ASIDE),
        Intent::ScrollRight => model.detail.aside = (model.detail.aside + ASIDE).min(FARTHEST),
        Intent::ScrollUp | Intent::ScrollDown => scroll(model, intent == Intent::ScrollDown, 3),
        Intent::Type => type_line(model),
        Intent::Diff => return diff::open(model),
        Intent::Timeline => return show(model, Tab::Timeline),
        Intent::Approve => return approve(model),
        Intent::Merge => return merge(model),
        Intent::Pull => pull(model),
        Intent::Bounce => bounce(model),
        Intent::PullFeedback => pull_feedback(model),
        Intent::Simple(act) => return simple(model, act),
        Intent::Retry => retry(model),
        Intent::Stop => stop(model),
        Intent::Shell => return away(model, |task| Cmd::Shell { task }),
        Intent::NextAttention | Intent::PreviousAttention => to_attention(model, intent == Intent::NextAttention),
        Intent::NextMatch | Intent::PreviousMatch => {
            if let Some(task) = model.columns.seek(intent == Intent::NextMatch, |_| true) {
                model.columns.go_to(task);
            }
        }
        Intent::Remove => {
            let tasks = model.targets();
            if !tasks.is_empty() {
                return ask(model, Query::Losses(tasks));
            }
        }
        Intent::Undo => return start(model, Act::Undo).into_iter().collect(),
        Intent::Reconcile => return ask(model, Query::Plan),
        Intent::Filter => model.open(Overlay::Filter(Filter::new(&model.filter.text))),
        Intent::Arrange => {
            let (shown, home) = (model.shown.clone(), model.options.home.clone());
            model.open(Overlay::Arrange(Arrange::new(model.order, shown, home)));
        }
        Intent::Find => model.open(Overlay::Search(Search::new(&model.detail.search))),
        Intent::NextFound | Intent::PreviousFound => find::next(model, intent == Intent::NextFound),
        Intent::Clear => return clear(model),
        Intent::Chart => return ask(model, Query::Chart),
        Intent::Trash => return ask(model, Query::Trash),
        Intent::Tidy => return ask(model, Query::Tidy),
        Intent::Palette => model.open(Overlay::Palette(Palette::new())),
        Intent::Help => model.open(Overlay::Help(Help::default())),
        Intent::Suspend => return vec![Cmd::Suspend { job: true }],
        Intent::Quit => return quit(model),
        // Not the board's: an overlay takes it.
        Intent::Over(_) => {}
    }
    Vec::new()
}

/// Finds out what a question is about; it opens when the answer comes.
fn ask(model: &mut Model, query: Query) -> Vec<Cmd> {
    model.asked += 1;
    let number = model.asked;
    model.open(Overlay::Waiting(Waiting { number, query: query.clone() }));
    vec![Cmd::Ask { number, query }]
}

/// Half a page of the column, or of the pane where that is all there is.
fn page(model: &mut Model, down: bool) {
    if model.detail.is_zoomed {
        return scroll(model, down, usize::from(viewed(model).map_or(0, |area| area.height / 2)).max(1));
    }
    let focus = model.columns.focus();
    let screen = layout(model);
    let column = screen.columns.iter().find(|column| column.status == focus);
    let shown = column.map_or(0, |column| cards(model, column).len());
    let half = isize::try_from(shown / 2).unwrap_or(1).max(1);
    model.columns.move_by(if down { half } else { -half });
}

/// Opens the form of a new task.
pub(super) fn open_form(model: &mut Model) {
    let form = Form::new(&model.options.agents, &model.options.default_agent);
    model.open(Overlay::Form(Box::new(form)));
}

/// Opens the form with the task in it: for itself, or for another one.
pub(super) fn edit(model: &mut Model, task: Option<TaskId>, duplicate: bool) {
    if let Some(card) = task.and_then(|task| model.board.card(task)) {
        let fill = if duplicate { Form::duplicate } else { Form::edit };
        let form = fill(&card.task, &model.options.agents);
        model.open(Overlay::Form(Box::new(form)));
    }
}

fn dispatch(model: &mut Model) -> Vec<Cmd> {
    let failed = model.marks.is_empty() && model.selected().is_some_and(|card| card.task.status == Status::Failed);
    if failed {
        retry(model);
        return Vec::new();
    }
    let marked = model.marks.clone();
    let mut tasks = fitting(model, Status::Ready, "started");
    // The order of the queue.
    tasks.sort_by_key(|task| (model.board.card(*task).map_or(0, |card| -card.task.draft.priority), *task));
    match tasks.len() {
        0 => Vec::new(),
        1 => start_marked(model, tasks),
        count => {
            model.marks = marked;
            let (lines, acts) = (titles(model, &tasks), vec![Act::DispatchMarked { tasks }]);
            model.open(Overlay::Question(Question { title: format!("Start {count} tasks?"), lines, acts }));
            Vec::new()
        }
    }
}

/// Starts what fits whenever there is room, from now on or no longer.
fn work_off(model: &mut Model) -> Vec<Cmd> {
    model.works_off = !model.works_off;
    model.tried = None;
    if model.works_off {
        model.say(Tone::Plain, "the queue is worked off: what is ready starts whenever there is room");
    } else {
        model.say(Tone::Plain, "the queue is no longer worked off; what runs, runs on");
    }
    super::board::work_off(model)
}

/// Asks before it starts all that is ready, where that is several.
fn start_all(model: &mut Model) {
    let tasks = model.startable();
    if tasks.is_empty() {
        model.say(Tone::Plain, "nothing is ready to be started");
        return;
    }
    let lines = titles(model, &tasks);
    let title = "Start all that fit?".to_owned();
    model.open(Overlay::Question(Question { title, lines, acts: vec![Act::DispatchAll] }));
}

/// Starts all that lost their agent, whose number the header says, on their own conversations.
fn start_lost(model: &mut Model) -> Vec<Cmd> {
    let lost = model.board.cards.iter().filter(|card| card.lost_its_agent());
    let tasks: Vec<TaskId> = lost.map(|card| card.task.id).collect();
    if tasks.is_empty() {
        model.say(Tone::Plain, "no task has lost its agent");
        return Vec::new();
    }
    start_marked(model, tasks)
}

/// A line for each of these tasks.
fn titles(model: &Model, tasks: &[TaskId]) -> Vec<String> {
    let cards = tasks.iter().filter_map(|task| model.board.card(*task));
    cards.map(|card| format!("#{} {}", card.task.id, card.task.draft.title)).collect()
}

/// Does something to each target that is in the right column.
fn each(model: &mut Model, from: Status, done: &str, act: impl Fn(TaskId) -> Act) -> Vec<Cmd> {
    fitting(model, from, done).into_iter().filter_map(|task| start(model, act(task))).collect()
}

/// The targets that are in the right column; the marks are done with then.
fn fitting(model: &mut Model, from: Status, done: &str) -> Vec<TaskId> {
    let targets = model.targets();
    let fit: Vec<TaskId> = targets.iter().copied().filter(|task| status(model, *task) == Some(from)).collect();
    if let (true, Some(task)) = (fit.is_empty(), targets.first()) {
        let is = status(model, *task).map_or("gone", Status::said);
        model.say(Tone::Plain, only(*task, is, from, done));
    }
    model.marks.clear();
    fit
}

fn status(model: &Model, task: TaskId) -> Option<Status> {
    model.board.card(task).map(|card| card.task.status)
}

fn mark(model: &mut Model) {
    if let Some(task) = model.columns.selected() {
        if !model.marks.remove(&task) {
            model.marks.insert(task);
        }
        model.columns.move_by(1);
    }
}

fn open(model: &mut Model) -> Vec<Cmd> {
    let Some(card) = model.selected() else { return Vec::new() };
    match card.task.status {
        Status::InProgress | Status::Review | Status::Failed if card.is_live() => {
            away(model, |task| Cmd::Attach { task })
        }
        Status::Ready => show(model, Tab::Prompt),
        Status::InProgress | Status::Done => show(model, Tab::Timeline),
        Status::Review => diff::open(model),
        Status::Failed => show(model, Tab::Report),
    }
}

fn away(model: &mut Model, cmd: impl Fn(TaskId) -> Cmd) -> Vec<Cmd> {
    let Some(task) = model.columns.selected() else { return Vec::new() };
    model.away = true;
    // Before it is shown elsewhere, its terminal has its own size again.
    watch(model).into_iter().chain([cmd(task)]).collect()
}

pub(super) fn show(model: &mut Model, tab: Tab) -> Vec<Cmd> {
    if model.detail.tab == Some(tab) {
        return Vec::new();
    }
    model.detail.tab = Some(tab);
    looked_at(model)
}

/// The pane on the whole screen, or beside the board again.
fn zoom(model: &mut Model) -> Vec<Cmd> {
    model.detail.is_zoomed = !model.detail.is_zoomed;
    if model.detail.tab.is_none() {
        model.detail.tab = Some(Tab::Live);
        return looked_at(model);
    }
    watch(model)
}

fn next_tab(model: &mut Model) -> Vec<Cmd> {
    let shown = model.tab();
    let place = Tab::ALL.iter().position(|tab| Some(*tab) == shown);
    let start = place.map_or(0, |place| place + 1);
    // A tab that shows another one for this task is passed over.
    for step in 0..Tab::ALL.len() {
        model.detail.tab = Some(Tab::ALL[(start + step) % Tab::ALL.len()]);
        if model.tab() == model.detail.tab && model.tab() != shown {
            break;
        }
    }
    looked_at(model)
}

/// Scrolls the pane by so many rows.
fn scroll(model: &mut Model, down: bool, rows: usize) {
    // The live view is followed at its end: there, up is further back.
    let forward = if model.tab() == Some(Tab::Live) { !down } else { down };
    let furthest = furthest(model);
    let scroll = model.detail.scroll.min(furthest);
    model.detail.scroll = if forward { (scroll + rows).min(furthest) } else { scroll.saturating_sub(rows) };
}

fn type_line(model: &mut Model) {
    match model.selected() {
        Some(card) if card.is_live() => {
            let asked = said(card).filter(|_| card.is_waiting()).map(str::to_owned);
            model.open(Overlay::Typing(Typing::new(card.task.id, asked)));
        }
        Some(card) => {
            let id = card.task.id;
            model.say(Tone::Plain, format!("task {id} has no running agent to type to"));
        }
        None => {}
    }
}

fn approve(model: &mut Model) -> Vec<Cmd> {
    let live: Vec<String> = targeted(model)
        .filter(|card| card.task.status == Status::Review && card.is_live())
        .map(|card| format!("#{} {}: its agent still runs and would be ended", card.task.id, card.task.draft.title))
        .collect();
    if live.is_empty() {
        return each(model, Status::Review, "approved", |task| Act::Approve { task });
    }
    let fit = targeted(model).filter(|card| card.task.status == Status::Review);
    let acts = fit.map(|card| Act::Approve { task: card.task.id }).collect();
    model.open(Overlay::Question(Question { title: "Approve?".to_owned(), lines: live, acts }));
    Vec::new()
}

/// Asks what merging the targets would do: reviewed ones, in the order of their ids.
fn merge(model: &mut Model) -> Vec<Cmd> {
    let mut tasks: Vec<TaskId> = targeted(model)
        .filter(|card| matches!(card.task.status, Status::Review | Status::Done))
        .map(|card| card.task.id)
        .collect();
    tasks.sort();
    if !tasks.is_empty() {
        return ask(model, Query::Merge(tasks));
    }
    let first = targeted(model).next().map(|card| (card.task.id, card.task.status));
    if let Some((task, status)) = first {
        let why = "only work in review, or approved, can be merged";
        model.say(Tone::Plain, format!("task {task} is {}: {why}", status.said()));
    }
    Vec::new()
}

/// Asks before something is published.
fn pull(model: &mut Model) {
    let Some(card) = model.selected() else { return };
    let (task, status) = (card.task.id, card.task.status);
    if !matches!(status, Status::Review | Status::Done) {
        let why = "only work in review, or approved, gets a pull request";
        model.say(Tone::Plain, format!("task {task} is {}: {why}", status.said()));
        return;
    }
    let mut lines = vec![format!("#{task} {}", card.task.draft.title)];
    lines.push(match &card.task.pull {
        Some(pull) => format!("its branch is pushed again: {}", pull.url),
        None => "its branch is pushed, and gh opens a pull request".to_owned(),
    });
    if let Some((_, Some(changed))) = model.measured.get(&task)
        && changed.uncommitted > 0
    {
        lines.push(format!("{} uncommitted files are committed first", changed.uncommitted));
    }
    let title = "Open a pull request?".to_owned();
    model.open(Overlay::Question(Question { title, lines, acts: vec![Act::Pull { task }] }));
}

/// Asks before an agent is sent back with words that others wrote.
fn pull_feedback(model: &mut Model) {
    let Some(card) = model.selected() else { return };
    let task = card.task.id;
    let sendable = matches!(card.task.status, Status::Review | Status::Failed);
    let Some(pull) = card.task.pull.as_ref().filter(|_| sendable) else {
        model.say(Tone::Plain, format!("task {task} has no pull request to be sent back for"));
        return;
    };
    let lines = vec![
        format!("#{task} {}", card.task.draft.title),
        format!("PR {}: {}", pull.number, pull.said),
        "its failed checks and what was said of it since, to its agent".to_owned(),
    ];
    let title = "Send it back?".to_owned();
    model.open(Overlay::Question(Question { title, lines, acts: vec![Act::PullFeedback { task }] }));
}

/// The cards of the targets.
fn targeted(model: &Model) -> impl Iterator<Item = &Card> {
    model.targets().into_iter().filter_map(|task| model.board.card(task))
}

fn retry(model: &mut Model) {
    match model.selected().map(|card| (card.task.id, card.task.status)) {
        Some((task, Status::Failed)) => model.open(Overlay::Retry(Retry::new(task))),
        Some((task, status)) => {
            model.say(Tone::Plain, format!("task {task} is {}: only failed tasks can be retried", status.said()));
        }
        None => {}
    }
}

fn bounce(model: &mut Model) {
    match model.selected().map(|card| (card.task.id, card.task.status)) {
        Some((task, Status::Review | Status::Failed)) => {
            model.open(Overlay::Note(Note::bounce(task, "")));
        }
        Some((task, status)) => {
            model.say(Tone::Plain, format!("task {task} is {}: there is nothing to send back", status.said()));
        }
        None => {}
    }
}

fn stop(model: &mut Model) {
    let live: Vec<&Card> = targeted(model).filter(|card| card.is_live()).collect();
    let lines = live.iter().map(|card| format!("#{} {}", card.task.id, card.task.draft.title)).collect();
    let acts: Vec<Act> = live.iter().map(|card| Act::Stop { task: card.task.id }).collect();
    if acts.is_empty() {
        model.say(Tone::Plain, "no agent runs here");
    } else {
        let title = if acts.len() == 1 { "Stop its agent?" } else { "Stop these agents?" };
        model.open(Overlay::Question(Question { title: title.to_owned(), lines, acts }));
    }
}

/// Goes to the next task that needs the user: first those whose agent waits, then column by column.
fn to_attention(model: &mut Model, forward: bool) {
    let board = std::sync::Arc::clone(&model.board);
    let of = |task: &TaskId, is: fn(&Card) -> bool| board.card(*task).is_some_and(is);
    let all = COLUMNS.iter().flat_map(|status| model.columns.tasks(*status)).copied();
    let mut order: Vec<TaskId> = all.filter(|task| of(task, Card::needs_person)).collect();
    order.sort_by_key(|task| !of(task, Card::is_waiting));
    let here = model.columns.selected().and_then(|here| order.iter().position(|task| *task == here));
    let count = order.len();
    let next = match (here, forward) {
        (None, true) => 0,
        (None, false) => count.saturating_sub(1),
        (Some(here), true) => (here + 1) % count,
        (Some(here), false) => (here + count - 1) % count,
    };
    match order.get(next) {
        Some(task) => drop(model.columns.go_to(*task)),
        None => model.say(Tone::Plain, "nothing needs you"),
    }
}

/// Does it to each target that it can be done to, and says why not to another.
fn simple(model: &mut Model, act: Simple) -> Vec<Cmd> {
    let (fit, refused): (Vec<&Card>, Vec<&Card>) = targeted(model).partition(|card| act.refuses(card).is_none());
    let why = refused.first().and_then(|card| act.refuses(card));
    let fit: Vec<TaskId> = fit.into_iter().map(|card| card.task.id).collect();
    if let Some(why) = why {
        model.say(Tone::Plain, why);
    }
    model.marks.clear();
    fit.into_iter().filter_map(|task| start(model, Act::Simple { task, act })).collect()
}

fn clear(model: &mut Model) -> Vec<Cmd> {
    if !model.detail.search.is_empty() {
        model.detail.search.clear();
        return Vec::new();
    }
    if model.detail.is_zoomed {
        return zoom(model);
    }
    if model.filter.is_on() {
        model.filter.text.clear();
        model.arrange();
    } else if !model.marks.is_empty() {
        model.marks.clear();
    } else if model.toast.is_some() {
        model.toast = None;
    } else {
        (model.detail.scroll, model.detail.aside) = (0, 0);
    }
    Vec::new()
}

fn quit(model: &mut Model) -> Vec<Cmd> {
    if !model.is_busy() {
        return vec![Cmd::Quit];
    }
    if model.leaving.is_some() {
        // Asked twice: sagas in flight roll back.
        return vec![Cmd::Interrupt];
    }
    model.leaving = Some(model.now.boot);
    let flights = model.running.len() + model.running_global.len();
    model.say(Tone::Plain, format!("finishing {flights} that are under way; again to roll them back"));
    Vec::new()
}
