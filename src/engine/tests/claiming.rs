//! Before the claim and at it: preflight, limits, who has the task, whose tree is taken over.

use super::world::{Shim, Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::queue::{Counts, Limit};
use crate::domain::state::{Activity, Cause, Phase, Source, Status, TreeState, Who};
use crate::domain::task::Draft;
use crate::domain::time::Timestamp;
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::queue;
use crate::engine::report::{Speaker, Word, say};
use crate::engine::{Engine, Fault, Kind, review, tasks};
use crate::ports::store::News;
use crate::ports::store::Store as _;

fn refused(engine: &Engine, task: TaskId) -> Fault {
    let fault = dispatch(engine, &Request::of(task)).unwrap_err();
    assert_eq!(fault.task, Some(task), "{fault}");
    fault
}

fn retry(task: TaskId) -> Request {
    Request { from: vec![Status::Failed], ..Request::of(task) }
}

#[test]
fn a_fault_of_the_machine_leaves_the_task_as_it_is() {
    for (call, then, said) in [
        ("mux.server", Then::Impossible, "as scripted: unusable"),
        ("trees.repository", Then::Busy, "git busy: as scripted"),
        ("trees.resolve", Then::Fail, "git: as scripted"),
    ] {
        let world = World::new();
        let (engine, task) = world.ready();
        world.trouble(call, When::Before, then);
        let fault = refused(&engine, task);
        assert_eq!((fault.kind, fault.hint.as_deref()), (Kind::Failed, Some("ganger doctor")), "{call}");
        assert!(fault.message.contains(said), "{}", fault.message);
        assert_eq!((world.task(task).status, world.task(task).attempts), (Status::Ready, 0));
    }
}

#[test]
fn a_fault_of_the_task_fails_it_without_a_claim() {
    for (call, hint) in [("trees.repository", "bring its repository back"), ("trees.resolve", "another --base")] {
        let world = World::new();
        let (engine, task) = world.ready();
        world.trouble(call, When::Before, Then::Impossible);
        let fault = refused(&engine, task);
        assert_eq!(fault.kind, Kind::NotDispatched);
        assert!(fault.message.contains("preflight: as scripted: impossible"), "{}", fault.message);
        assert!(fault.hint.unwrap().contains(hint));
        let now = world.task(task);
        assert_eq!((now.status, now.cause, now.attempts), (Status::Failed, Some(Cause::Preflight), 0));
    }
}

#[test]
fn a_base_that_is_not_there_fails_the_task() {
    let world = World::new();
    let engine = world.engine();
    let draft = Draft { base: Some("nowhere".to_owned()), ..world.draft("Fix it") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    assert!(refused(&engine, task).message.contains("no commit is called \"nowhere\""));
    let draft = Draft { base: Some("main".to_owned()), ..world.draft("Fix it") };
    let task = tasks::add(&engine, &draft).unwrap().id;
    assert_eq!(dispatch(&engine, &Request::of(task)).unwrap().plan.base, super::world::BASE);
}

#[test]
fn programs_are_looked_for_before_the_claim() {
    let world = World::new();
    let (engine, task) = world.ready();
    let bin = world.root().join("bin");
    std::fs::set_permissions(bin.join("agent"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let fault = refused(&engine, task);
    assert!(fault.message.contains("agent \"agent\" is missing: \"agent\" is not an executable"), "{fault}");
    assert_eq!(world.task(task).status, Status::Failed);
    std::fs::remove_file(bin.join("agent")).unwrap();
    std::fs::create_dir(bin.join("agent")).unwrap();
    tasks::requeue(&engine, task).unwrap();
    assert!(refused(&engine, task).message.contains("is missing"), "a folder is no program");
    tasks::requeue(&engine, task).unwrap();
    std::fs::remove_file(bin.join("git")).unwrap();
    let fault = refused(&engine, task);
    assert!(fault.message.contains("git is not installed"), "{fault}");
    assert_eq!((fault.kind, world.task(task).status), (Kind::Failed, Status::Ready));
}

#[test]
fn a_program_by_path_is_looked_for_where_it_is_said_to_be() {
    let mut world = World::new();
    let agent = world.root().join("bin/agent").display().to_string();
    let missing = world.root().join("bin/missing").display().to_string();
    for (program, there) in [
        (agent.as_str(), true),
        (missing.as_str(), false),
        ("./later", true),
        ("tools/later", true),
        ("{prompt}", true),
    ] {
        world.settings.agents.get_mut("agent").unwrap().command[0] = program.to_owned();
        let (engine, task) = world.ready();
        assert_eq!(dispatch(&engine, &Request::of(task)).is_ok(), there, "{program}");
    }
}

#[test]
fn what_wraps_an_agent_is_looked_for_in_its_place() {
    let mut world = World::new();
    let profile = world.settings.agents.get_mut("agent").unwrap();
    profile.command[0] = "only-in-the-container".to_owned();
    profile.wrap = vec!["agent".to_owned(), "{worktree}".to_owned(), "--".to_owned()];
    let (engine, task) = world.ready();
    dispatch(&engine, &Request::of(task)).unwrap();
    world.settings.agents.get_mut("agent").unwrap().wrap[0] = "no-wrapper".to_owned();
    let (engine, task) = world.ready();
    let fault = refused(&engine, task);
    assert!(fault.message.contains("what wraps agent \"agent\" is missing: \"no-wrapper\""), "{fault}");
    assert!(fault.hint.unwrap().to_string().contains("agents.agent.wrap"));
}

#[test]
fn another_agent_can_be_asked_for_and_must_be_known() {
    let mut world = World::new();
    let other = world.settings.agents["agent"].clone();
    world.settings.agents.insert("other".to_owned(), other);
    let (engine, task) = world.ready();
    let unknown = Request { agent: Some("nobody".to_owned()), ..Request::of(task) };
    let fault = dispatch(&engine, &unknown).unwrap_err();
    assert!(fault.message.contains("agent \"nobody\" is not configured"), "{fault}");
    assert!(fault.hint.unwrap().ends_with("known: agent, other"));
    let known = Request { agent: Some("other".to_owned()), ..retry(task) };
    assert_eq!(dispatch(&engine, &known).unwrap().plan.agent, "other");
}

#[test]
fn who_has_the_task_is_said() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    let fault = refused(&engine, task);
    assert_eq!(fault.kind, Kind::Conflict);
    let me = engine.ports.processes.me().pid;
    let said = format!("task 1 is in progress already: attempt 1 by pid {me}, session ganger-1-fix-it");
    assert_eq!((fault.message, fault.hint.as_deref()), (said, Some("ganger attach 1")));

    let speaker = Speaker::Person { task };
    say(&engine, &speaker, &Word::Done).unwrap();
    let fault = refused(&engine, task);
    assert_eq!(fault.message, "task 1 is in review, and its agent still runs in session ganger-1-fix-it");
    assert_eq!(fault.hint.as_deref(), Some("ganger stop 1"));

    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    assert_eq!(refused(&engine, task).message, "task 1 is in review, not ready");
    review::approve(&engine, task).unwrap();
    assert_eq!(refused(&engine, task).message, "task 1 is done, not ready");

    let (engine, task) = world.ready();
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert_eq!(fault.message, "task 2 is ready, there is nothing to retry");
    let attempt = dispatch(&engine, &Request::of(task)).unwrap();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    let fault = refused(&engine, task);
    assert_eq!(fault.message, "task 2 has failed and was not dispatched");
    assert_eq!(fault.hint.as_deref(), Some("ganger retry 2"));
}

#[test]
fn a_task_that_is_not_there_is_said() {
    let world = World::new();
    let engine = world.engine();
    assert_eq!(refused(&engine, TaskId(7)).kind, Kind::NoSuchTask);
}

#[test]
fn of_two_dispatchers_one_wins_and_the_other_leaves_nothing() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("store.claim", move |world| drop(dispatch(&world.engine(), &Request::of(task)).unwrap()));
    let fault = refused(&engine, task);
    assert!(fault.message.contains("is in progress already"), "{fault}");
    assert_eq!((world.count("session"), world.task(task).attempts), (1, 1));
    let sagas = world.lock().inodes.keys().filter(|path| path.to_string_lossy().contains("saga")).count();
    assert_eq!(sagas, 0);
}

#[test]
fn a_task_that_was_edited_or_removed_meanwhile_is_planned_anew() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("store.claim", move |world| {
        let edit = crate::domain::task::Edit { prompt: Some("do that".to_owned()), ..Default::default() };
        tasks::edit(&world.engine(), task, &edit).unwrap();
    });
    assert_eq!(dispatch(&engine, &Request::of(task)).unwrap().plan.brief.prompt, "do that");

    let (engine, task) = world.ready();
    world.before("store.claim", move |world| drop(tasks::remove(&world.engine(), task, false, false).unwrap()));
    assert_eq!(refused(&engine, task).kind, Kind::NoSuchTask);
    let sagas = world.lock().inodes.keys().filter(|path| path.to_string_lossy().contains("saga")).count();
    assert_eq!(sagas, 0);
}

#[test]
fn a_task_that_keeps_changing_is_given_up_with_a_conflict() {
    fn change(world: &World, task: TaskId) {
        let edit = crate::domain::task::Edit { prompt: Some(world.now().wall.0.to_string()), ..Default::default() };
        world.seconds(1);
        tasks::edit(&world.engine(), task, &edit).unwrap();
        world.before("store.claim", move |world| change(world, task));
    }
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("store.claim", move |world| change(world, task));
    let fault = refused(&engine, task);
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "task 1 keeps changing under the claim"));
}

