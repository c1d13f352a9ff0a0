//! Keys, clicks and messages, and what they ask for.

use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::support::{Screen, card, doing, glance, live, minutes_ago, quiet, titled};
use crate::domain::diff::{Change, Changed};
use crate::domain::id::TaskId;
use crate::domain::pull::{Fed, Linked};
use crate::domain::state::{Activity, Cause, Phase, Source, Status};
use crate::engine::board::{Board, Card, Shown};
use crate::engine::{Fault, Kind};
use crate::tui::keymap::Simple;
use crate::tui::msg::{Act, Answer, Cmd, Content, Done, Entry, Msg, Query, Shelved, Sweep, Tab, Timeline};
use crate::tui::overlay::Overlay;

fn acts(screen: &Screen) -> Vec<Act> {
    let act = |cmd: &Cmd| if let Cmd::Act(act) = cmd { Some(act.clone()) } else { None };
    screen.cmds.iter().filter_map(act).collect()
}

fn losses(task: i64, line: &str) -> Answer {
    Answer::Losses { tasks: vec![TaskId(task)], lines: vec![line.to_owned()] }
}

fn some() -> Vec<Card> {
    vec![
        card(1, Status::Ready),
        card(2, Status::Ready),
        live(3, "runs", Phase::Running, 1),
        card(4, Status::Review),
        card(5, Status::Done),
        card(6, Status::Failed),
    ]
}

#[test]
fn s_starts_what_is_under_the_cursor_once() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("s");
    assert_eq!(acts(&screen), [Act::Dispatch { task: TaskId(1) }]);
    assert!(screen.text().contains("claiming…"), "{}", screen.text());
    screen.keys("s");
    assert_eq!(acts(&screen), [], "the same task never twice");
    let fault = Fault::new(Kind::Conflict, "task 1 is in progress already");
    screen.tell(Msg::Acted { act: Act::Dispatch { task: TaskId(1) }, outcome: Err(fault) });
    assert!(screen.text().contains("task 1 is in progress already"));
    screen.keys("s");
    assert_eq!(acts(&screen).len(), 1, "and again once that is over");
}

#[test]
fn marked_tasks_are_dispatched_as_one_queue() {
    let (first, second) = (TaskId(1), TaskId(2));
    let mut screen = Screen::with(120, 40, some());
    screen.keys("space space s");
    assert!(acts(&screen).is_empty() && screen.text().contains("Start 2 tasks?"));
    screen.keys("y");
    let act = Act::DispatchMarked { tasks: vec![first, second] };
    assert_eq!(acts(&screen), std::slice::from_ref(&act));
    assert!(screen.model.marks.is_empty());
    assert_eq!(screen.text().matches("claiming…").count(), 2, "{}", screen.text());
    screen.keys("space s");
    assert_eq!(acts(&screen), [], "the same task never twice");

    screen.tell(Msg::Dispatched { task: first });
    assert_eq!(screen.text().matches("claiming…").count(), 1, "{}", screen.text());
    let limit = "the limit of 1 is reached".to_owned();
    let outcome = Ok(Done::Filled { started: 1, of: 2, stopped: Some(limit) });
    screen.tell(Msg::Acted { act, outcome });
    assert!(!screen.model.is_busy(), "what was not asked for is not waited for");
    assert!(screen.text().contains("1 of 2 started; the limit of 1 is reached"), "{}", screen.text());
}

#[test]
fn marked_tasks_of_which_one_is_being_started_are_dispatched_without_it() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("s");
    screen.keys("space space s y");
    assert_eq!(acts(&screen), [Act::Dispatch { task: TaskId(2) }]);
}

#[test]
fn a_key_that_does_not_fit_says_why() {
    for (keys, said) in [
        ("3 s", "task 4 is in review; only tasks that are ready can be started"),
        ("1 v", "task 1 is ready; only tasks that are in review can be approved"),
        ("1 r", "task 1 is ready: only failed tasks can be retried"),
        ("1 x", "no agent runs here"),
        ("1 i", "task 1 has no running agent to type to"),
        ("2 z", "task 3: its agent runs; stop it first"),
    ] {
        let mut screen = Screen::with(120, 40, some());
        screen.keys(keys);
        assert!(acts(&screen).is_empty());
        assert!(screen.text().contains(said), "{keys}: {}", screen.text());
    }
}

#[test]
fn enter_does_what_the_column_is_about() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2 enter");
    assert!(screen.cmds.contains(&Cmd::Attach { task: TaskId(3) }), "{:?}", screen.cmds);
    for (key, tab) in [("1", Tab::Prompt), ("3", Tab::Diff), ("4", Tab::Timeline), ("5", Tab::Report)] {
        screen.keys(&format!("{key} enter"));
        assert_eq!(screen.model.tab(), Some(tab), "column {key}");
    }
}

#[test]
fn approve_stop_and_delete_ask_where_something_would_end() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("3 v");
    assert_eq!(acts(&screen), [Act::Approve { task: TaskId(4) }]);

    screen.keys("2 x");
    assert!(acts(&screen).is_empty() && screen.text().contains("Stop its agent?"));
    screen.keys("n");
    assert!(acts(&screen).is_empty() && screen.model.overlay.is_none());
    screen.keys("x y");
    assert_eq!(acts(&screen), [Act::Stop { task: TaskId(3) }]);

    screen.tell(Msg::Acted { act: Act::Stop { task: TaskId(3) }, outcome: Ok(Done::Stopped(TaskId(3))) });
    screen.keys("D");
    assert_eq!(screen.cmds, [Cmd::Ask { number: 1, query: Query::Losses(vec![TaskId(3)]) }]);
    screen.answer(losses(3, "its agent runs"));
    screen.keys("y");
    assert_eq!(acts(&screen), [Act::Remove { task: TaskId(3), stop: true }]);
}

