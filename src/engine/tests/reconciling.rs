//! The reconciler: what it makes of every way in which an attempt can be lost, and what it leaves alone.

use std::time::Duration;

use super::life::ending;
use super::world::{Shim, Then, When, World};
use crate::domain::attempt::{Attempt, Exit};
use crate::domain::completion::{Evidence, How};
use crate::domain::id::TaskId;
use crate::domain::state::{Cause, Phase, Status};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::upkeep::{Report, Scope, one, reconcile, sweep};
use crate::engine::{Engine, Kind};
use crate::ports::store::Store as _;

pub fn pass(engine: &Engine) -> Report {
    reconcile(engine, &Scope::default()).unwrap()
}

fn dry(engine: &Engine) -> Report {
    reconcile(engine, &Scope { repo: None, dry_run: true }).unwrap()
}

/// Decision and reason of the only action.
pub fn acted(report: &Report) -> (&'static str, &str, bool) {
    assert_eq!((report.actions.len(), report.unknown.len()), (1, 0), "{report:?}");
    (report.actions[0].decision, &report.actions[0].reason, report.actions[0].applied)
}

/// That nothing was changed, and why it could not be told.
pub fn assert_unsure(world: &World, why: &str) {
    let events = world.events();
    let report = pass(&world.engine());
    assert_eq!((report.actions.len(), report.unknown.len(), report.changes()), (0, 1, false), "{report:?}");
    assert_eq!((report.unknown[0].decision, report.unknown[0].applied), ("unknown", false));
    assert!(report.unknown[0].reason.contains(why), "{}", report.unknown[0].reason);
    assert_eq!(world.events(), events);
}

