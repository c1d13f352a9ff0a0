//! The board: what is seen of an attempt just now, and what a card says about it.

use super::world::{Shim, Then, When, World};
use crate::domain::attempt::Attempt;
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::liveness::{Doubt, Liveness};
use crate::domain::reconcile::Pane;
use crate::domain::state::{Phase, Status};
use crate::domain::task::Draft;
use crate::engine::board::{Board, Card, Looker, Seen, Shown, card};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::{Engine, Kind, tasks};

fn seen(world: &World, attempt: &Attempt) -> Seen {
    Looker::new(&world.engine()).see(world.row(&attempt.plan.id))
}

/// What the card of the task says: activity, lost, live, needs a person.
fn says(world: &World, task: TaskId) -> (Option<&'static str>, bool, bool, bool) {
    let card = card(&world.engine(), task).unwrap();
    (card.activity(), card.is_lost(), card.is_live(), card.needs_person())
}

/// A task whose dispatcher died at this call.
fn abandoned(world: &World, call: &'static str) -> (TaskId, Attempt) {
    let (engine, task) = world.ready();
    world.trouble(call, When::After, Then::Die);
    world.lock().shim = Shim::Late;
    dispatch(&engine, &Request::of(task)).unwrap_err();
    (task, world.attempt(task))
}

#[test]
fn a_card_says_what_its_agent_does() {
    let world = World::new();
    let (engine, task) = world.ready();
    assert_eq!(says(&world, task), (None, false, false, false));
    let starting = move |world: &World| assert_eq!(says(world, task), (Some("starting"), false, true, false));
    for call in ["files.write", "store.tree-made", "mux.start"] {
        world.before(call, starting);
    }
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!(says(&world, task), (Some("working"), false, true, false));
    world.with(attempt.agent.unwrap(), |found| found.stopped = true);
    assert_eq!(says(&world, task), (Some("stopped"), false, true, true));
    world.with(attempt.agent.unwrap(), |found| found.stopped = false);
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    assert_eq!(
        says(&world, task),
        (Some("working"), false, true, true),
        "it waits for a person, and its agent goes on"
    );
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    assert_eq!(says(&world, task), (None, false, false, true));
    crate::engine::review::approve(&engine, task).unwrap();
    assert_eq!(says(&world, task), (None, false, false, false));
}

#[test]
fn a_card_tells_setup_and_verification_apart() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let engine = world.engine();
    let draft = Draft { verify: vec!["make test".to_owned()], ..world.draft("x") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    world.lock().shim = Shim::SetsUp;
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!(says(&world, task), (Some("setup"), false, true, false));
    world.start_agent(&attempt.plan.id);
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    assert_eq!(says(&world, task), (Some("verifying"), false, true, false));
    // Only what works can be stopped by a signal.
    world.with(world.attempt(task).agent.unwrap(), |found| found.stopped = true);
    assert_eq!(says(&world, task), (Some("verifying"), false, true, false));
}

