//! Dispatch: what a saga does, and what is left of one that fails.

use super::world::{Shim, Then, When, World};
use crate::domain::attempt::Attempt;
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::reconcile::Lock;
use crate::domain::state::{Cause, Phase, Status};
use crate::domain::task::Draft;
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::review::Bounced;
use crate::engine::upkeep::{Scope, reconcile};
use crate::engine::{Engine, Fault, Kind, review, stop, tasks};

fn refused(engine: &Engine, task: TaskId) -> Fault {
    dispatch(engine, &Request::of(task)).unwrap_err()
}

/// Nothing of a dispatch is left: no tree, no branch, no session, no file.
fn assert_undone(world: &World, attempt: &Attempt) {
    let row = world.row(&attempt.plan.id);
    assert_eq!((row.phase, row.cleaned, row.kept), (Phase::Revoked, true, vec![]));
    let files = &attempt.plan.files;
    for file in [&files.launch, &files.prompt] {
        assert!(!file.exists(), "{}", file.display());
    }
    let inner = world.lock();
    assert!(inner.trees.is_empty() && inner.panes.is_empty(), "{:?} {:?}", inner.trees, inner.panes);
    assert_eq!(inner.branches.keys().collect::<Vec<_>>(), ["main"]);
    assert!(!inner.inodes.contains_key(&files.saga) && !inner.inodes.contains_key(&files.lock));
}

#[test]
fn a_dispatch_ends_with_a_running_agent() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    assert_eq!((world.task(task).status, attempt.phase), (Status::InProgress, Phase::Running));
    assert_eq!(world.agents(&attempt.plan.id).len(), 1);
    assert_eq!(attempt.plan.session, "ganger-1-fix-it");
    assert_eq!(attempt.plan.branch, "ganger/1-fix-it");
    let folder = attempt.plan.worktree.display().to_string();
    let (program, id, launch) = (&engine.around.program, &attempt.plan.id, &attempt.plan.files.launch);
    let asked = format!("session ganger-1-fix-it in {folder}: {} __agent {id} {}", program.display(), launch.display());
    assert_eq!(world.lock().done, [asked]);
    assert_eq!(engine.ports.locks.ask(&attempt.plan.files.saga, None), Lock::Missing);
}

#[test]
fn a_step_that_fails_is_undone_and_the_task_is_ready_again() {
    for (call, step) in [
        ("files.write", "launch file"),
        ("trees.add", "worktree"),
        ("store.tree-made", "worktree"),
        ("store.spawning", "tmux session"),
    ] {
        for when in [When::Before, When::After] {
            let world = World::new();
            let (engine, task) = world.ready();
            world.trouble(call, when, Then::Fail);
            let fault = refused(&engine, task);
            assert_eq!((fault.kind, fault.task), (Kind::NotDispatched, Some(task)), "{call} {when:?}");
            assert!(fault.message.starts_with("task 1 not dispatched: "), "{}", fault.message);
            assert!(fault.message.contains("as scripted"), "{}", fault.message);
            assert!(fault.hint.is_some_and(|hint| hint.starts_with("it is ready")), "{call} {when:?}");
            let now = world.task(task);
            assert_eq!(now.status, Status::Ready, "{call} {when:?}");
            assert!(now.reason.unwrap().starts_with(step), "{call} {when:?}");
            assert_undone(&world, &world.attempt(task));
        }
    }
}