pub fn lost(world: &World) -> (Engine, TaskId, Attempt) {
    let (engine, task, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    (engine, task, attempt)
}

#[test]
fn an_agent_that_runs_is_left_alone() {
    let world = World::new();
    let engine = world.engine();
    assert_eq!(pass(&engine).tmux, None, "nothing had to be asked");
    let (engine, task, attempt) = world.running();
    let events = world.events();
    let report = pass(&engine);
    assert!(!report.changes() && report.unknown.is_empty(), "{report:?}");
    assert_eq!((report.tmux, report.observed_at), (Some(Ok(())), world.now().wall));
    assert_eq!((world.task(task).status, world.events()), (Status::InProgress, events));
    assert_eq!(world.agents(&attempt.plan.id).len(), 1);
}

#[test]
fn a_task_whose_shim_is_gone_is_queued_again_and_the_timeline_says_why() {
    let world = World::new();
    let (engine, task, attempt) = lost(&world);
    let events = world.events();
    let report = dry(&engine);
    assert_eq!(acted(&report), ("requeue", "its shim is gone", false));
    assert_eq!(world.events(), events, "a dry run changes nothing");
    let report = pass(&engine);
    assert_eq!(acted(&report), ("requeue", "its shim is gone (orphan-shim)", true));
    assert_eq!((report.actions[0].task, &report.actions[0].attempt), (task, &attempt.plan.id));
    let now = world.task(task);
    assert_eq!((now.status, now.cause, now.orphans), (Status::Ready, Some(Cause::OrphanShim), 1));
    assert_eq!(now.not_before, Some(world.now().wall.after(Duration::from_secs(5))));
    let record = world.board().timeline(Some(task), 0, 100).unwrap();
    let record = record.iter().rfind(|record| record.to.starts_with("ready")).unwrap();
    for said in [r#""lock":"free""#, r#""shim":"dead""#, r#""agent":"dead""#, r#""pane":"dead""#, r#""saga":"missing""#]
    {
        assert!(record.evidence.contains(said), "{said} in {}", record.evidence);
    }
    assert!(!pass(&engine).changes());
}

#[test]
fn the_fourth_loss_in_a_row_fails_the_task() {
    let world = World::new();
    let (engine, task) = world.ready();
    for _ in 0..3 {
        let request = Request { explicit: false, ..Request::of(task) };
        let attempt = dispatch(&engine, &request).unwrap();
        world.kill_shim(&attempt.plan.id, false);
        assert_eq!(acted(&pass(&engine)).0, "requeue");
        world.seconds(600);
    }
    let attempt = dispatch(&engine, &Request { explicit: false, ..Request::of(task) }).unwrap();
    world.kill_shim(&attempt.plan.id, false);
    let report = pass(&engine);
    assert_eq!(acted(&report), ("fail", "its shim is gone (crash-loop)", true));
    assert_eq!(world.task(task).status, Status::Failed);
}

#[test]
fn what_the_shim_wrote_down_is_recorded() {
    for (code, status) in [(0, Status::Review), (3, Status::Failed)] {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        world.write_exit(&attempt.plan.id, &ending(How::Process(Exit::Code(code)), Evidence::Changed));
        world.kill_shim(&attempt.plan.id, false);
        let report = dry(&engine);
        assert_eq!(acted(&report), ("record", "its shim wrote down how it ended", false));
        assert_eq!(world.task(task).status, Status::InProgress);
        let report = pass(&engine);
        let (decision, reason, applied) = acted(&report);
        assert!(
            decision == "record" && applied && reason.starts_with("its shim wrote down how it ended ("),
            "{reason}"
        );
        assert_eq!((world.task(task).status, world.attempt(task).exit), (status, Some(Exit::Code(code))));
    }
}

#[test]
fn an_end_that_can_not_be_read_is_not_guessed() {
    let world = World::new();
    let (_, _, attempt) = lost(&world);
    std::fs::write(&attempt.plan.files.exit, "{").unwrap();
    assert_unsure(&world, "its exit file can't be read");
    std::fs::remove_file(&attempt.plan.files.exit).unwrap();
    world.trouble("files.read", When::Before, Then::Fail);
    assert_unsure(&world, "its exit file can't be read");
    assert!(pass(&world.engine()).changes(), "now it can be looked at");
}

#[test]
fn a_server_that_is_gone_and_a_restart_are_told_apart() {
    let world = World::new();
    let (engine, task, _) = world.running();
    world.server_dies(false);
    assert_eq!(acted(&dry(&engine)).1, "its tmux server is gone");
    let report = pass(&engine);
    assert_eq!(acted(&report), ("requeue", "its tmux server is gone (orphan-server)", true));
    assert_eq!((world.task(task).status, world.task(task).orphans), (Status::Ready, 0));

    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.reboot();
    // The file of the lock may be gone with the restart: nobody holds it in any case.
    world.lose_lock(&attempt.plan.id);
    assert_eq!(acted(&dry(&engine)).1, "the machine was restarted");
    let report = pass(&world.engine());
    assert_eq!(acted(&report), ("requeue", "the machine was restarted (orphan-reboot)", true));
    assert_eq!((world.task(task).status, world.task(task).orphans), (Status::Ready, 0));
}

#[test]
fn a_restart_in_the_midst_of_a_dispatch_revokes_it() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::Late;
    world.trouble("store.version", When::Before, Then::Die);
    world.before("store.version", World::reboot);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    let report = pass(&world.engine());
    assert_eq!(report.actions[0].decision, "revoke");
    assert_eq!(world.task(task).status, Status::Ready);
    assert!(world.lock().trees.is_empty());
}

#[test]
fn another_machine_is_none_of_our_business() {
    let world = World::new();
    lost(&world);
    "other".clone_into(&mut world.lock().place.host);
    assert_unsure(&world, "its processes are on another machine");
}

#[test]
fn a_lock_that_proves_nothing_changes_nothing() {
    let world = World::new();
    let (_, _, attempt) = lost(&world);
    world.trouble("locks.ask", When::Before, Then::Fail);
    assert_unsure(&world, "its lock can't be read");
    world.trouble("locks.shared", When::Before, Then::Fail);
    assert_unsure(&world, "its lock could not be held for the write");
    world.lose_lock(&attempt.plan.id);
    assert_unsure(&world, "its lock file is missing");
    world.inode(&attempt.plan.files.lock);
    assert_unsure(&world, "another file stands in place of its lock file");
}

#[test]
fn a_lock_file_that_is_replaced_at_the_last_moment_changes_nothing() {
    let world = World::new();
    let (_, _, attempt) = lost(&world);
    let lock = attempt.plan.files.lock.clone();
    world.before("locks.shared", move |world| {
        world.lock().inodes.remove(&lock);
        world.inode(&lock);
    });
    assert_unsure(&world, "its lock could not be held for the write");
}

#[test]
fn a_shim_that_lives_without_its_lock_is_not_touched() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    let shim = world.shim(&attempt.plan.id).unwrap();
    world.let_go(shim);
    assert_unsure(&world, "its shim lives, yet its lock is free");
    assert!(world.lives(shim));
    world.lock().opaque.insert(shim.pid);
    assert_unsure(&world, "its shim can't be looked at");
}