#[test]
fn a_merge_shows_first_what_it_would_do_and_is_one_act_for_all() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("1 M");
    assert!(screen.text().contains("task 1 is ready: only work in review, or approved, can be merged"));
    screen.keys("3");
    screen.keys("M");
    assert_eq!(screen.cmds, [Cmd::Ask { number: 1, query: Query::Merge(vec![TaskId(4)]) }]);
    let conflict = || Fault::new(Kind::Conflict, "task 4: it conflicts with main in a.rs");
    let none = Answer::Merge { tasks: Vec::new(), lines: Vec::new(), stopped: Some(conflict()) };
    screen.answer(none);
    assert!(screen.model.overlay.is_none() && screen.text().contains("it conflicts with main in a.rs"));
    screen.keys("M");
    let note = Some("Rebase your branch on main".to_owned());
    let told = Fault { note, ..conflict() }.of(TaskId(4));
    screen.answer(Answer::Merge { tasks: Vec::new(), lines: Vec::new(), stopped: Some(told) });
    assert!(screen.text().contains("Rebase your branch on main"), "{}", screen.text());
    screen.keys("esc");
    assert!(acts(&screen).is_empty());
    screen.keys("M");
    let lines = vec!["task 4 would be merged into main".to_owned()];
    screen.answer(Answer::Merge { tasks: vec![TaskId(4)], lines, stopped: None });
    assert!(screen.text().contains("Merge this task?") && screen.text().contains("would be merged into main"));
    assert!(acts(&screen).is_empty());
    screen.keys("y");
    let act = Act::Merge { tasks: vec![TaskId(4)] };
    assert_eq!(acts(&screen), std::slice::from_ref(&act));
    assert!(screen.text().contains("merging"), "{}", screen.text());
    screen.tell(Msg::Acted { act, outcome: Err(conflict()) });
    assert!(!screen.model.is_busy());
}

#[test]
fn an_answer_to_a_question_that_was_left_opens_nothing() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("D esc");
    screen.answer(losses(1, ""));
    assert!(screen.model.overlay.is_none());
    screen.keys("R esc");
    screen.answer(Answer::Plan(vec!["task 3: requeue".to_owned()]));
    assert!(screen.model.overlay.is_none());
}

#[test]
fn an_answer_belongs_to_the_question_it_was_asked_for() {
    let mut screen = Screen::with(120, 40, some());
    let late = |number, answer| Msg::Answered { number, answer: Ok(answer) };
    screen.keys("R esc D");
    screen.tell(late(1, Answer::Plan(vec!["task 3: requeue".to_owned()])));
    assert!(!screen.text().contains("Reconcile?"), "the plan was asked for by a question that was left");
    screen.tell(late(2, losses(1, "no work of it is anywhere")));
    assert!(screen.text().contains("Remove this task?"));
    screen.keys("y j D esc D");
    screen.tell(late(3, losses(2, "of an earlier look")));
    assert!(!screen.text().contains("of an earlier look"), "the same question, asked again");
    screen.tell(late(4, losses(2, "of this look")));
    assert!(screen.text().contains("of this look"));
}

#[test]
fn a_reconcile_shows_its_plan_first() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("R");
    assert_eq!(screen.cmds, [Cmd::Ask { number: 1, query: Query::Plan }]);
    screen.answer(Answer::Plan(vec!["task 3: requeue: its shim is gone".to_owned()]));
    assert!(screen.text().contains("task 3: requeue"));
    screen.keys("enter");
    assert_eq!(acts(&screen), [Act::Reconcile]);
    screen.keys("R");
    screen.answer(Answer::Plan(Vec::new()));
    assert!(screen.text().contains("everything is as it should be"));
}

#[test]
fn a_failed_task_is_retried_as_wanted() {
    let retry = |fresh, note: Option<&str>| Act::Retry { task: TaskId(6), fresh, note: note.map(str::to_owned) };
    for (keys, wanted) in [
        ("r r", retry(false, None)),
        ("s enter", retry(false, None)),
        ("r f", retry(true, None)),
        ("r down enter", retry(true, None)),
        ("r n \"use sqlite\" enter", retry(false, Some("use sqlite"))),
        ("r v", Act::Verify { task: TaskId(6) }),
        ("b \"more tests\" enter", Act::Bounce { task: TaskId(6), note: "more tests".to_owned() }),
    ] {
        let mut screen = Screen::with(120, 40, some());
        screen.keys("5");
        screen.keys(keys);
        assert_eq!(acts(&screen), [wanted], "{keys}");
    }
}