#[test]
fn a_claim_that_can_not_be_written_leaves_no_lock_file() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("store.claim", When::Before, Then::Fail);
    assert_eq!(refused(&engine, task).kind, Kind::Failed);
    let sagas = world.lock().inodes.keys().filter(|path| path.to_string_lossy().contains("saga")).count();
    assert_eq!((sagas, world.task(task).status), (0, Status::Ready));
    world.trouble("locks.exclusive", When::Before, Then::Fail);
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert!(fault.message.starts_with("taking the saga's lock "), "{fault}");
}

#[test]
fn a_task_waits_for_others() {
    let world = World::new();
    let (engine, first) = world.ready();
    let draft = Draft { after: vec![first], ..world.draft("Then that") };
    let second = tasks::add(&engine, &draft).unwrap().id;
    let fault = refused(&engine, second);
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "task 2 waits for 1"));
    assert_eq!(queue::ready(&engine, None).unwrap().iter().map(|task| task.id).collect::<Vec<_>>(), [first]);
}

#[test]
fn the_queue_is_by_priority_and_then_by_age_and_knows_who_has_to_wait() {
    let world = World::new();
    let engine = world.engine();
    for priority in [0, 2, 0, 2] {
        tasks::add(&engine, &Draft { priority, ..world.draft("x") }).unwrap();
    }
    let ids = |engine: &Engine| queue::ready(engine, None).unwrap().iter().map(|task| task.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&engine), [2, 4, 1, 3]);
    let attempt = dispatch(&engine, &Request::of(TaskId(4))).unwrap();
    world.kill_shim(&attempt.plan.id, false);
    crate::engine::upkeep::sweep(&engine).unwrap();
    let due = world.task(TaskId(4)).not_before.unwrap();
    assert_eq!(ids(&engine), [2, 1, 3], "it waits before it is tried again");
    world.lock().wall = due.0;
    assert_eq!(ids(&engine), [2, 4, 1, 3]);
    assert_eq!(queue::ready(&engine, Some(std::path::Path::new("/elsewhere"))).unwrap(), []);
}