#[test]
fn an_agent_without_a_pane_is_told_and_left_alone() {
    let world = World::new();
    let (_, _, attempt) = world.running();
    world.lock().panes.clear();
    assert_unsure(&world, "its agent runs without a pane");
    assert_eq!(world.agents(&attempt.plan.id).len(), 1);
}

#[test]
fn a_tmux_that_can_not_be_asked_is_said_and_hides_no_death() {
    let world = World::new();
    let (engine, task, _) = lost(&world);
    world.trouble("mux.panes", When::Before, Then::Fail);
    let report = pass(&engine);
    assert_eq!(report.tmux, Some(Err("tmux: as scripted".to_owned())));
    assert_eq!(world.task(task).status, Status::Ready);
}

#[test]
fn an_end_that_somebody_else_records_first_is_left_to_him() {
    let world = World::new();
    let (engine, task, _) = lost(&world);
    world.before("locks.shared", |world| drop(pass(&world.engine())));
    let report = pass(&engine);
    assert!(!report.changes() && report.unknown.is_empty(), "{report:?}");
    assert_eq!((world.task(task).status, world.task(task).orphans), (Status::Ready, 1));
}

#[test]
fn what_changes_between_the_two_looks_is_seen_by_the_second() {
    let world = World::new();
    let (engine, task, attempt) = lost(&world);
    let file = attempt.plan.files.exit.clone();
    world.before("locks.shared", move |_| std::fs::write(file, "{").unwrap());
    let report = pass(&engine);
    assert_eq!(report.unknown[0].reason, "its exit file can't be read");
    assert_eq!(world.task(task).status, Status::InProgress);
}

#[test]
fn a_dispatcher_at_work_is_left_alone_until_it_makes_no_progress_for_too_long() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("trees.add", move |world| {
        let other = world.engine();
        world.pass(Duration::from_secs(15 * 60 - 1));
        assert!(!pass(&other).changes());
        assert_eq!(world.attempt(task).phase, Phase::Claimed);
        world.seconds(1);
        assert_eq!(acted(&dry(&other)).1, "its dispatcher made no progress for too long");
        let report = pass(&other);
        assert_eq!(acted(&report), ("revoke", "its dispatcher made no progress for too long", true));
    });
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert_eq!(fault.kind, Kind::NotDispatched);
    let now = world.task(task);
    assert_eq!((now.status, now.cause), (Status::Ready, Some(Cause::DispatcherDied)));
    assert!(world.lock().trees.is_empty() && world.attempt(task).cleaned);
}

#[test]
fn what_a_dead_dispatcher_left_is_revoked_and_cleaned_up() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("mux.start", When::Before, Then::Die);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    let engine = world.engine();
    assert_eq!(acted(&dry(&engine)), ("revoke", "its dispatcher died before the agent ran", false));
    assert_eq!(world.lock().trees.len(), 1);
    let report = pass(&engine);
    let told: Vec<_> = report.actions.iter().map(|action| (action.decision, action.reason.as_str())).collect();
    assert_eq!(told, [("revoke", "its dispatcher died before the agent ran"), ("clean-up", "undone")]);
    assert!(report.actions.iter().all(|action| action.applied));
    assert!(world.lock().trees.is_empty() && world.attempt(task).cleaned);
    assert!(!pass(&engine).changes());
}

