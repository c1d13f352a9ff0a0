//! One picture of each state that is worth a look, at three sizes: text, and below it the styles of each row.

use std::sync::Arc;

use super::support::{NOON, Screen, board, doing, glance, live, minutes_ago, quiet, titled};
use crate::domain::diff::{Change, Changed};
use crate::domain::id::TaskId;
use crate::domain::liveness::Liveness;
use crate::domain::state::{Activity, Cause, Phase, Source, Status};
use crate::domain::task::{Blocker, Why};
use crate::engine::board::Card;
use crate::engine::{Fault, Hint, Kind, Remedy};
use crate::tui::keymap::Intent;
use crate::tui::msg::{Act, Answer, Content, Entry, Fact, Msg, Report, Saved, Sweep, Tab, Timeline};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Takes a picture at each size.
pub fn pictures(name: &str, make: impl Fn(u16, u16) -> Screen) {
    for (columns, rows) in SIZES {
        let picture = make(columns, rows).picture();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), picture);
        });
    }
}

fn failed(id: i64, title: &str, cause: Cause, reason: &str) -> Card {
    let mut card = titled(id, Status::Failed, title);
    (card.task.cause, card.task.reason) = (Some(cause), Some(reason.to_owned()));
    card.task.attempts = 1;
    card.task.updated_at = minutes_ago(20);
    card
}

/// A day's work.
fn day() -> Vec<Card> {
    let mut blocked = titled(2, Status::Ready, "Ship the new checkout");
    blocked.task.blocked_by = [1, 4].map(|task| Blocker { task: TaskId(task), why: Why::Open }).to_vec();
    let mut urgent = titled(3, Status::Ready, "Urgent: the pipeline is red");
    urgent.task.draft.priority = 5;
    let mut again = titled(5, Status::Ready, "Translate the error messages 漢字 e\u{301}");
    again.task.attempts = 2;
    again.task.cause = Some(Cause::OrphanServer);
    again.task.reason = Some("the tmux server went away".to_owned());
    again.task.not_before = Some(minutes_ago(-4));
    let mut lost = live(6, "Nobody is there", Phase::Running, 90);
    if let Some(seen) = &mut lost.attempt {
        seen.live = Liveness::Dead;
    }
    let mut done = titled(9, Status::Done, "Remove the dead code");
    done.task.updated_at = minutes_ago(200);
    let mut review = titled(8, Status::Review, "Cache the product images");
    review.task.attempts = 2;
    review.task.updated_at = minutes_ago(61);
    vec![
        titled(1, Status::Ready, "Fix the login form"),
        blocked,
        urgent,
        live(4, "Write the migration for orders", Phase::Running, 12),
        again,
        lost,
        live(7, "Speed up the search", Phase::Verifying, 3),
        review,
        done,
        failed(10, "Upgrade the parser", Cause::Exit, "the agent failed: exit status 3"),
        failed(11, "Rename the module\u{1b}[31m", Cause::NoOutput, "it ended without a change\nand said nothing"),
    ]
}

#[test]
fn an_empty_board_says_what_to_press() {
    pictures("empty", |columns, rows| Screen::with(columns, rows, Vec::new()));
}

#[test]
fn a_busy_board() {
    pictures("busy", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen
            .tell(Msg::Measured { task: TaskId(8), changed: Some(Changed { added: 120, removed: 7, uncommitted: 2 }) });
        screen.keys("2");
        let text = "\u{1b}[32m✓\u{1b}[0m reading orders\n\u{1b}[1mwriting\u{1b}[0m 0042_orders.sql".to_owned();
        screen.tell(Msg::Detailed { task: TaskId(4), tab: Tab::Live, content: Content::Screen(text) });
        screen
    });
}

#[test]
fn agents_that_wait_or_are_idle() {
    pictures("waiting", |columns, rows| {
        let mut cards = [
            live(1, "Rename the tables", Phase::Running, 30),
            live(2, "Upgrade the framework", Phase::Running, 31),
            live(3, "Write the importer", Phase::Running, 32),
            live(4, "Tidy the styles", Phase::Running, 33),
        ];
        doing(&mut cards[0], Activity::Waiting, Source::Agent, Some("wants to use Bash: make migrate"));
        doing(&mut cards[1], Activity::Waiting, Source::Screen, Some("Do you trust this folder?"));
        doing(&mut cards[2], Activity::Waiting, Source::Screen, Some("You've hit your limit · resets 3pm"));
        if let Some(seen) = &mut cards[2].attempt {
            seen.attempt.waits_until = Some(minutes_ago(-42));
        }
        doing(&mut cards[3], Activity::Idle, Source::Process, None);
        Screen::with(columns, rows, cards.to_vec())
    });
}