#[test]
fn a_line_is_typed_to_the_agent_and_ctrl_c_goes_there_too() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2 i \"yes; go on\" enter");
    assert_eq!(acts(&screen), [Act::Send { task: TaskId(3), text: "yes; go on".to_owned() }]);
    screen.tell(Msg::Acted { act: acts(&screen).remove(0), outcome: Ok(Done::Sent(TaskId(3))) });
    screen.keys("i ctrl-c");
    assert_eq!(acts(&screen), [Act::Interrupt { task: TaskId(3) }]);
    assert!(matches!(screen.model.overlay, Some(Overlay::Typing(_))), "the board does not quit");
    screen.tell(Msg::Paste("two\r\nlines".to_owned()));
    screen.tell(Msg::Acted { act: Act::Interrupt { task: TaskId(3) }, outcome: Ok(Done::Interrupted(TaskId(3))) });
    screen.keys("enter");
    assert_eq!(acts(&screen), [Act::Send { task: TaskId(3), text: "two\nlines".to_owned() }]);
}

#[test]
fn a_form_stays_until_what_is_in_it_is_saved() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("n \"new one\" ctrl-s");
    let act = acts(&screen).remove(0);
    let Act::Add { draft, start: false } = &act else { panic!("{act:?}") };
    assert_eq!((draft.title.as_str(), draft.agent.as_str()), ("new one", "claude"));
    let fault = Fault::new(Kind::Failed, "the database is locked");
    screen.tell(Msg::Acted { act: act.clone(), outcome: Err(fault) });
    assert!(screen.text().contains("the database is locked") && screen.text().contains("new one"));
    screen.keys("ctrl-s");
    screen.tell(Msg::Acted { act, outcome: Ok(Done::Added(TaskId(7))) });
    assert!(screen.model.overlay.is_none() && screen.text().contains("task 7 added"));
}

#[test]
fn a_task_whose_start_fails_is_added_once() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("n \"new one\" ctrl-r");
    let act = acts(&screen).remove(0);
    assert!(matches!(&act, Act::Add { start: true, .. }));
    screen.tell(Msg::Acted { act, outcome: Ok(Done::Added(TaskId(7))) });
    let dispatch = Act::Dispatch { task: TaskId(7) };
    assert_eq!(acts(&screen), std::slice::from_ref(&dispatch), "its start is an act of its own");
    assert!(screen.model.overlay.is_none(), "what was typed is saved: nothing is left to save again");
    let mut cards = some();
    cards.push(titled(7, Status::Ready, "new one"));
    screen.load(cards);
    assert_eq!(screen.model.columns.selected(), Some(TaskId(7)), "the cursor is on it");
    screen.tell(Msg::Acted {
        act: dispatch,
        outcome: Err(Fault::new(Kind::Conflict, "1 is in progress, the limit is 1")),
    });
    assert!(screen.text().contains("the limit is 1") && screen.model.overlay.is_none());
    screen.keys("s");
    assert_eq!(acts(&screen), [Act::Dispatch { task: TaskId(7) }]);
}

#[test]
fn a_message_of_before_is_not_shown_again_after_an_overlay() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("1 x");
    assert!(screen.text().contains("no agent runs here"));
    screen.keys("? esc");
    assert!(!screen.text().contains("no agent runs here"));
    // Keys come so fast that no tick does.
    screen.keys("1 x");
    screen.model.now.boot.0 += 7_000;
    screen.keys("g");
    assert!(!screen.text().contains("no agent runs here"));
}

#[test]
fn the_footer_names_the_filter_and_always_help_and_quit() {
    let mut screen = Screen::with(80, 24, some());
    for keys in ["1", "2", "3", "4", "5", "/ \"task\" enter", "1", "space"] {
        screen.keys(keys);
        let text = screen.text();
        let foot = text.trim_end().lines().last().unwrap();
        assert!(foot.contains("? help") && foot.contains("q quit"), "{keys}: {foot}");
        assert!(!(foot.contains("n next match") && foot.contains("n new")), "{foot}");
        assert_eq!(foot.contains("filter: task"), screen.model.filter.is_on(), "{foot}");
    }
}

#[test]
fn an_edit_sends_only_what_was_changed() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("e \" now\" ctrl-s");
    let Act::Edit { task: TaskId(1), edit, start: false } = acts(&screen).remove(0) else { panic!() };
    assert_eq!(edit.title.as_deref(), Some("task 1 now"));
    assert_eq!((edit.prompt, edit.agent, edit.priority), (None, None, None));
}

#[test]
fn a_failed_task_is_retried_with_what_was_changed_in_the_form() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("5 r e");
    assert!(screen.text().contains("save and retry"), "{}", screen.text());
    screen.keys("\" now\" ctrl-r");
    let edit = acts(&screen).remove(0);
    let Act::Edit { task: TaskId(6), start: true, .. } = &edit else { panic!("{edit:?}") };
    screen.tell(Msg::Acted { act: edit, outcome: Ok(Done::Saved(TaskId(6))) });
    assert!(screen.model.overlay.is_none());
    assert_eq!(acts(&screen), [Act::Retry { task: TaskId(6), fresh: false, note: None }]);
    // Where nothing was changed it is retried all the same.
    let mut screen = Screen::with(120, 40, some());
    screen.keys("5 e ctrl-r");
    assert_eq!(acts(&screen), [Act::Retry { task: TaskId(6), fresh: false, note: None }]);
    // What is in review is saved, and not started.
    let mut screen = Screen::with(120, 40, some());
    screen.keys("3 e ctrl-r");
    assert!(acts(&screen).is_empty() && screen.model.overlay.is_none());
}

