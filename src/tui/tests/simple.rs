//! Acts that ask nothing first.

use super::support::{Screen, card, live};
use crate::domain::id::TaskId;
use crate::domain::state::{Phase, Status};
use crate::tui::keymap::Simple;
use crate::tui::msg::{Act, Cmd};

fn acts(screen: &Screen) -> Vec<Cmd> {
    screen.cmds.iter().filter(|cmd| matches!(cmd, Cmd::Act(_))).cloned().collect()
}

fn simple(task: i64, act: Simple) -> Cmd {
    Cmd::Act(Act::Simple { task: TaskId(task), act })
}

#[test]
fn it_is_done_to_the_marked_tasks_that_allow_it_and_said_why_not_to_another() {
    let mut screen = Screen::with(120, 40, vec![card(1, Status::Ready), live(3, "runs", Phase::Running, 1)]);
    screen.keys("space 2 space z");
    assert_eq!(acts(&screen), [simple(1, Simple::Archive)]);
    assert!(screen.text().contains("task 3: its agent runs; stop it first"), "{}", screen.text());
    assert!(screen.model.marks.is_empty());
}

#[test]
fn where_it_can_not_be_done_nothing_is() {
    let mut screen = Screen::with(120, 40, vec![card(1, Status::Ready), card(5, Status::Done)]);
    screen.keys("V");
    assert_eq!(acts(&screen), []);
    assert!(screen.text().contains("task 1 is ready; only tasks that are done can be reopened"), "{}", screen.text());
    screen.keys("4 V");
    assert_eq!(acts(&screen), [simple(5, Simple::Reopen)]);
    assert!(screen.text().contains("reopening…"), "{}", screen.text());
}