#[test]
fn dispatches_in_flight() {
    pictures("dispatching", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("space space s y");
        let mut cards = day();
        cards[0] = live(1, "Fix the login form", Phase::Spawning, 0);
        screen.load(cards);
        screen
    });
}

#[test]
fn a_rollback_that_kept_work() {
    pictures("rolled_back", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("s");
        let why = "task 3 not dispatched: worktree: git: filter 'lfs' failed (kept: /trees/repo/3-urgent holds 1 file)";
        let fault = Fault::new(Kind::NotDispatched, why)
            .hint(Hint::saying("it is ready: ganger show 3", Remedy::Show(TaskId(3))));
        screen.tell(Msg::Acted { act: Act::Dispatch { task: TaskId(3) }, outcome: Err(fault) });
        screen
    });
}

#[test]
fn a_failure_report() {
    pictures("report", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("5 enter");
        let fact = |name, text: &str, at| Fact { name, text: text.to_owned(), at };
        let facts = vec![
            fact("failed", "the agent failed: exit status 3", None),
            fact("cause", "exit", None),
            fact("attempt", "1", Some(minutes_ago(20))),
            fact("worktree", &format!("/trees/{}/10-upgrade-the-parser", "a-long-name/".repeat(6)), None),
        ];
        let saved = Saved::Screen("\u{1b}[31merror\u{1b}[0m: it does not compile".to_owned());
        let content =
            Content::Report(Report { facts, next: vec![Intent::Retry, Intent::Shell, Intent::Remove], saved });
        screen.tell(Msg::Detailed { task: TaskId(10), tab: Tab::Report, content });
        screen
    });
}

#[test]
fn a_timeline() {
    pictures("timeline", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("2 L");
        let entry =
            |minutes, text: &str, who, inner| Entry { at: minutes_ago(minutes), text: text.to_owned(), who, inner };
        let entries = vec![
            entry(1, "asked: Keep the old column, or drop it and migrate every row that still has it?", "agent", false),
            entry(11, "the agent started", "shim", false),
            entry(12, "worktree made", "dispatcher", true),
            entry(12, "attempt 1 begun", "dispatcher", false),
            entry(200, "added", "person", false),
        ];
        let screen_of_it = Some("\u{1b}[32m$\u{1b}[0m make migrate".to_owned());
        let content = Content::Timeline(Timeline { entries, screen: screen_of_it });
        screen.tell(Msg::Detailed { task: TaskId(4), tab: Tab::Timeline, content });
        screen
    });
}

#[test]
fn a_difference() {
    pictures("diff", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.model.detail.tab = Some(Tab::Diff);
        screen.keys("3");
        let cache = "@@ -1,3 +1,3 @@ fn main()\n kept\n-\tgone\n+\tcame\n kept\n";
        let new = "@@ -0,0 +1 @@\n+one\n\\ No newline at end of file\n";
        let content = Content::Diff(glance(&[("src/cache.rs", Change::Modified, cache), ("new", Change::Added, new)]));
        screen.tell(Msg::Detailed { task: TaskId(8), tab: Tab::Diff, content });
        screen
    });
}

#[test]
fn tmux_that_can_not_be_reached_is_a_banner() {
    pictures("no_tmux", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        let tmux = Some(Err("tmux does not answer: waited 10s".to_owned()));
        screen.tell(Msg::Swept(Sweep { tmux, ..quiet() }));
        screen
    });
}

#[test]
fn a_filter_that_is_typed() {
    pictures("filter", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("/ \"the m\"");
        screen
    });
}

#[test]
fn the_palette() {
    pictures("palette", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys(": \"work\" down");
        screen
    });
}

#[test]
fn the_help() {
    pictures("help", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("?");
        screen
    });
}

#[test]
fn a_form_with_an_error() {
    pictures("form", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("n \"Fix it\" tab \"line one\" enter \"line two\" tab tab tab \"high\" ctrl-s");
        screen
    });
}

#[test]
fn a_question_lists_what_would_be_lost() {
    pictures("remove", |columns, rows| {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("D");
        let lines = vec![
            "#3 Urgent: the pipeline is red (ready)".to_owned(),
            "   its work (+12 -0) would be moved to the trash, nothing in it lost:".to_owned(),
            format!("   /trees/{}/3-urgent", "a-long-name/".repeat(8)),
        ];
        screen.answer(Answer::Losses { tasks: vec![TaskId(3)], lines });
        screen
    });
}