#[test]
fn a_filter_shows_what_it_lets_through_until_it_is_cleared() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("/ \"runs\" enter");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(3)), "the cursor goes where something is");
    assert!(screen.model.columns.tasks(Status::Ready).is_empty());
    screen.keys("esc");
    assert_eq!(screen.model.columns.tasks(Status::Ready).len(), 2);
    screen.keys("/ \"task\" enter 1 g");
    for (key, task) in [("n", 2), ("n", 4), ("n", 5)] {
        screen.keys(key);
        assert_eq!(screen.model.columns.selected(), Some(TaskId(task)), "{key}");
    }
    assert_eq!(screen.model.columns.selected(), Some(TaskId(5)), "n is the next match while filtered");
    screen.keys("N");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(4)));
    screen.keys("esc n");
    assert!(matches!(screen.model.overlay, Some(Overlay::Form(_))), "and a new task otherwise");
}

#[test]
fn w_goes_to_what_needs_a_person() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("w");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(4)));
    screen.keys("w");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(6)));
    screen.keys("W");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(4)));
}

#[test]
fn the_palette_finds_and_does() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys(": \"undo\" enter");
    assert_eq!(acts(&screen), [Act::Undo]);
}

#[test]
fn clicks_select_and_open_and_the_wheel_scrolls() {
    let mut screen = Screen::with(120, 40, some());
    let mouse = |kind, column, row| Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let click = MouseEventKind::Down(MouseButton::Left);
    let y = u16::try_from(screen.text().lines().position(|line| line.contains("#2 ")).unwrap()).unwrap();
    screen.tell(mouse(click, 3, y));
    assert_eq!(screen.model.columns.selected(), Some(TaskId(2)));
    screen.tell(mouse(click, 3, y));
    assert_eq!(screen.model.tab(), Some(Tab::Prompt), "a double click opens");
    screen.tell(mouse(MouseEventKind::ScrollUp, 3, y));
    assert_eq!(screen.model.columns.selected(), Some(TaskId(1)));
}

#[test]
fn clicks_reach_the_tabs_the_footer_and_the_heads_of_columns() {
    let mut screen = Screen::with(120, 40, some());
    let click = |screen: &mut Screen, what: &str| {
        let place = |line: &str| line.find(what).map(|at| line[..at].chars().count());
        let text = screen.text();
        let found = text.lines().enumerate().find_map(|(y, line)| place(line).map(|x| (x, y)));
        let (x, y) = found.unwrap_or_else(|| panic!("{what}: {text}"));
        screen.tell(Msg::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: u16::try_from(x).unwrap() + 1,
            row: u16::try_from(y).unwrap(),
            modifiers: KeyModifiers::NONE,
        }));
    };
    click(&mut screen, "Timeline");
    assert_eq!(screen.model.tab(), Some(Tab::Timeline));
    click(&mut screen, "Review 1");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(4)));
    click(&mut screen, "bounce");
    assert!(matches!(screen.model.overlay, Some(Overlay::Note(_))));
    screen.keys("esc");
    let mut screen = Screen::with(50, 20, some());
    screen.keys("p");
    click(&mut screen, "Failed");
    assert_eq!(screen.model.columns.selected(), Some(TaskId(6)));
}

#[test]
fn the_board_is_arranged_while_its_menu_is_open() {
    let mut cards = some();
    cards[0].task.draft.agent = "claude".to_owned();
    let mut screen = Screen::with(120, 40, cards.clone());
    screen.keys("O g g");
    let text = screen.text();
    assert!(text.contains("agent") && text.contains("Arrange the board"), "{text}");
    let begins = |what: &str| {
        let found = text.lines().position(|line| line.trim_start_matches([' ', '▌']).starts_with(what));
        found.unwrap_or_else(|| panic!("{what}: {text}"))
    };
    let rows = ["claude", "#1 ", "shell", "#2 "].map(begins);
    assert!(rows.is_sorted(), "{text}");
    screen.keys("z");
    let both = Shown { archived: true, ..screen.model.shown.clone() };
    assert_eq!(screen.cmds, [Cmd::Show(both.clone())]);
    cards[4].task.archived = true;
    // What was read before is of other tasks.
    let late = Board { shown: Shown { archived: false, ..both.clone() }, ..Board::default() };
    screen.tell(Msg::Loaded(std::sync::Arc::new(late)));
    assert!(screen.model.board.card(TaskId(1)).is_some());
    screen.load(cards);
    screen.keys("esc 4");
    assert!(screen.text().contains("archived"), "{}", screen.text());
    screen.keys("z");
    assert!(acts(&screen).is_empty() && screen.text().contains("archived already"));
    screen.keys("Z");
    assert_eq!(acts(&screen), [Act::Simple { task: TaskId(5), act: Simple::Unarchive }]);
    screen.keys("O r");
    assert_eq!(screen.cmds, [Cmd::Show(Shown { repo: None, archived: true })]);
    assert!(screen.text().contains("all repositories"), "{}", screen.text());
    screen.keys("r");
    assert_eq!(screen.cmds, [Cmd::Show(both)]);
}