#[test]
fn a_task_in_progress_whose_lock_is_free_is_lost() {
    let world = World::new();
    let (_, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    assert_eq!(says(&world, task), (Some("working"), true, true, true));
    for call in ["store.claim", "store.tree-made", "mux.start"] {
        let (task, _) = abandoned(&world, call);
        assert_eq!(says(&world, task), (Some("starting"), true, true, true), "{call}");
    }
}

#[test]
fn a_failed_task_needs_a_person() {
    let world = World::new();
    let (_, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    assert_eq!(says(&world, task), (None, false, false, true));
}

#[test]
fn what_the_lock_says_is_what_lives() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    assert_eq!(seen(&world, &attempt).live, Liveness::Alive);
    world.trouble("locks.ask", When::Before, Then::Fail);
    assert_eq!(seen(&world, &attempt).live, Liveness::Unknown(Doubt::LockUnreadable));
    let file = world.lock().inodes.remove(&attempt.plan.files.lock);
    assert_eq!(
        seen(&world, &attempt).live,
        Liveness::Unknown(Doubt::LockMissing),
        "a file that is gone proves nothing"
    );
    world.inode(&attempt.plan.files.lock);
    assert_eq!(seen(&world, &attempt).live, Liveness::Unknown(Doubt::LockReplaced), "nor does another one");
    world.lock().inodes.insert(attempt.plan.files.lock.clone(), file.unwrap());
    "other".clone_into(&mut world.lock().place.host);
    assert_eq!(seen(&world, &attempt).live, Liveness::Unknown(Doubt::Elsewhere));
    "host".clone_into(&mut world.lock().place.host);
    "boot-2".clone_into(&mut world.lock().place.boot);
    assert_eq!(seen(&world, &attempt).live, Liveness::Dead);
    "boot-1".clone_into(&mut world.lock().place.boot);
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    world.lose_lock(&attempt.plan.id);
    assert_eq!(seen(&world, &attempt).live, Liveness::Dead, "what is over does not live, whatever the file says");
    "other".clone_into(&mut world.lock().place.host);
    assert_eq!(seen(&world, &attempt).live, Liveness::Dead, "wherever it was");
}

#[test]
fn before_the_shim_the_lock_is_the_dispatchers() {
    let world = World::new();
    let (_, attempt) = abandoned(&world, "mux.start");
    assert_eq!(seen(&world, &attempt).live, Liveness::Dead);
    world.lock().inodes.remove(&attempt.plan.files.saga);
    assert_eq!(seen(&world, &attempt).live, Liveness::Dead, "its dispatcher gave it up");
    world.trouble("locks.ask", When::Before, Then::Fail);
    assert_eq!(seen(&world, &attempt).live, Liveness::Unknown(Doubt::LockUnreadable));
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("mux.start", move |world| assert_eq!(seen(world, &world.attempt(task)).live, Liveness::Alive));
    dispatch(&engine, &Request::of(task)).unwrap();
}

#[test]
fn panes_are_asked_for_once_and_only_where_they_are_shown() {
    let world = World::new();
    let (engine, _, first) = world.running();
    let (_, _, second) = world.running();
    world.exit(&second.plan.id, 1, Evidence::Changed);
    let mut looker = Looker::new(&engine);
    assert_eq!(looker.see(world.row(&first.plan.id)).pane, Pane::Live);
    world.trouble("mux.panes", When::Before, Then::Panic);
    assert_eq!(looker.see(world.row(&second.plan.id)).pane, Pane::Dead);
    assert_eq!(Looker::without_panes(&engine).see(world.row(&first.plan.id)).pane, Pane::Unknown);
    let mut cleaned = world.row(&second.plan.id);
    cleaned.cleaned = true;
    assert_eq!(Looker::new(&engine).see(cleaned).pane, Pane::Missing);
    world.lock().troubles.clear();
    world.trouble("mux.panes", When::Before, Then::Fail);
    let mut looker = Looker::new(&engine);
    assert_eq!(looker.see(world.row(&first.plan.id)).pane, Pane::Unknown);
    assert_eq!(looker.see(world.row(&first.plan.id)).pane, Pane::Unknown, "one that does not answer is asked once too");
    world.lock().panes.clear();
    assert_eq!(seen(&world, &first).pane, Pane::Missing);
}

#[test]
fn a_whole_board_asks_neither_git_nor_tmux() {
    let world = World::new();
    let (engine, running, attempt) = world.running();
    let (_, over, ended) = world.running();
    world.exit(&ended.plan.id, 1, Evidence::Changed);
    let (_, ready) = world.ready();
    world.trouble("mux.panes", When::Before, Then::Panic);
    world.trouble("trees.commits", When::Before, Then::Panic);
    let board = Board::read(&engine, &Shown::default()).unwrap();
    assert_eq!(board.cards.iter().map(|card| card.task.id).collect::<Vec<_>>(), [running, over, ready]);
    let shown = board.card(running).unwrap();
    assert_eq!(
        shown.attempt.as_ref().map(|seen| (&seen.attempt.plan.id, seen.live)),
        Some((&attempt.plan.id, Liveness::Alive))
    );
    assert_eq!((&board.card(over).unwrap().attempt, board.card(TaskId(9))), (&None, None));
    assert_eq!(board.card(ready).unwrap().task.status, Status::Ready);
    let elsewhere = Shown { repo: Some("/elsewhere".into()), archived: false };
    let empty = Board { shown: elsewhere.clone(), ..Board::default() };
    assert_eq!(Board::read(&engine, &elsewhere).unwrap(), empty);
    world.lock().lies.tasks = Some(std::sync::Arc::new(|listing| listing.unreadable.push("row 7".to_owned())));
    assert_eq!(Board::read(&engine, &Shown::default()).unwrap().unreadable, ["row 7"]);
}

#[test]
fn one_card_has_its_newest_attempt_and_its_commits() {
    let world = World::new();
    let (engine, task) = world.ready();
    let commits = |engine: &Engine| card(engine, task).unwrap().commits;
    assert_eq!(commits(&engine), [""; 0]);
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!(commits(&engine), [format!("a commit on {}", attempt.plan.branch)]);
    world.trouble("trees.commits", When::Before, Then::Fail);
    assert_eq!(commits(&engine), [""; 0], "a branch that is gone has none");
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    let shown: Card = card(&engine, task).unwrap();
    assert_eq!(shown.attempt.map(|seen| (seen.attempt.phase, seen.stopped)), Some((Phase::Exited, false)));
    assert_eq!(card(&engine, TaskId(9)).unwrap_err().kind, Kind::NoSuchTask);
    let (task, _) = abandoned(&world, "mux.start");
    world.trouble("trees.commits", When::Before, Then::Panic);
    assert_eq!(card(&engine, task).unwrap().commits, [""; 0], "an agent that never ran has none");
}
