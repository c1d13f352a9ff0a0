//! Clean-up: which panes, trees and files go when, and what stays because somebody may want it.

use std::path::Path;
use std::time::Duration;

use super::world::{Shim, Then, When, World};
use crate::domain::attempt::Attempt;
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::saga::{Remains, StepName};
use crate::domain::state::{Phase, Status, TreeState};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::steps::STEPS;
use crate::engine::upkeep::{Scope, clean_up, reconcile};
use crate::engine::{Engine, Fault, Kind, review, steps, tasks, trees};
use crate::ports::store::Store as _;

fn pass(engine: &Engine) {
    reconcile(engine, &Scope::default()).unwrap();
}

fn retry(task: TaskId) -> Request {
    Request { from: vec![Status::Failed, Status::Ready], ..Request::of(task) }
}

/// A task whose agent has exited with this code.
fn ended(world: &World, code: i32) -> (Engine, TaskId, Attempt) {
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, code, Evidence::Changed);
    (engine, task, attempt)
}

/// The undo of one step alone.
fn undo_step(name: StepName, engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    let step = STEPS.iter().find(|step| step.name == name).unwrap();
    (step.undo)(engine, attempt)
}

fn panes(world: &World) -> usize {
    world.lock().panes.len()
}

fn attach(world: &World, clients: u32) {
    world.lock().panes.iter_mut().for_each(|pane| pane.attached = clients);
}

#[test]
fn the_pane_of_an_ended_agent_stays_until_a_newer_one_runs() {
    let world = World::new();
    let (engine, task, first) = ended(&world, 1);
    pass(&engine);
    assert_eq!((panes(&world), world.attempt(task).cleaned), (1, false));
    dispatch(&engine, &retry(task)).unwrap();
    assert_eq!((panes(&world), world.count("close ganger-1-fix-it")), (1, 1));
    assert!(world.row(&first.plan.id).cleaned);
}