#[test]
fn the_pane_is_searched_where_it_has_the_whole_screen() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2 f");
    let history: Vec<String> =
        (1..=500).map(|line| format!("line {line} {}", if line % 100 == 7 { "Error" } else { "ok" })).collect();
    let content = Content::Screen(history.join("\n"));
    screen.tell(Msg::Detailed { task: TaskId(3), tab: Tab::Live, content });
    assert!(screen.text().contains("line 500") && !screen.text().contains("line 307"));
    screen.keys("/ \"error\" enter");
    assert!(screen.text().contains("line 7 Error") && screen.text().contains("1 of 5 rows"), "{}", screen.text());
    screen.keys("N");
    assert!(screen.text().contains("line 407 Error") && screen.text().contains("5 of 5 rows"), "{}", screen.text());
    screen.keys("n n");
    assert!(screen.text().contains("line 107 Error"), "{}", screen.text());
    screen.keys("/ ctrl-u \"nowhere\" enter");
    assert!(screen.text().contains("not found here"), "{}", screen.text());
    screen.keys("esc");
    assert!(screen.model.detail.is_zoomed && screen.model.detail.search.is_empty());
    screen.keys("esc n");
    assert!(matches!(screen.model.overlay, Some(Overlay::Form(_))), "n is a new task again");
}

#[test]
fn agents_that_wait_come_into_sight_where_their_column_is_left() {
    let mut cards: Vec<Card> = (1..=12).map(|id| live(id, "runs", Phase::Running, 1)).collect();
    cards.push(card(20, Status::Review));
    let mut screen = Screen::with(120, 30, cards.clone());
    screen.keys("2 G");
    assert!(!screen.text().contains("#1 runs"));
    doing(&mut cards[0], Activity::Waiting, Source::Agent, Some("Which one?"));
    screen.load(cards);
    assert!(!screen.text().contains("#1 runs"), "the cursor stays in sight");
    screen.keys("3");
    assert!(screen.text().contains("#1 runs"), "{}", screen.text());
    screen.keys("2");
    assert!(screen.text().contains("▌#12 runs"), "{}", screen.text());
}

#[test]
fn a_pull_request_is_asked_about_before_anything_is_published() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("1 P");
    assert!(screen.text().contains("only work in review, or approved, gets a pull request"), "{}", screen.text());
    screen.keys("3 P");
    assert!(screen.text().contains("gh opens a pull request"), "{}", screen.text());
    assert!(acts(&screen).is_empty());
    screen.keys("y");
    let act = Act::Pull { task: TaskId(4) };
    assert_eq!(acts(&screen), std::slice::from_ref(&act));
    let outcome = Ok(Done::Pulled { task: TaskId(4), url: "https://forge/7".to_owned(), is_new: true });
    screen.tell(Msg::Acted { act, outcome });
    assert!(screen.text().contains("task 4: https://forge/7 is open"), "{}", screen.text());
    let mut cards = some();
    let state = crate::domain::pull::ReviewState::Reviewing;
    let said = "open, 1 check failed".to_owned();
    let asked_at = minutes_ago(1);
    let pull =
        Linked { number: 7, url: "https://forge/7".to_owned(), state, rounds: 1, said, asked_at, fed: Fed::default() };
    cards[3].task.pull = Some(pull);
    screen.load(cards);
    screen.keys("esc");
    assert!(screen.text().contains("PR 7:"), "{}", screen.text());
    screen.keys("B");
    assert!(screen.text().contains("its failed checks and what was said of it since"), "{}", screen.text());
    screen.keys("y");
    assert_eq!(acts(&screen).last(), Some(&Act::PullFeedback { task: TaskId(4) }));
}

#[test]
fn an_older_answer_is_dropped() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2");
    let text = |text: &str| Content::Screen(text.to_owned());
    screen.tell(Msg::Detailed { task: TaskId(1), tab: Tab::Live, content: text("of another task") });
    screen.tell(Msg::Detailed { task: TaskId(3), tab: Tab::Diff, content: text("of another tab") });
    assert!(!screen.text().contains("of another"));
    screen.tell(Msg::Detailed { task: TaskId(3), tab: Tab::Live, content: text("of this one") });
    assert!(screen.text().contains("of this one"));
}

#[test]
fn scrolling_ends_where_the_text_does() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("3");
    let diff = |lines: usize| {
        let text = (1..=lines).map(|number| format!("+line {number}\n")).collect::<Vec<_>>().concat();
        Content::Diff(glance(&[("a", Change::Added, &format!("@@ -0,0 +1,{lines} @@\n{text}"))]))
    };
    screen.tell(Msg::Detailed { task: TaskId(4), tab: Tab::Diff, content: diff(7) });
    screen.keys("J J J");
    assert!(screen.text().contains("line 1") && screen.text().contains("line 7"), "all of it fits");
    screen.tell(Msg::Detailed { task: TaskId(4), tab: Tab::Diff, content: diff(100) });
    for _ in 0..60 {
        screen.keys("J");
    }
    assert!(screen.text().contains("line 100") && screen.text().contains("line 85"), "{}", screen.text());
    screen.keys("K");
    assert!(!screen.text().contains("line 100"), "one press the other way is one step back");
    screen.tell(Msg::Detailed { task: TaskId(4), tab: Tab::Diff, content: diff(7) });
    screen.keys("J");
    assert!(screen.text().contains("line 7"), "and there is less of it now");
    for (key, long) in [("1", "word ".repeat(2_000)), ("1", "line\n".repeat(300))] {
        let mut cards = some();
        cards[0].task.draft.prompt = format!("{long}the end");
        let mut screen = Screen::with(120, 40, cards);
        screen.keys(key);
        for _ in 0..200 {
            screen.keys("J");
        }
        assert!(screen.text().contains("the end"), "{}", screen.text());
    }
}

