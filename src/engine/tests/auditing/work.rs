//! I7 and I11: what was made.

use super::{abandoned, assert_clean, assert_unsure, assert_violated, ended, lie_of_attempt, other, violations};
use crate::domain::state::Status;
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::tasks;
use crate::engine::tests::world::{Then, When, World};

#[test]
fn i7_work_that_is_gone_is_found_and_a_tree_that_nobody_ran_in_is_not_work() {
    let world = World::new();
    let (_, attempt) = ended(&world, 0);
    world.lock().trees.get_mut(&attempt.plan.worktree).unwrap().whole = false;
    assert_violated(&world, "I7", "its worktree is no longer one: it is damaged");
    world.lock().trees.get_mut(&attempt.plan.worktree).unwrap().whole = true;
    world.lock().branches.remove(&attempt.plan.branch);
    // HEAD says where the work is, whatever became of the branch that it began on.
    assert_clean(&world);
    world.trouble("trees.whereabouts", When::Before, Then::Fail);
    assert_unsure(&world, "I7", "git: as scripted");
    world.trouble("disk.look", When::Before, Then::Fail);
    let repo = world.repo();
    assert_unsure(&world, "I7", &format!("the repository {} can't be looked at: as scripted", repo.display()));
    std::fs::remove_dir(repo).unwrap();
    assert_unsure(&world, "I7", &format!("the repository {} is missing", world.repo().display()));

    let world = World::new();
    let (task, _) = abandoned(&world);
    world.lock().trees.clear();
    assert_eq!(violations(&world), [("I1", "it is in progress, and no dispatcher works on it".to_owned())]);
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn i7_a_parked_tree_has_to_be_where_it_was_parked_and_its_branch_is_anybodys() {
    let world = World::new();
    let (task, attempt) = ended(&world, 1);
    let engine = world.engine();
    dispatch(&engine, &Request { from: vec![Status::Failed], fresh: true, ..Request::of(task) }).unwrap();
    world.lock().branches.remove(&attempt.plan.branch);
    assert_clean(&world);
    let parked = world.trash().join(attempt.plan.id.as_str());
    world.lock().trees.remove(&parked).unwrap();
    let path = attempt.plan.worktree.display();
    assert_violated(&world, "I7", &format!("its worktree is no longer one: {path} is gone"));
}

#[test]
fn i7_i13_a_removal_that_was_cut_off_after_its_move_has_lost_nothing_and_its_record_is_wrong() {
    let world = World::new();
    let (task, attempt) = ended(&world, 1);
    world.trouble("store.amend", When::Before, Then::Die);
    tasks::remove(&world.engine(), task, false, false).unwrap_err();
    let parked = world.trash().join(attempt.plan.id.as_str());
    let wrong = format!("its worktree is in the trash at {}, and its record says that it is present", parked.display());
    assert_violated(&world, "I13", &wrong);
    world.lock().trees.clear();
    let path = attempt.plan.worktree.display();
    assert_violated(&world, "I7", &format!("its worktree is no longer one: {path} is gone"));
}

#[test]
fn i11_a_pane_with_anothers_mark_is_found() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    let pane = world.lock().panes[0].id.clone();
    world.lock().panes[0].mark = Some(other());
    let said = format!("the pane {pane} was started for it, and bears the mark of {}", other());
    assert_violated(&world, "I11", &said);
    world.lock().panes[0].mark = None;
    assert_clean(&world);
    world.lock().panes[0].argv = Some(other());
    world.lock().panes[0].mark = Some(attempt.plan.id.clone());
    assert_clean(&world);
    world.lock().panes[0].argv = Some(attempt.plan.id);
    world.lock().panes[0].mark = Some(other());
    lie_of_attempt(&world, |attempt| attempt.cleaned = true);
    assert_clean(&world);
    world.lock().lies.attempts = None;
    world.trouble("mux.panes", When::Before, Then::Fail);
    assert_clean(&world);
}
