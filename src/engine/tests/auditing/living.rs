//! I1, I2, I3 and I10: who lives, and whose it is.

use super::{
    abandoned, assert_clean, assert_unsure, assert_violated, ended, lie_of_attempt, lie_of_attempts, lie_of_task,
    other, violations,
};
use crate::domain::completion::Evidence;
use crate::domain::state::{Phase, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::tests::world::{Lies, Shim, Then, When, World};

#[test]
fn i1_a_task_in_progress_that_nobody_works_at_is_a_ghost() {
    let world = World::new();
    let (_, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    assert_violated(&world, "I1", "it is in progress, and no process holds its lock");
    world.lock().opaque.insert(attempt.shim.unwrap().pid);
    assert_violated(&world, "I1", "it is in progress, and no process holds its lock");
    lie_of_attempt(&world, |attempt| attempt.phase = Phase::Exited);
    assert_violated(&world, "I1", "it is in progress, and its attempt is exited");
    lie_of_task(&world, |task| task.attempt = None);
    assert_violated(&world, "I1", "it is in progress without an attempt");
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn i1_a_claim_that_nobody_carries_out_is_a_ghost() {
    let world = World::new();
    let (_, attempt) = abandoned(&world);
    assert_violated(&world, "I1", "it is in progress, and no dispatcher works on it");
    world.lock().inodes.remove(&attempt.plan.files.saga);
    assert_violated(&world, "I1", "it is in progress, and no dispatcher works on it");
    world.inode(&attempt.plan.files.saga);
    world.trouble_after("locks.ask", 1, When::Before, Then::Fail);
    assert_unsure(&world, "I1", "its dispatcher's lock can't be asked");
}

#[test]
fn i1_a_restart_makes_ghosts_and_another_machine_does_not() {
    let world = World::new();
    world.running();
    "other".clone_into(&mut world.lock().place.host);
    assert_unsure(&world, "I1", "it is in progress on another machine");
    "host".clone_into(&mut world.lock().place.host);
    world.reboot();
    assert_violated(&world, "I1", "it is in progress, and the machine was restarted since");
}

#[test]
fn i1_a_lock_held_by_a_stranger_is_a_ghost() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    world.lock().held.get_mut(&attempt.lock.unwrap().inode).unwrap().exclusive = true;
    assert_violated(&world, "I1", "it is in progress, and its lock is held by a process that is not its shim");
}

#[test]
fn i1_a_dead_agent_under_a_living_shim_is_a_ghost_unless_its_work_is_verified() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    world.kill(attempt.agent.unwrap());
    assert_violated(&world, "I1", "it is in progress, and its agent is dead while its shim lives");
    lie_of_attempt(&world, |attempt| attempt.phase = Phase::Verifying);
    assert_eq!(violations(&world).iter().filter(|(which, _)| *which == "I1").count(), 0);
}

#[test]
fn i1_a_shim_in_its_setup_is_no_ghost() {
    let mut world = World::new();
    world.settings.worktrees.setup = vec!["make".to_owned()];
    let (engine, task) = world.ready();
    world.lock().shim = Shim::SetsUp;
    dispatch(&engine, &Request::of(task)).unwrap();
    assert_clean(&world);
}

#[test]
fn i1_a_lock_that_proves_nothing_is_unknown() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    world.lose_lock(&attempt.plan.id);
    assert_unsure(&world, "I1", "its lock is missing");
    world.inode(&attempt.plan.files.lock);
    assert_unsure(&world, "I1", "its lock is missing");
    let world = World::new();
    let (_, _, attempt) = world.running();
    world.let_go(attempt.shim.unwrap());
    assert_unsure(&world, "I1", "its lock is free");
}

#[test]
fn i2_two_live_attempts_two_shims_or_two_locks_are_twins() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    let twin = world.spawn("ganger").process;
    world.with(twin, |found| found.shim_of = Some(attempt.plan.id.clone()));
    assert_eq!(violations(&world), [("I2", "2 shims of it live, 1 of their locks are held".to_owned())]);
    world.kill(twin);
    assert_clean(&world);
    lie_of_attempts(&world, |attempts| {
        let mut earlier = attempts[0].clone();
        (earlier.plan.id, earlier.phase) = (other(), Phase::Exited);
        attempts.insert(0, earlier);
    });
    assert_violated(&world, "I2", "1 shims of it live, 2 of their locks are held");
    lie_of_attempts(&world, |attempts| {
        let mut earlier = attempts[0].clone();
        (earlier.plan.id, earlier.plan.files.lock) = (other(), "/nowhere".into());
        attempts.insert(0, earlier);
    });
    assert_violated(&world, "I2", "2 of its attempts are live");
}

#[test]
fn i3_what_lives_after_its_attempt_is_unowned() {
    let world = World::new();
    let (_, task, attempt) = world.running();
    let shim = attempt.shim.unwrap().pid;
    lie_of_task(&world, |task| task.status = Status::Failed);
    lie_of_attempt(&world, |attempt| attempt.phase = Phase::Exited);
    let mut found = violations(&world);
    found.retain(|(which, _)| *which == "I3");
    let said = [
        format!("a shim lives (pid {shim}), and its attempt is exited"),
        "its attempt is exited, and its lock is held".to_owned(),
        "its attempt is exited, and its agent lives".to_owned(),
    ];
    assert_eq!(found.into_iter().map(|(_, found)| found).collect::<Vec<_>>(), said);
    lie_of_attempt(&world, |_| {});
    lie_of_task(&world, |task| task.attempt = Some(other()));
    assert_violated(&world, "I3", &format!("a shim lives (pid {shim}), and its attempt is running"));
    world.lock().lies = Lies::default();
    assert_eq!(world.task(task).status, Status::InProgress);
    assert_clean(&world);
}

#[test]
fn i3_a_process_of_another_boot_is_not_the_agent() {
    let world = World::new();
    let (_, attempt) = ended(&world, 0);
    world.with(attempt.agent.unwrap(), |found| found.alive = true);
    assert_violated(&world, "I3", "its attempt is exited, and its agent lives");
    world.lock().place.boot = "boot-2".to_owned();
    assert_clean(&world);
}

#[test]
fn i10_a_live_attempt_without_its_identities_is_found() {
    let world = World::new();
    let (_, task, _) = world.running();
    lie_of_attempt(&world, |attempt| {
        (attempt.shim, attempt.lock, attempt.agent) = (None, None, None);
        attempt.place.host.clear();
        attempt.place.boot.clear();
    });
    let said = "a live attempt, and its machine, its boot, its shim, its lock file, its agent is not recorded";
    assert_violated(&world, "I10", said);
    lie_of_attempt(&world, |attempt| (attempt.agent, attempt.started_at) = (None, None));
    assert_clean(&world);
    lie_of_attempt(&world, |attempt| attempt.agent = None);
    assert_violated(&world, "I10", "a live attempt, and its agent is not recorded");
    world.exit(&world.attempt(task).plan.id, 0, Evidence::Changed);
    assert_clean(&world);
}