#[test]
fn what_an_agent_asks_can_be_read_in_full_on_every_tab() {
    let mut cards = some();
    let question = "Keep the old column, or drop it and migrate every row of the orders that still has a value in it?";
    doing(&mut cards[2], Activity::Waiting, Source::Agent, Some(question));
    let mut screen = Screen::with(120, 40, cards);
    screen.keys("2");
    for _ in 0..4 {
        assert!(screen.text().contains(question), "{}", screen.text());
        screen.keys("tab");
    }
}

#[test]
fn the_times_of_a_timeline_go_on() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("1 L");
    let entry = Entry { at: minutes_ago(0), text: "asked: Keep it?".to_owned(), who: "agent", inner: false };
    let content = Content::Timeline(Timeline { entries: vec![entry], screen: None });
    screen.tell(Msg::Detailed { task: TaskId(1), tab: Tab::Timeline, content });
    assert!(screen.text().contains("0s  asked: Keep it? · agent"), "{}", screen.text());
    screen.pass(Duration::from_mins(4));
    assert!(screen.text().contains("4m  asked: Keep it? · agent"), "{}", screen.text());
}

#[test]
fn the_live_view_is_watched_only_while_it_is_shown() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2");
    assert!(screen.cmds.iter().any(|cmd| matches!(cmd, Cmd::Watch { task: Some(TaskId(3)), .. })));
    screen.keys("p");
    assert!(screen.cmds.iter().any(|cmd| matches!(cmd, Cmd::Watch { task: None, .. })));
}

#[test]
fn the_bell_rings_once_for_what_wants_a_person() {
    let mut screen = Screen::with(120, 40, some());
    let rings = |screen: &mut Screen| {
        screen.pass(Duration::from_secs(2));
        assert!(!screen.cmds.contains(&Cmd::Bell), "not at once");
        screen.pass(Duration::from_secs(2));
        let rings = screen.cmds.contains(&Cmd::Bell);
        screen.pass(Duration::from_secs(9));
        assert!(!screen.cmds.contains(&Cmd::Bell), "once");
        rings
    };
    for status in [Status::Review, Status::Failed] {
        screen.load(some());
        let mut cards = some();
        cards[2] = titled(3, status, "runs");
        screen.load(cards.clone());
        assert!(rings(&mut screen), "{status}");
        screen.load(cards);
        assert!(!rings(&mut screen));
    }
    screen.load(some());
    let mut waiting = some();
    doing(&mut waiting[2], Activity::Waiting, Source::Agent, Some("May I?"));
    screen.load(waiting.clone());
    screen.load(some());
    assert!(!rings(&mut screen), "it is over before the user could have looked");
    screen.load(waiting);
    assert!(rings(&mut screen));
}

#[test]
fn losing_tmux_is_a_banner_that_goes_away_again() {
    let mut screen = Screen::with(120, 40, some());
    screen.tell(Msg::Swept(Sweep { tmux: Some(Err("gone".to_owned())), ..quiet() }));
    assert!(screen.text().contains("tmux can't be reached"));
    screen.tell(Msg::Swept(quiet()));
    assert!(screen.text().contains("tmux can't be reached"), "a pass that asked nobody knows nothing new");
    screen.tell(Msg::Swept(Sweep { tmux: Some(Ok(())), ..quiet() }));
    assert!(!screen.text().contains("tmux can't be reached"));
}

#[test]
fn a_board_that_can_not_be_read_stays_as_it_was_and_says_so() {
    let mut screen = Screen::with(120, 40, some());
    screen.tell(Msg::LoadFailed("the database is locked by another program".to_owned()));
    assert!(screen.text().contains("the board can't be read") && screen.text().contains("task 1"));
    screen.load(some());
    assert!(!screen.text().contains("the board can't be read"));
}

#[test]
fn a_message_passes() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("1 x");
    assert!(screen.text().contains("no agent runs here"));
    screen.pass(Duration::from_secs(7));
    assert!(!screen.text().contains("no agent runs here"));
}

#[test]
fn quitting_waits_for_what_is_under_way_and_then_rolls_it_back() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("s q");
    assert_eq!(screen.cmds.iter().filter(|cmd| matches!(cmd, Cmd::Quit)).count(), 0);
    screen.pass(Duration::from_secs(6));
    assert_eq!(screen.cmds, [Cmd::Interrupt]);
    let started = Done::Started { task: TaskId(1), session: "ganger-1".to_owned() };
    screen.tell(Msg::Acted { act: Act::Dispatch { task: TaskId(1) }, outcome: Ok(started) });
    assert!(screen.cmds.contains(&Cmd::Quit));
    let mut idle = Screen::with(120, 40, some());
    idle.keys("q");
    assert_eq!(idle.cmds, [Cmd::Quit]);
}

#[test]
fn a_resize_asks_for_as_much_as_fits_now() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2");
    screen.tell(Msg::Resize { columns: 200, rows: 60 });
    assert!(screen.cmds.iter().any(|cmd| matches!(cmd, Cmd::Watch { task: Some(TaskId(3)), size } if size.1 > 50)));
}