#[test]
fn a_pane_that_somebody_looks_at_stays() {
    let world = World::new();
    let (engine, task, first) = ended(&world, 1);
    attach(&world, 1);
    dispatch(&engine, &retry(task)).unwrap();
    assert_eq!((panes(&world), world.row(&first.plan.id).cleaned), (2, false));
    attach(&world, 0);
    pass(&engine);
    assert_eq!((panes(&world), world.row(&first.plan.id).cleaned), (1, true));
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn a_pane_whose_screen_was_not_saved_stays() {
    let world = World::new();
    let (engine, task, first) = ended(&world, 1);
    std::fs::remove_file(&first.plan.files.screen).unwrap();
    dispatch(&engine, &retry(task)).unwrap();
    pass(&engine);
    assert_eq!((panes(&world), world.row(&first.plan.id).cleaned), (2, false));
}

#[test]
fn a_pane_stays_while_the_newer_attempt_has_not_started() {
    let world = World::new();
    let (engine, task, first) = ended(&world, 1);
    world.lock().shim = Shim::Late;
    world.before("pause", move |world| pass(&world.engine()));
    dispatch(&engine, &retry(task)).unwrap_err();
    pass(&engine);
    assert_eq!((panes(&world), world.row(&first.plan.id).cleaned), (1, false));
}

#[test]
fn the_pane_of_a_task_that_is_done_with_goes() {
    for act in [
        (|engine: &Engine, task| drop(review::approve(engine, task).unwrap())) as fn(&Engine, TaskId),
        |engine, task| drop(tasks::archive(engine, task, false).unwrap()),
        |engine, task| drop(tasks::remove(engine, task, false, false).unwrap()),
    ] {
        let world = World::new();
        let (engine, task, attempt) = ended(&world, 0);
        assert_eq!(panes(&world), 1);
        act(&engine, task);
        assert_eq!((panes(&world), world.row(&attempt.plan.id).cleaned), (0, true));
    }
}

#[test]
fn a_pane_that_can_not_be_closed_is_tried_again() {
    let world = World::new();
    let (engine, task, attempt) = ended(&world, 0);
    world.trouble("mux.kill", When::Before, Then::Fail);
    review::approve(&engine, task).unwrap();
    assert_eq!((panes(&world), world.row(&attempt.plan.id).cleaned), (1, false));
    world.trouble("mux.panes", When::Before, Then::Fail);
    clean_up::ended(&engine, task).unwrap();
    assert_eq!((panes(&world), world.row(&attempt.plan.id).cleaned), (1, false));
    pass(&engine);
    assert_eq!((panes(&world), world.row(&attempt.plan.id).cleaned), (0, true));
}

#[test]
fn a_pane_that_is_gone_already_is_noted_once() {
    let world = World::new();
    let (engine, task, _) = ended(&world, 1);
    world.lock().panes.clear();
    pass(&engine);
    assert!(world.attempt(task).cleaned);
    let events = world.events();
    pass(&engine);
    assert_eq!(world.events(), events);
}

#[test]
fn ended_panes_beyond_the_newest_few_go_oldest_first() {
    let mut world = World::new();
    world.settings.tmux.keep_ended = 2;
    let mut attempts = Vec::new();
    for _ in 0..5 {
        let (_, _, attempt) = ended(&world, 1);
        attempts.push(attempt.plan.id);
        world.seconds(1);
    }
    world.lock().panes[1].attached = 1;
    std::fs::remove_file(&world.row(&attempts[2]).plan.files.screen).unwrap();
    pass(&world.engine());
    let cleaned: Vec<bool> = attempts.iter().map(|id| world.row(id).cleaned).collect();
    // The second is looked at, the third's screen is not saved, the last two are kept.
    assert_eq!((cleaned, panes(&world)), (vec![true, false, false, false, false], 4));
}

#[test]
fn as_many_ended_panes_as_are_kept_stay() {
    let mut world = World::new();
    world.settings.tmux.keep_ended = 2;
    let (engine, ..) = ended(&world, 1);
    ended(&world, 1);
    pass(&engine);
    assert_eq!(panes(&world), 2);
}

#[test]
fn a_dry_run_closes_no_pane() {
    let mut world = World::new();
    world.settings.tmux.keep_ended = 0;
    let (engine, ..) = ended(&world, 1);
    reconcile(&engine, &Scope { repo: None, dry_run: true }).unwrap();
    assert_eq!(panes(&world), 1);
    pass(&engine);
    assert_eq!(panes(&world), 0);
}

/// A revoked attempt whose tree could not be removed at once.
fn revoked(world: &World) -> (Engine, TaskId, Attempt) {
    let (engine, task) = world.ready();
    world.trouble("store.spawning", When::Before, Then::Fail);
    world.trouble("trees.remove", When::Before, Then::Busy);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    let attempt = world.attempt(task);
    assert!(!attempt.cleaned && attempt.plan.worktree.exists());
    (engine, task, attempt)
}

#[test]
fn a_revoked_attempt_is_cleaned_up_when_it_can_be() {
    let world = World::new();
    let (engine, task, attempt) = revoked(&world);
    let dry = reconcile(&engine, &Scope { repo: None, dry_run: true }).unwrap();
    let told: Vec<_> =
        dry.actions.iter().map(|action| (action.decision, action.reason.as_str(), action.applied)).collect();
    assert_eq!(told, [("clean-up", "an attempt that was undone", false)]);
    assert!(attempt.plan.worktree.exists());
    let held = engine.ports.locks.exclusive(&attempt.plan.files.saga, Duration::ZERO).unwrap();
    pass(&engine);
    assert!(attempt.plan.worktree.exists(), "its dispatcher is still at it");
    drop(held);
    world.trouble("trees.remove", When::Before, Then::Busy);
    let report = reconcile(&engine, &Scope::default()).unwrap();
    assert!(report.actions[0].reason.contains("worktree not undone yet"), "{report:?}");
    clean_up::ended(&engine, task).unwrap();
    assert!(!attempt.plan.worktree.exists() && world.attempt(task).cleaned);
    assert_eq!(world.board().trees(task).unwrap(), []);
}

#[test]
fn a_tree_whose_owner_can_not_be_told_is_tried_again_and_not_forgotten() {
    for call in ["store.attempt", "store.trees"] {
        let world = World::new();
        let (engine, task, attempt) = revoked(&world);
        world.before("trees.remove", move |world| world.trouble(call, When::Before, Then::Fail));
        pass(&engine);
        assert!(attempt.plan.worktree.exists() && !world.attempt(task).cleaned, "{call}");
        pass(&engine);
        assert!(!attempt.plan.worktree.exists() && world.attempt(task).cleaned, "{call}");
    }
}

#[test]
fn what_another_pass_has_cleaned_up_meanwhile_is_not_reported_again() {
    let world = World::new();
    let (engine, task, _) = revoked(&world);
    world.before("store.attempt", |world| pass(&world.engine()));
    assert!(!reconcile(&engine, &Scope::default()).unwrap().changes());
    assert!(world.attempt(task).cleaned);
}

#[test]
fn a_tree_that_somebody_stands_in_is_not_removed() {
    let world = World::new();
    let (engine, task, attempt) = revoked(&world);
    let vim = world.spawn("vim").process;
    world.with(vim, |found| found.folder = Some(attempt.plan.worktree.join("src")));
    let before = world.now();
    let kept = steps::undo(&engine, &attempt);
    assert!(kept[0].contains(&format!("pid {} (vim) works in ", vim.pid)), "{kept:?}");
    assert_eq!(world.now(), before, "a person is not waited for");
    assert!(attempt.plan.worktree.exists() && !world.attempt(task).cleaned);
    world.kill(vim);
    assert_eq!(steps::undo(&engine, &attempt), [""; 0]);
    assert!(!attempt.plan.worktree.exists());
}

#[test]
fn a_shim_that_comes_too_late_is_waited_for_until_it_is_gone() {
    for goes in [true, false] {
        let world = World::new();
        let (engine, _, attempt) = revoked(&world);
        let shim = world.spawn("ganger").process;
        world.with(shim, |found| found.folder = Some(attempt.plan.worktree.clone()));
        if goes {
            world.before("pause", move |world| world.kill(shim));
        }
        assert_eq!(steps::undo(&engine, &attempt).is_empty(), goes);
        assert_eq!(attempt.plan.worktree.exists(), !goes);
    }
}

#[test]
fn a_tree_that_a_newer_attempt_has_taken_over_is_left_to_it() {
    let world = World::new();
    let (engine, task, first) = revoked(&world);
    world.before("trees.remove", move |world| drop(dispatch(&world.engine(), &Request::of(task)).unwrap()));
    steps::undo(&engine, &first);
    let second = world.attempt(task);
    assert_eq!((second.plan.adopts, second.phase), (Some(first.plan.id.clone()), Phase::Running));
    assert!(first.plan.worktree.exists() && world.count("remove") == 0);
    assert_eq!(world.board().trees(task).unwrap()[0].owner, second.plan.id);
    steps::undo(&engine, &first);
    assert!(first.plan.worktree.exists());
}

#[test]
fn files_that_can_not_be_removed_are_tried_again() {
    let world = World::new();
    let (engine, task, attempt) = revoked(&world);
    world.trouble("files.remove", When::Before, Then::Fail);
    let kept = steps::undo(&engine, &attempt);
    assert!(kept.iter().any(|kept| kept.contains("removing ") && kept.contains("as scripted")), "{kept:?}");
    assert!(!world.attempt(task).cleaned);
    assert_eq!(steps::undo(&engine, &attempt), [""; 0]);
}

#[test]
fn the_lock_of_a_saga_that_is_at_work_is_not_removed() {
    let world = World::new();
    let (engine, _, attempt) = revoked(&world);
    let files = &attempt.plan.files;
    let held = engine.ports.locks.exclusive(&files.saga, Duration::ZERO).unwrap();
    undo_step(StepName::Launch, &engine, &attempt).unwrap();
    assert!(world.lock().inodes.contains_key(&files.saga));
    drop(held);
    world.inode(&files.lock);
    undo_step(StepName::Launch, &engine, &attempt).unwrap();
    assert!(!world.lock().inodes.contains_key(&files.saga) && !world.lock().inodes.contains_key(&files.lock));
}

#[test]
fn only_the_attempts_own_pane_is_closed() {
    let world = World::new();
    let (engine, _, first) = world.running();
    let (_, _, second) = world.running();
    undo_step(StepName::Session, &engine, &first).unwrap();
    assert_eq!((world.count("close"), panes(&world)), (1, 1));
    assert!(world.shim(&second.plan.id).is_some() && world.shim(&first.plan.id).is_none());
    world.trouble("mux.panes", When::Before, Then::Fail);
    assert_eq!(undo_step(StepName::Session, &engine, &second).unwrap_err().kind, Kind::Failed);
}

#[test]
fn a_fresh_retry_parks_the_older_tree_and_a_plain_one_takes_it_over() {
    let world = World::new();
    let (engine, task, first) = ended(&world, 1);
    let second = dispatch(&engine, &Request { fresh: true, ..retry(task) }).unwrap();
    let trees = world.board().trees(task).unwrap();
    let parked = trees.iter().find(|tree| tree.owner == first.plan.id).unwrap();
    let there = parked.parked.clone().unwrap();
    assert_eq!(there, world.trash().join(first.plan.id.as_str()));
    assert!(there.exists() && !first.plan.worktree.exists() && second.plan.worktree.exists());
    assert_eq!(world.lock().trees[&there].branch, "ganger/1-fix-it");
    world.exit(&second.plan.id, 1, Evidence::Changed);
    let third = dispatch(&engine, &retry(task)).unwrap();
    assert_eq!((third.plan.worktree, world.count("park")), (second.plan.worktree, 1));
}

#[test]
fn a_first_attempt_has_nothing_to_clean_up_before_it() {
    let world = World::new();
    let (engine, _, attempt) = world.running();
    world.trouble("store.attempts", When::Before, Then::Panic);
    clean_up::earlier_attempts(&engine, &attempt, true);
    assert_eq!(world.count("park"), 0);
}

fn parked(world: &World, tree: &Path) -> bool {
    !tree.exists() && world.count("park") == 1
}

#[test]
fn a_tree_is_parked_once_nobody_stands_in_it() {
    let world = World::new();
    let (engine, task, attempt) = ended(&world, 1);
    let tree = world.board().trees(task).unwrap().pop().unwrap();
    let vim = world.spawn("vim").process;
    world.with(vim, |found| found.folder = Some(tree.path.clone()));
    let before = world.now().boot;
    let fault = trees::park(&engine, &tree, trees::Occasion::Removal, false).unwrap_err();
    let hint = format!("end it first, or: ganger rm {task} --force");
    assert_eq!((fault.kind, fault.hint.as_deref()), (Kind::Conflict, Some(hint.as_str())));
    assert!(fault.message.starts_with(&format!("pid {} (vim) works in ", vim.pid)), "{}", fault.message);
    assert_eq!(world.now().boot.since(before).as_secs(), 2);
    // One that is on its way out is waited for.
    world.before("pause", move |world| world.kill(vim));
    trees::park(&engine, &tree, trees::Occasion::Removal, false).unwrap();
    assert!(parked(&world, &attempt.plan.worktree));
    assert_eq!(world.board().trees(task).unwrap()[0].state, TreeState::Parked);
}

#[test]
fn a_tree_that_has_another_owner_by_now_is_not_parked() {
    let world = World::new();
    let (engine, task, _) = ended(&world, 1);
    let tree = world.board().trees(task).unwrap().pop().unwrap();
    dispatch(&engine, &retry(task)).unwrap();
    world.lock().processes.values_mut().for_each(|found| (found.folder, found.mark) = (None, None));
    let fault = trees::park(&engine, &tree, trees::Occasion::Removal, false).unwrap_err();
    assert_eq!(
        (fault.kind, fault.message.as_str()),
        (Kind::Conflict, "task 1: a new attempt has just taken over its worktree")
    );
    assert_eq!(world.count("park"), 0);
}

#[test]
fn g30_a_tree_that_a_claim_took_before_its_removal_read_the_record_is_not_parked() {
    let world = World::new();
    let (engine, task, _) = ended(&world, 1);
    dispatch(&engine, &retry(task)).unwrap();
    // Its agent has not entered the tree yet.
    world.lock().processes.values_mut().for_each(|found| (found.folder, found.mark) = (None, None));
    let tree = world.board().trees(task).unwrap().pop().unwrap();
    assert_eq!(tree.owner, world.attempt(task).plan.id);
    for force in [false, true] {
        let fault = trees::park(&engine, &tree, trees::Occasion::Removal, force).unwrap_err();
        assert_eq!((fault.kind, world.count("park")), (Kind::Conflict, 0), "{}", fault.message);
    }
    assert!(!parked(&world, &tree.path));
    world.exit(&tree.owner, 1, Evidence::Changed);
    trees::park(&engine, &tree, trees::Occasion::Removal, false).unwrap();
    assert!(parked(&world, &tree.path));
}

#[test]
fn a_tree_that_is_not_there_is_recorded_as_gone() {
    let world = World::new();
    let (engine, task, _) = ended(&world, 1);
    let tree = world.board().trees(task).unwrap().pop().unwrap();
    world.lock().trees.clear();
    assert_eq!(trees::park(&engine, &tree, trees::Occasion::Removal, false).unwrap(), None);
    assert_eq!(world.board().trees(task).unwrap(), []);
}

#[test]
fn a_removal_that_was_cut_off_after_its_move_is_finished_by_the_next_pass() {
    let world = World::new();
    let (engine, task, attempt) = ended(&world, 1);
    let (_, other, _) = ended(&world, 1);
    world.trouble("store.amend", When::Before, Then::Die);
    tasks::remove(&engine, task, false, false).unwrap_err();
    assert!(parked(&world, &attempt.plan.worktree));
    assert_eq!(world.board().trees(task).unwrap()[0].state, TreeState::Present);
    // The model's git can't tell where it moved it, as the real one can: what is asked for is that it is asked.
    pass(&world.engine());
    assert_ne!(world.board().trees(task).unwrap().first().map(|tree| tree.state), Some(TreeState::Present));
    assert_eq!(world.board().trees(other).unwrap()[0].state, TreeState::Present);
    assert_eq!(world.count("park"), 1);
}