#[test]
fn a_limit_holds_unless_a_person_overrules_it() {
    let mut world = World::new();
    world.settings.queue.max_running = 1;
    let (engine, _, _) = world.running();
    let (_, second) = world.ready();
    let fault = refused(&engine, second);
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.message.starts_with("1 task is in progress, the limit is 1 ("), "{fault}");
    assert_eq!(world.task(second).status, Status::Ready);
    dispatch(&engine, &Request { over_limit: true, ..Request::of(second) }).unwrap();
}

#[test]
fn a_usage_limit_holds_back_what_the_queue_starts_on_the_same_account() {
    let mut world = World::new();
    world.settings.queue.max_running = 1;
    let (engine, _, attempt) = world.running();
    let until = Timestamp(world.lock().wall + 7_200_000);
    let news = News { waits_until: Some(Some(until)), ..News::of(Source::Screen, Activity::Waiting) };
    engine.ports.store.hear(&attempt.plan.id, &news, &engine.stamp(Who::Shim)).unwrap();
    let (_, second) = world.ready();
    let queued = Request { explicit: false, ..Request::of(second) };
    let fault = dispatch(&engine, &queued).unwrap_err();
    assert_eq!((fault.kind, fault.full.map(|full| full.limit)), (Kind::Conflict, Some(Limit::Usage)));
    assert_eq!(fault.message, "the agent is at its usage limit, which ends in 2h");
    assert_eq!(world.task(second).status, Status::Ready);
    // Who asks for this very task may know better, and the one that waits for its account holds no slot.
    dispatch(&engine, &Request::of(second)).unwrap();
    let (_, third) = world.ready();
    let full = refused(&engine, third);
    assert!(full.message.starts_with("1 task is in progress, the limit is 1 ("), "{full}");
    world.lock().wall = until.0;
    assert!(refused(&engine, third).message.starts_with("2 tasks are in progress"), "it is over");
}