#[test]
fn tiny_terminals_show_one_column_or_say_so() {
    for (columns, rows) in [(10, 3), (40, 10), (58, 14)] {
        let mut screen = Screen::with(columns, rows, day());
        screen.keys("l");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("tiny_{columns}x{rows}"), screen.text());
        });
    }
}

#[test]
fn ascii_without_colours_shows_the_same() {
    let mut screen = Screen::with(120, 40, day());
    let options = Arc::make_mut(&mut screen.model.options);
    options.ascii = true;
    options.theme = crate::tui::theme::Theme::new("dark", &std::collections::BTreeMap::new(), true);
    screen.keys("2");
    let text = screen.text();
    assert!(text.is_ascii(), "{text}");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("ascii_120x40", screen.picture());
    });
}

/// A text from outside in everything that the detail pane can show.
fn of_each_kind(text: &str) -> Vec<Content> {
    let entry = Entry { at: NOON, text: text.to_owned(), who: "agent", inner: false };
    let fact = Fact { name: "failed", text: text.to_owned(), at: None };
    let hunk = format!("@@ -1 +1 @@ {text}\n+{text}\n");
    vec![
        Content::Screen(text.to_owned()),
        Content::Timeline(Timeline { entries: vec![entry], screen: Some(text.to_owned()) }),
        Content::Diff(glance(&[(text, Change::Modified, &hunk)])),
        Content::Report(Report { facts: vec![fact], next: Vec::new(), saved: Saved::Log(text.to_owned()) }),
        Content::Nothing(text.to_owned()),
    ]
}

#[test]
fn b10_where_only_ascii_can_be_shown_nothing_else_is_whoever_wrote_it() {
    let mut cards = day();
    let foreign = "«naïve» 漢字 ├── ▶ e\u{301} \u{1f600}…";
    for card in &mut cards {
        foreign.clone_into(&mut card.task.draft.title);
        foreign.clone_into(&mut card.task.draft.prompt);
        card.task.reason = Some(foreign.to_owned());
    }
    for columns in [50, 120, 200] {
        for keys in
            ["", "?", "n", "e", ":", "/ ä ö", "r", "x", "D", "T", "R", "i ü", "2 p", "3 b é", "space", "5 enter"]
        {
            let mut screen = Screen::with(columns, 40, cards.clone());
            Arc::make_mut(&mut screen.model.options).ascii = true;
            screen.keys(&format!("{keys} p").replace("  ", " "));
            for content in of_each_kind(foreign) {
                if let (Some(task), Some(tab)) = (screen.model.columns.selected(), screen.model.tab()) {
                    screen.tell(Msg::Detailed { task, tab, content });
                }
                let text = screen.text();
                assert!(text.is_ascii(), "{columns} {keys}: {text}");
            }
        }
    }
}

#[test]
fn b13_a_terminal_of_any_size_can_be_drawn_on() {
    for columns in (0..30).chain([200]) {
        for rows in (0..12).chain([60]) {
            for keys in ["1", "?", "n", ":", "D", "5 r", "2 p"] {
                let mut screen = Screen::with(columns, rows, day());
                screen.keys(keys);
                screen.text();
            }
        }
    }
}

#[test]
fn s4_nothing_on_the_screen_is_a_control_character() {
    let mut cards = day();
    let hostile = "a\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}\u{200f}b\r\n\tc\u{0}";
    for card in &mut cards {
        hostile.clone_into(&mut card.task.draft.title);
        hostile.clone_into(&mut card.task.draft.prompt);
        card.task.reason = Some(hostile.to_owned());
    }
    for status in 1..=5 {
        let mut screen = Screen::with(200, 60, cards.clone());
        screen.keys(&format!("{status} p p"));
        for content in of_each_kind(hostile) {
            if let (Some(task), Some(tab)) = (screen.model.columns.selected(), screen.model.tab()) {
                screen.tell(Msg::Detailed { task, tab, content });
            }
            let text = screen.text();
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
            assert!(!text.contains(['\u{202e}', '\u{200f}']), "{text:?}");
        }
    }
}

#[test]
fn a_board_is_the_same_however_often_it_is_drawn() {
    let screen = Screen::with(120, 40, day());
    assert_eq!(screen.picture(), screen.picture());
    assert_eq!(board(day()).cards.len(), 11);
}