#[test]
fn feedback_that_starts_no_attempt_leaves_the_task_in_review_and_is_kept() {
    for (call, then) in [("files.write", Then::Fail), ("store.spawning", Then::Fail), ("trees.adopt", Then::Impossible)]
    {
        let world = World::new();
        let (engine, task, attempt) = world.running();
        world.exit(&attempt.plan.id, 0, Evidence::Changed);
        std::fs::create_dir_all(&attempt.plan.worktree).unwrap();
        let before = world.task(task);
        assert_eq!(before.status, Status::Review);
        world.trouble(call, When::Before, then);
        let fault = review::bounce(&engine, task, "Tests, please").unwrap_err();
        assert_eq!(fault.kind, Kind::NotDispatched, "{call}: {fault}");
        assert!(fault.hint.unwrap().starts_with("it is in review"), "{call}");
        let now = world.task(task);
        assert_eq!((now.status, now.cause, &now.reason), (before.status, before.cause, &before.reason), "{call}");
        assert_eq!((now.note.as_deref(), world.attempt(task).phase), (Some("Tests, please"), Phase::Revoked), "{call}");
        // The second try has it all.
        assert_eq!(review::bounce(&engine, task, "And docs"), Ok(Bounced::Attempt(3)), "{call}");
    }
}

#[test]
fn a_verification_that_does_not_start_leaves_the_task_failed_for_its_reason() {
    let world = World::new();
    let engine = world.engine();
    let draft = Draft { verify: vec!["make".to_owned()], ..world.draft("Fix it") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    world.exit(&attempt.plan.id, 3, Evidence::Changed);
    std::fs::create_dir_all(&attempt.plan.worktree).unwrap();
    let before = world.task(task);
    assert_eq!(before.status, Status::Failed);
    world.trouble("store.spawning", When::Before, Then::Fail);
    let request = Request { from: vec![Status::Failed], verify_only: true, ..Request::of(task) };
    dispatch(&engine, &request).unwrap_err();
    let now = world.task(task);
    assert_eq!((now.status, now.cause, now.reason), (before.status, before.cause, before.reason));
    // A retry is another try: it goes to the queue, as before.
    world.trouble("store.spawning", When::Before, Then::Fail);
    dispatch(&engine, &Request { from: vec![Status::Failed], ..Request::of(task) }).unwrap_err();
    assert_eq!(world.task(task).status, Status::Ready);
}

#[test]
fn a_fault_that_will_not_pass_fails_the_task() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("trees.add", When::Before, Then::Impossible);
    assert!(refused(&engine, task).hint.unwrap().starts_with("it is failed"));
    assert_eq!((world.task(task).status, world.task(task).cause), (Status::Failed, Some(Cause::Worktree)));
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn a_panic_is_a_failure_like_any_other() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("trees.add", When::After, Then::Panic);
    let fault = refused(&engine, task);
    assert!(fault.message.contains("agent start: an error in ganger itself: as scripted"), "{}", fault.message);
    assert_eq!(world.task(task).status, Status::Ready);
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn a_session_that_tmux_denies_and_makes_all_the_same_is_believed() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("mux.start", When::After, Then::Fail);
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    assert_eq!((attempt.phase, world.count("session")), (Phase::Running, 1));
}