#[test]
fn agents_that_wait_or_are_idle_count_unless_they_are_not_to() {
    for (activity, counts) in [
        (Activity::Waiting, Counts { waiting: false, idle: true }),
        (Activity::Idle, Counts { waiting: true, idle: false }),
    ] {
        let mut world = World::new();
        world.settings.queue.max_running = 1;
        world.settings.queue.counts = counts;
        let (engine, task, attempt) = world.running();
        let (_, second) = world.ready();
        refused(&engine, second);
        let hear = |activity| {
            let news = News::of(Source::Agent, activity);
            engine.ports.store.hear(&attempt.plan.id, &news, &engine.stamp(Who::Shim)).unwrap();
        };
        let other = if activity == Activity::Idle { Activity::Waiting } else { Activity::Idle };
        hear(other);
        refused(&engine, second);
        hear(activity);
        let row = world.attempt(task);
        assert!(!counts.has(&row, world.engine().ports.clock.now().wall));
        assert!(Counts::default().has(&row, world.engine().ports.clock.now().wall));
        dispatch(&engine, &Request::of(second)).unwrap();
    }
}

#[test]
fn a_ghost_uses_no_capacity() {
    let mut world = World::new();
    world.settings.queue.max_running = 1;
    let (engine, first, attempt) = world.running();
    world.kill_shim(&attempt.plan.id, false);
    let (_, second) = world.ready();
    dispatch(&engine, &Request::of(second)).unwrap();
    assert_eq!((world.task(first).status, world.task(second).status), (Status::Ready, Status::InProgress));
}

#[test]
fn a_tree_that_somebody_stands_in_is_not_taken_over() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    let vim = world.spawn("vim").process;
    world.with(vim, |found| found.folder = Some(attempt.plan.worktree.clone()));
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.message.starts_with(&format!("pid {} (vim) works in ", vim.pid)), "{fault}");
    assert_eq!(fault.hint.as_deref(), Some("end it, or: ganger retry 1 --fresh"));
    world.trouble("processes.standing_in", When::Before, Then::Fail);
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert!(fault.message.contains("looking for processes in the worktree"), "{fault}");
    let fresh = dispatch(&engine, &Request { fresh: true, ..retry(task) }).unwrap();
    assert_eq!(fresh.plan.adopts, None);
    assert!(attempt.plan.worktree.exists(), "vim is still in it");
}