#[test]
fn the_help_shows_every_key_of_the_table() {
    let mut screen = Screen::with(200, 60, some());
    screen.keys("?");
    let mut text = screen.text();
    for _ in 0..10 {
        screen.keys("space");
        text.push_str(&screen.text());
    }
    for binding in crate::tui::keymap::BINDINGS {
        assert!(text.contains(binding.what), "{} is missing in {text}", binding.name);
    }
}

#[test]
fn the_pane_has_the_whole_screen_and_the_agent_its_size() {
    let mut screen = Screen::with(120, 40, some());
    let size = |screen: &Screen| {
        screen.cmds.iter().find_map(|cmd| match cmd {
            Cmd::Watch { task: Some(TaskId(3)), size } => Some(*size),
            _ => None,
        })
    };
    screen.keys("2");
    let small = size(&screen).unwrap();
    screen.keys("f");
    let whole = size(&screen).unwrap();
    assert!(whole.0 == small.0 && whole.1 > small.1 + 10, "{small:?} {whole:?}");
    assert!(!screen.text().contains("Ready 2") && screen.text().contains("#3 runs"), "{}", screen.text());
    screen.keys("esc");
    assert_eq!(size(&screen), Some(small));
    assert!(screen.text().contains("Ready 2"));
    screen.keys("enter");
    assert!(
        screen.cmds.iter().any(|cmd| matches!(cmd, Cmd::Watch { task: None, .. })),
        "attached, it has its own size"
    );
}

#[test]
fn what_is_cut_is_marked_and_can_be_moved_to() {
    let mut screen = Screen::with(80, 40, some());
    screen.keys("2");
    let long = format!("the beginning{}the end", "-".repeat(90));
    screen.tell(Msg::Detailed { task: TaskId(3), tab: Tab::Live, content: Content::Screen(long) });
    assert!(screen.text().contains("the beginning-") && screen.text().contains("-›"), "{}", screen.text());
    screen.keys("> > >");
    assert!(screen.text().contains("‹-") && screen.text().contains("the end"), "{}", screen.text());
    screen.keys("< < <");
    assert!(screen.text().contains("the beginning-"));
}

#[test]
fn a_tab_is_chosen_for_one_task() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("2 L");
    assert_eq!(screen.model.tab(), Some(Tab::Timeline));
    screen.keys("3");
    assert_eq!(screen.model.tab(), Some(Tab::Diff), "what makes sense for it");
    screen.keys("2");
    assert_eq!(screen.model.tab(), Some(Tab::Live));
}

/// As after the death of a tmux server: these tasks ran.
fn bereft() -> Vec<Card> {
    let mut cards = some();
    for card in &mut cards[..2] {
        (card.task.cause, card.task.attempts) = (Some(Cause::OrphanServer), 1);
        card.task.reason = Some("the tmux server went away".to_owned());
        card.task.not_before = Some(minutes_ago(-1));
    }
    cards
}

#[test]
fn what_lost_its_agent_is_started_again_by_one_key() {
    let mut screen = Screen::with(120, 40, bereft());
    assert!(screen.text().contains("↻2") && screen.text().contains("2 lost their agent"), "{}", screen.text());
    assert!(screen.text().contains("A start the lost again"), "{}", screen.text());
    screen.pass(Duration::from_mins(2));
    assert!(acts(&screen).is_empty(), "nothing is started by itself");
    screen.keys("A");
    assert_eq!(acts(&screen), [Act::DispatchMarked { tasks: vec![TaskId(1), TaskId(2)] }]);
    let mut screen = Screen::with(120, 40, some());
    screen.keys("A");
    assert!(acts(&screen).is_empty() && screen.text().contains("no task has lost its agent"));
}

#[test]
fn what_lost_its_agent_starts_by_itself_where_that_is_configured() {
    let mut screen = Screen::with(120, 40, bereft());
    std::sync::Arc::make_mut(&mut screen.model.options).restart_lost = true;
    screen.pass(Duration::from_secs(30));
    assert!(acts(&screen).is_empty(), "not before its pause is over");
    screen.pass(Duration::from_secs(31));
    let act = Act::DispatchMarked { tasks: vec![TaskId(1), TaskId(2)] };
    assert_eq!(acts(&screen), std::slice::from_ref(&act));
    let fault = Fault::new(Kind::Failed, "tmux is not here");
    screen.tell(Msg::Acted { act, outcome: Err(fault) });
    screen.pass(Duration::from_mins(10));
    assert!(acts(&screen).is_empty(), "the end of an attempt starts another one once");
}

#[test]
fn starting_everything_is_asked_first() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("S");
    assert!(acts(&screen).is_empty() && screen.text().contains("Start all that fit?"), "{}", screen.text());
    assert!(screen.text().contains("#1 task 1") && screen.text().contains("#2 task 2"));
    screen.keys("n S y");
    assert_eq!(acts(&screen), [Act::DispatchAll]);
}