#[test]
fn a_session_that_tmux_denies_is_waited_for_and_then_given_up() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("mux.start", When::Before, Then::Fail);
    let before = world.now().boot;
    let fault = refused(&engine, task);
    assert!(fault.message.contains("agent start: tmux: as scripted"), "{}", fault.message);
    let waited = world.now().boot.since(before).as_millis();
    assert!((2_400..4_000).contains(&waited), "{waited}");
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn interruption_undoes_at_the_next_step() {
    let world = World::new();
    let (engine, task) = world.ready();
    let interrupted = engine.interrupted.clone();
    world.before("files.write", move |_| interrupted.store(true, std::sync::atomic::Ordering::Relaxed));
    let fault = refused(&engine, task);
    assert!(fault.message.contains("worktree: interrupted"), "{}", fault.message);
    assert_eq!(world.task(task).status, Status::Ready);
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn interruption_undoes_what_waits_for_its_agent() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::Late;
    let interrupted = engine.interrupted.clone();
    world.before("pause", move |_| interrupted.store(true, std::sync::atomic::Ordering::Relaxed));
    assert!(refused(&engine, task).message.contains("agent start: interrupted"));
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn a_dispatcher_killed_at_any_call_leaves_what_a_reconcile_undoes() {
    for call in [
        "store.claim",
        "files.write",
        "trees.add",
        "store.tree-made",
        "store.spawning",
        "mux.start",
        "store.version",
        "store.attempt",
    ] {
        for when in [When::Before, When::After] {
            let world = World::new();
            let (engine, task) = world.ready();
            world.lock().shim = Shim::Late;
            world.trouble(call, when, Then::Die);
            dispatch(&engine, &Request::of(task)).unwrap_err();
            drop(engine);
            let engine = world.engine();
            reconcile(&engine, &Scope::default()).unwrap();
            assert_eq!(world.task(task).status, Status::Ready, "{call} {when:?}");
            if world.task(task).attempt.is_some() {
                assert_eq!(world.task(task).cause, Some(Cause::DispatcherDied), "{call} {when:?}");
                assert_undone(&world, &world.attempt(task));
            }
            world.tick();
            assert!(world.task(task).attempt.is_none_or(|id| world.agents(&id).is_empty()));
        }
    }
}

#[test]
fn an_undo_waits_for_the_database() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("trees.add", When::Before, Then::Fail);
    for _ in 0..3 {
        world.trouble("store.rolled-back", When::Before, Then::Fail);
    }
    assert_eq!(refused(&engine, task).kind, Kind::NotDispatched);
    assert_eq!(world.task(task).status, Status::Ready);
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn an_undo_that_can_not_be_written_is_left_to_the_next_reconcile() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("trees.add", When::After, Then::Fail);
    for _ in 0..10_000 {
        world.trouble("store.rolled-back", When::Before, Then::Fail);
    }
    let fault = refused(&engine, task);
    assert!(fault.message.contains("the database can't be written to undo it"), "{}", fault.message);
    assert_eq!(fault.hint.as_deref(), Some("ganger --reconcile"));
    assert_eq!((world.task(task).status, world.attempt(task).phase), (Status::InProgress, Phase::Claimed));
    world.lock().troubles.clear();
    reconcile(&engine, &Scope::default()).unwrap();
    assert_eq!(world.task(task).status, Status::Ready);
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn what_cannot_be_undone_yet_is_said_and_done_by_the_next_reconcile() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("store.spawning", When::Before, Then::Fail);
    world.trouble("trees.remove", When::Before, Then::Busy);
    let fault = refused(&engine, task);
    assert!(fault.message.contains("worktree not undone yet: git busy: as scripted"), "{}", fault.message);
    assert!(!world.attempt(task).cleaned);
    assert_eq!(world.lock().trees.len(), 1);
    reconcile(&engine, &Scope::default()).unwrap();
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn a_tree_that_somebody_wrote_in_meanwhile_is_kept_and_said_so() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("store.spawning", When::Before, Then::Fail);
    world.before("trees.remove", |world| world.lock().trees.values_mut().for_each(|tree| tree.work = true));
    let fault = refused(&engine, task);
    assert!(fault.message.contains("kept: it holds work"), "{}", fault.message);
    let attempt = world.attempt(task);
    assert!(attempt.cleaned && attempt.kept.len() == 1, "{:?}", attempt.kept);
    assert!(attempt.plan.worktree.exists());
}

#[test]
fn a_stop_while_the_dispatch_is_under_way_fails_the_task() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::Late;
    world.before("pause", move |world| drop(stop::stop(&world.engine(), task).unwrap()));
    let fault = refused(&engine, task);
    assert!(fault.message.contains("stopped on request"), "{}", fault.message);
    assert_eq!((world.task(task).status, world.task(task).cause), (Status::Failed, Some(Cause::Cancelled)));
    assert_undone(&world, &world.attempt(task));
}

#[test]
fn a_stop_between_claim_and_tree_makes_no_tree() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("trees.add", move |world| drop(stop::stop(&world.engine(), task).unwrap()));
    let fault = refused(&engine, task);
    assert!(fault.message.contains("the attempt was revoked"), "{}", fault.message);
    assert_eq!((world.task(task).status, world.count("remove")), (Status::Failed, 0));
    assert_undone(&world, &world.attempt(task));
}