#[test]
fn a_tree_that_is_no_worktree_any_more_is_not_taken_over() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    world.lock().trees.get_mut(&attempt.plan.worktree).unwrap().whole = false;
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.message.contains("its worktree is not whole: it is damaged"), "{fault}");
    assert!(fault.hint.is_some_and(|hint| hint.contains("ganger retry 1 --fresh")));
    assert_eq!(world.task(task).status, Status::Failed);
    let second = dispatch(&engine, &Request { fresh: true, ..retry(task) }).unwrap();
    assert_eq!(second.plan.adopts, None);
    assert_ne!(second.plan.worktree, attempt.plan.worktree);
}

#[test]
fn a_tree_that_is_damaged_after_the_claim_is_handed_back() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    let path = attempt.plan.worktree.clone();
    world.before("trees.adopt", move |world| world.lock().trees.get_mut(&path).unwrap().whole = false);
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert!(fault.message.contains("its worktree is not whole: it is damaged"), "{fault}");
    let trees = world.board().trees(task).unwrap();
    assert_eq!((&trees[0].owner, trees[0].state), (&attempt.plan.id, TreeState::Present));
    assert!(attempt.plan.worktree.exists());
    assert_eq!(world.task(task).status, Status::Ready);
}

#[test]
fn a_tree_that_is_gone_after_the_claim_is_made_again_from_what_has_its_commits() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    let path = attempt.plan.worktree.clone();
    world.before("trees.adopt", move |world| {
        std::fs::remove_dir_all(&path).unwrap();
        world.lock().trees.clear();
    });
    let second = dispatch(&engine, &retry(task)).unwrap();
    assert_eq!((second.phase, second.plan.adopts), (Phase::Running, Some(attempt.plan.id)));
    assert_eq!(world.count("remake"), 1);
    let trees = world.board().trees(task).unwrap();
    assert_eq!((&trees[0].owner, trees[0].state), (&second.plan.id, TreeState::Present));
    assert_eq!(world.lock().trees[&second.plan.worktree].held_by, Some(second.plan.id));
}

#[test]
fn a_tree_that_is_gone_for_good_after_the_claim_is_recorded_and_only_a_fresh_attempt_makes_another() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    let path = attempt.plan.worktree.clone();
    world.before("trees.adopt", move |world| {
        std::fs::remove_dir_all(&path).unwrap();
        world.lock().trees.clear();
        world.lock().branches.remove(&attempt.plan.branch);
    });
    let fault = dispatch(&engine, &retry(task)).unwrap_err();
    assert!(fault.message.contains("its worktree is gone"), "{fault}");
    assert_eq!(world.board().trees(task).unwrap(), []);
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert!(fault.message.contains("nothing has its commits"), "nobody begins anew in silence: {fault}");
    let attempt = dispatch(&engine, &Request { fresh: true, ..Request::of(task) }).unwrap();
    assert_eq!((attempt.phase, attempt.plan.adopts), (Phase::Running, None));
}

#[test]
fn a_retry_that_fails_hands_the_tree_back() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 1, Evidence::Changed);
    world.lock().shim = Shim::Late;
    for (call, then) in [("trees.adopt", Then::Fail), ("mux.start", Then::Fail), ("store.spawning", Then::Panic)] {
        world.trouble(call, When::Before, then);
        let request = Request { from: vec![Status::Failed, Status::Ready], ..Request::of(task) };
        dispatch(&engine, &request).unwrap_err();
        let trees = world.board().trees(task).unwrap();
        assert_eq!((&trees[0].owner, trees[0].state), (&attempt.plan.id, TreeState::Present), "{call}");
        assert!(attempt.plan.worktree.exists() && world.count("remove") == 0, "{call}");
    }
}