#[test]
fn the_queue_is_worked_off_as_long_as_it_is_wanted() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("Q");
    assert_eq!(acts(&screen), [Act::WorkOff]);
    assert!(screen.text().contains("working the queue off"), "{}", screen.text());
    // The limit is reached: nothing is said, and nothing tried until something changes.
    let full = |started| Ok(Done::Filled { started, of: 2, stopped: Some("the limit of 1 is reached".to_owned()) });
    screen.tell(Msg::Acted { act: Act::WorkOff, outcome: full(0) });
    assert!(!screen.text().contains("limit"), "{}", screen.text());
    screen.pass(Duration::from_mins(1));
    assert!(acts(&screen).is_empty());
    screen.load(some());
    assert_eq!(acts(&screen), [Act::WorkOff]);
    screen.tell(Msg::Acted { act: Act::WorkOff, outcome: full(1) });
    assert!(screen.text().contains("1 of 2 started"), "{}", screen.text());
    screen.keys("Q");
    screen.load(some());
    assert!(acts(&screen).is_empty() && !screen.text().contains("working the queue off"));
}

#[test]
fn the_cursor_goes_to_what_came_back() {
    let mut screen = Screen::with(120, 40, some());
    let done = Done::Undone { task: TaskId(5), what: "task 5 is back".to_owned() };
    screen.tell(Msg::Acted { act: Act::Undo, outcome: Ok(done) });
    screen.load(some());
    assert_eq!(screen.model.columns.selected(), Some(TaskId(5)));
}

#[test]
fn what_is_in_no_commit_is_said() {
    let mut screen = Screen::with(160, 40, some());
    let changed = Changed { added: 6, removed: 35, uncommitted: 2 };
    screen.tell(Msg::Measured { task: TaskId(4), changed: Some(changed) });
    screen.keys("3");
    assert!(screen.text().contains("+6 −35, 2 uncommitted"), "{}", screen.text());
    screen.tell(Msg::Acted { act: Act::Approve { task: TaskId(4) }, outcome: Ok(Done::Approved(TaskId(4))) });
    assert!(screen.text().contains("task 4 is done; 2 files are not committed"), "{}", screen.text());
}

#[test]
fn who_waits_is_visited_first() {
    let mut cards = some();
    doing(&mut cards[2], Activity::Waiting, Source::Agent, Some("May I?"));
    let mut screen = Screen::with(120, 40, cards);
    let visited = ["w", "w", "w", "w", "W"].map(|key| {
        screen.keys(key);
        screen.model.columns.selected()
    });
    assert_eq!(visited, [3, 4, 6, 3, 6].map(|id| Some(TaskId(id))));
}

#[test]
fn a_task_is_duplicated_in_a_form_of_a_new_one() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("4 c ctrl-s");
    let [Act::Add { draft, start: false }] = &acts(&screen)[..] else { panic!("{:?}", screen.cmds) };
    assert_eq!(draft.title, "task 5");
}

#[test]
fn the_trash_gives_back_and_deletes_only_after_a_question() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("X");
    let number = screen.model.asked;
    let shelved = |task: i64, removed| Shelved {
        task: TaskId(task),
        number: 2,
        title: "Fix the cart".to_owned(),
        removed,
        since: Some(minutes_ago(90)),
        bytes: 5 << 20,
        at: format!("/trees/.trash/{task}").into(),
    };
    let answer = Answer::Trash(vec![shelved(8, true), shelved(9, false)]);
    screen.tell(Msg::Answered { number, answer: Ok(answer) });
    let text = screen.text();
    for part in ["trash", "1h ago", "5 MiB", "removed", "#8 Fix the cart", "give it back"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    screen.keys("j x");
    assert!(acts(&screen).is_empty() && screen.text().contains("Delete this worktree for good?"), "{}", screen.text());
    screen.keys("y");
    assert_eq!(acts(&screen), [Act::Delete { task: TaskId(9), at: "/trees/.trash/9".into() }]);
    screen.keys("X");
    let number = screen.model.asked;
    screen.tell(Msg::Answered { number, answer: Ok(Answer::Trash(vec![shelved(8, true)])) });
    screen.keys("enter");
    assert_eq!(acts(&screen).last(), Some(&Act::Restore { task: TaskId(8), number: 2 }));
    screen.keys("X");
    let number = screen.model.asked;
    screen.tell(Msg::Answered { number, answer: Ok(Answer::Trash(Vec::new())) });
    assert!(screen.text().contains("the trash is empty"), "{}", screen.text());
}

#[test]
fn tidying_up_says_first_what_it_would_do() {
    let mut screen = Screen::with(120, 40, some());
    screen.keys("Y");
    let number = screen.model.asked;
    let lines =
        vec!["#5 done: worktree and branch ganger/5-done".to_owned(), "#7 other is kept: not merged".to_owned()];
    screen.tell(Msg::Answered { number, answer: Ok(Answer::Tidy { count: 1, lines: lines.clone() }) });
    assert!(lines.iter().all(|line| screen.text().contains(line)), "{}", screen.text());
    assert!(acts(&screen).is_empty());
    screen.keys("y");
    assert_eq!(acts(&screen), [Act::Tidy]);
    screen.tell(Msg::Acted { act: Act::Tidy, outcome: Ok(Done::Tidied(1)) });
    assert!(screen.text().contains("1 task is tidied up after"), "{}", screen.text());
    screen.keys("Y");
    let number = screen.model.asked;
    let answer = Answer::Tidy { count: 0, lines: vec!["#7 other is kept: not merged".to_owned()] };
    screen.tell(Msg::Answered { number, answer: Ok(answer) });
    assert!(screen.text().contains("nothing to put away; #7 other is kept"), "{}", screen.text());
}