#[test]
fn a_pass_of_one_repository_looks_at_no_other() {
    let world = World::new();
    let (engine, task, _) = lost(&world);
    let elsewhere = Scope { repo: Some("/elsewhere".into()), dry_run: false };
    assert!(!reconcile(&engine, &elsewhere).unwrap().changes());
    assert_eq!(world.task(task).status, Status::InProgress);
    assert!(reconcile(&engine, &Scope { repo: Some(world.repo()), dry_run: false }).unwrap().changes());
}

#[test]
fn a_sweep_looks_at_locks_alone() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.trouble("mux.panes", When::Before, Then::Panic);
    assert!(sweep(&engine).unwrap().is_empty());
    world.kill_shim(&attempt.plan.id, false);
    let actions = sweep(&engine).unwrap();
    assert_eq!(actions.iter().map(|action| (action.decision, action.applied)).collect::<Vec<_>>(), [("requeue", true)]);
    assert_eq!(world.task(task).status, Status::Ready);
    assert!(sweep(&engine).unwrap().is_empty());
}

#[test]
fn one_attempt_can_be_looked_at_alone() {
    let world = World::new();
    let (engine, first, attempt) = lost(&world);
    let (_, second, _) = lost(&world);
    world.trouble("mux.panes", When::Before, Then::Panic);
    one(&engine, &attempt.plan.id).unwrap();
    assert_eq!((world.task(first).status, world.task(second).status), (Status::Ready, Status::InProgress));
    let events = world.events();
    one(&engine, &attempt.plan.id).unwrap();
    assert_eq!(world.events(), events);
}

#[test]
fn an_agent_that_reported_done_and_vanished_stays_done() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let speaker = Speaker::Agent { attempt: attempt.plan.id.clone(), token: attempt.plan.token };
    say(&engine, &speaker, &Word::Done).unwrap();
    world.kill_shim(&attempt.plan.id, false);
    let report = pass(&engine);
    assert_eq!(acted(&report).0, "requeue");
    assert_eq!((world.task(task).status, world.attempt(task).phase), (Status::Review, Phase::Exited));
}

#[test]
fn a_store_that_can_not_be_read_is_an_error() {
    let world = World::new();
    let (engine, _, _) = lost(&world);
    world.trouble("store.attempts", When::Before, Then::Fail);
    assert_eq!(reconcile(&engine, &Scope::default()).unwrap_err().kind, Kind::Failed);
}

#[test]
fn the_lock_of_a_process_that_is_being_killed_is_waited_for() {
    let world = World::new();
    let (engine, task, attempt) = lost(&world);
    let inode = attempt.lock.unwrap().inode;
    world.lock().held.get_mut(&inode).unwrap().exclusive = true;
    let before = world.now().boot;
    assert!(!pass(&engine).changes(), "somebody else holds it");
    assert_eq!(world.now().boot.since(before), Duration::from_secs(1));
    world.before("pause", move |world| world.lock().held.get_mut(&inode).unwrap().exclusive = false);
    assert_eq!(acted(&pass(&engine)).0, "requeue");
    assert_eq!(world.task(task).status, Status::Ready);
}

#[test]
fn the_lock_of_a_dispatcher_that_is_being_killed_is_waited_for() {
    let world = World::new();
    let (engine, task) = world.ready();
    let me = engine.ports.processes.me();
    world.before("mux.start", move |world| {
        let saga = world.inode(&world.attempt(task).plan.files.saga).inode;
        assert!(!pass(&world.engine()).changes(), "it lives");
        world.kill(me);
        world.before("pause", move |world| world.lock().held.get_mut(&saga).unwrap().exclusive = false);
        assert_eq!(pass(&world.engine()).actions[0].reason, "its dispatcher died before the agent ran");
    });
    dispatch(&engine, &Request::of(task)).unwrap_err();
    assert_eq!(world.task(task).status, Status::Ready);
}
