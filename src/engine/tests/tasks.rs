//! Adding, editing, archiving, removing: what is refused, and what is left.

use super::world::{Shim, Then, When, World};
use crate::domain::completion::Evidence;
use crate::domain::id::TaskId;
use crate::domain::state::{Cause, Status};
use crate::domain::task::{Draft, Edit};
use crate::engine::dispatch::{Request, dispatch};
use crate::engine::{Engine, Kind, tasks, trees};
use crate::ports::store::Store as _;

fn add(world: &World, engine: &Engine, after: &[i64]) -> TaskId {
    let after = after.iter().map(|id| TaskId(*id)).collect();
    tasks::add(engine, &Draft { after, ..world.draft("x") }).unwrap().id
}

#[test]
fn a_draft_that_can_not_be_is_refused_in_words() {
    let world = World::new();
    let engine = world.engine();
    let draft = || world.draft("x");
    let nul = || "a\0b".to_owned();
    for (draft, said) in [
        (Draft { title: " \t".to_owned(), ..draft() }, "a title can't be empty"),
        (Draft { title: nul(), ..draft() }, "a title can't contain a NUL character"),
        (Draft { prompt: nul(), ..draft() }, "a prompt can't contain a NUL character"),
        (Draft { agent: nul(), ..draft() }, "an agent can't contain a NUL character"),
        (Draft { verify: vec!["ok".to_owned(), " ".to_owned()], ..draft() }, "a --verify command can't be empty"),
        (Draft { verify: vec![nul()], ..draft() }, "a --verify command can't be empty or contain a NUL"),
        (Draft { base: Some("--upload-pack".to_owned()), ..draft() }, "is not a revision"),
        (Draft { base: Some(nul()), ..draft() }, "is not a revision"),
        (Draft { agent: "nobody".to_owned(), ..draft() }, "agent \"nobody\" is not configured"),
    ] {
        let fault = tasks::add(&engine, &draft).unwrap_err();
        assert_eq!(fault.kind, Kind::Usage);
        assert!(fault.message.replace("a agent", "an agent").contains(said), "{fault}");
    }
    let draft = Draft { after: vec![TaskId(9)], ..draft() };
    assert_eq!(tasks::add(&engine, &draft).unwrap_err().kind, Kind::NoSuchTask);
    assert_eq!(world.events(), 0);
}

#[test]
fn a_task_is_added_as_it_was_drafted() {
    let world = World::new();
    let engine = world.engine();
    let draft = Draft { base: Some("main".to_owned()), verify: vec!["make".to_owned()], ..world.draft("x") };
    let task = tasks::add(&engine, &draft).unwrap();
    assert_eq!((&task.draft, task.status, task.attempts), (&draft, Status::Ready, 0));
}

#[test]
fn an_edit_changes_what_it_names() {
    let world = World::new();
    let engine = world.engine();
    let (first, second) = (add(&world, &engine, &[]), add(&world, &engine, &[]));
    let edit = Edit {
        title: Some("y".to_owned()),
        after: Some(vec![first, first]),
        agent: Some("agent".to_owned()),
        ..Edit::default()
    };
    let task = tasks::edit(&engine, second, &edit).unwrap();
    assert_eq!((task.draft.title.as_str(), task.draft.after, task.draft.prompt.as_str()), ("y", vec![first], "do it"));
}

#[test]
fn an_edit_that_can_not_be_changes_nothing() {
    let world = World::new();
    let engine = world.engine();
    let (first, second, third) = (add(&world, &engine, &[]), add(&world, &engine, &[1]), add(&world, &engine, &[2]));
    for (task, edit, kind) in [
        (first, Edit { title: Some(String::new()), ..Edit::default() }, Kind::Usage),
        (first, Edit { agent: Some("nobody".to_owned()), ..Edit::default() }, Kind::Usage),
        (first, Edit { after: Some(vec![first]), ..Edit::default() }, Kind::Usage),
        (first, Edit { after: Some(vec![third]), ..Edit::default() }, Kind::Usage),
        (second, Edit { after: Some(vec![first, TaskId(9)]), ..Edit::default() }, Kind::NoSuchTask),
        (TaskId(9), Edit::default(), Kind::NoSuchTask),
    ] {
        let events = world.events();
        let fault = tasks::edit(&engine, task, &edit).unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert_eq!(world.events(), events);
    }
    let fault = tasks::edit(&engine, first, &Edit { after: Some(vec![third]), ..Edit::default() }).unwrap_err();
    assert_eq!(fault.message, "task 1 would wait for itself");
}

#[test]
fn a_removed_task_behind_others_holds_nobody_up() {
    let world = World::new();
    let engine = world.engine();
    let (first, second, third) = (add(&world, &engine, &[]), add(&world, &engine, &[1]), add(&world, &engine, &[]));
    tasks::remove(&engine, first, false, false).unwrap();
    let edit = Edit { after: Some(vec![second]), ..Edit::default() };
    assert_eq!(tasks::edit(&engine, third, &edit).unwrap().draft.after, [second]);
}

#[test]
fn tasks_that_wait_for_the_same_one_are_looked_at_once() {
    let world = World::new();
    let engine = world.engine();
    // Each waits for the two before it: without care the ways back are as many as the rabbits.
    let mut ids = vec![add(&world, &engine, &[]), add(&world, &engine, &[1])];
    for id in 3..=24 {
        ids.push(add(&world, &engine, &[id - 2, id - 1]));
    }
    let last = add(&world, &engine, &[]);
    let edit = Edit { after: Some(vec![TaskId(24)]), ..Edit::default() };
    assert_eq!(tasks::edit(&engine, last, &edit).unwrap().draft.after, [TaskId(24)]);
}

#[test]
fn a_profile_that_is_gone_is_no_reason_to_refuse_a_title() {
    let mut world = World::new();
    let task = add(&world, &world.engine(), &[]);
    world.settings.agents.clear();
    let engine = world.engine();
    let edit = Edit { title: Some("y".to_owned()), agent: Some("agent".to_owned()), ..Edit::default() };
    assert_eq!(tasks::edit(&engine, task, &edit).unwrap().draft.title, "y");
}

#[test]
fn a_live_attempt_keeps_its_wishes() {
    let world = World::new();
    let (engine, task, _) = world.running();
    let edit = Edit { title: Some("y".to_owned()), prompt: Some("z".to_owned()), priority: Some(3), ..Edit::default() };
    assert_eq!(tasks::edit(&engine, task, &edit).unwrap().draft.priority, 3);
    let edit = Edit { title: Some("w".to_owned()), verify: Some(vec!["make".to_owned()]), ..edit };
    let fault = tasks::edit(&engine, task, &edit).unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert_eq!(fault.message, "task 1 has a running agent: its verify can't change now");
    assert_eq!(world.task(task).draft.title, "y");
}

#[test]
fn an_archived_task_is_off_the_board_until_it_is_taken_back() {
    let world = World::new();
    let (engine, task) = world.ready();
    assert!(tasks::archive(&engine, task, false).unwrap().archived);
    let events = world.events();
    assert!(tasks::archive(&engine, task, false).unwrap().archived, "twice is fine");
    assert_eq!(world.events(), events);
    assert!(!tasks::unarchive(&engine, task).unwrap().archived);
    assert!(!tasks::unarchive(&engine, task).unwrap().archived);
    assert_eq!(tasks::unarchive(&engine, TaskId(9)).unwrap_err().kind, Kind::NoSuchTask);
}

#[test]
fn a_task_that_somebody_archives_at_the_same_moment_is_archived() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("store.amend", move |world| drop(tasks::archive(&world.engine(), task, false).unwrap()));
    assert!(tasks::archive(&engine, task, false).unwrap().archived);
}

#[test]
fn a_task_that_is_named_twice_is_waited_for_once() {
    let world = World::new();
    let (engine, first) = world.ready();
    let (_, second) = world.ready();
    let edit = Edit { after: Some(vec![first, first]), ..Edit::default() };
    assert_eq!(tasks::edit(&engine, second, &edit).unwrap().draft.after, [first]);
}

#[test]
fn a_running_task_is_archived_or_removed_only_if_its_agent_may_be_stopped() {
    for remove in [false, true] {
        let act = |engine: &Engine, task, stop| {
            if remove {
                tasks::remove(engine, task, stop, false).map(drop)
            } else {
                tasks::archive(engine, task, stop).map(drop)
            }
        };
        let world = World::new();
        let (engine, task, attempt) = world.running();
        let fault = act(&engine, task, false).unwrap_err();
        assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "task 1 has a running agent"));
        let verb = if remove { "rm" } else { "archive" };
        assert_eq!(fault.hint.as_deref(), Some(format!("ganger {verb} 1 --stop").as_str()));
        assert_eq!((world.count("Terminate"), world.agents(&attempt.plan.id).len()), (0, 1));
        act(&engine, task, true).unwrap();
        assert!(world.agents(&attempt.plan.id).is_empty() && world.lock().panes.is_empty());
        assert_eq!(world.board().task(task).unwrap().is_none(), remove);
    }
}

#[test]
fn archiving_closes_the_pane_and_stops_nothing_that_has_ended() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    assert!(tasks::archive(&engine, task, true).unwrap().archived);
    assert_eq!((world.lock().panes.len(), world.task(task).status), (0, Status::Review));
}

#[test]
fn a_task_that_is_dispatched_meanwhile_is_neither_archived_nor_removed() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("store.amend", move |world| drop(dispatch(&world.engine(), &Request::of(task)).unwrap()));
    let fault = tasks::archive(&engine, task, false).unwrap_err();
    assert_eq!(fault.hint.as_deref(), Some("ganger archive 1 --stop"));
    let (engine, task) = world.ready();
    world.before("store.amend", move |world| drop(dispatch(&world.engine(), &Request::of(task)).unwrap()));
    let fault = tasks::remove(&engine, task, false, false).unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (Kind::Conflict, "task 2 was dispatched meanwhile"));
    assert_eq!((world.task(task).archived, world.task(task).status), (false, Status::InProgress));
}

#[test]
fn a_removed_task_leaves_its_tree_parked() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    world.exit(&attempt.plan.id, 0, Evidence::Changed);
    let parked = tasks::remove(&engine, task, false, false).unwrap().parked;
    let there = world.trash().join(attempt.plan.id.as_str());
    assert_eq!(parked, std::slice::from_ref(&there));
    assert!(there.exists() && !attempt.plan.worktree.exists());
    assert_eq!(world.board().task(task).unwrap(), None);
    assert_eq!(tasks::remove(&engine, task, false, false).unwrap_err().kind, Kind::NoSuchTask);
}

#[test]
fn trees_that_are_parked_already_are_told_again() {
    let world = World::new();
    let (engine, task, first) = world.running();
    world.exit(&first.plan.id, 1, Evidence::Changed);
    let request = Request { from: vec![Status::Failed], fresh: true, ..Request::of(task) };
    let second = dispatch(&engine, &request).unwrap();
    let parked = tasks::remove(&engine, task, true, false).unwrap().parked;
    let trash = world.trash();
    assert_eq!(parked, [trash.join(first.plan.id.as_str()), trash.join(second.plan.id.as_str())]);
}

#[test]
fn a_removal_of_a_dispatch_under_way_undoes_it() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.lock().shim = Shim::Late;
    world.trouble("mux.start", When::After, Then::Die);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    assert_eq!(tasks::remove(&world.engine(), task, true, false).unwrap(), tasks::Removed::default());
    assert!(world.lock().trees.is_empty() && world.lock().panes.is_empty());
}

#[test]
fn a_note_is_for_the_next_attempt() {
    let world = World::new();
    let (engine, task) = world.ready();
    tasks::note(&engine, task, "mind the gap").unwrap();
    assert_eq!(world.task(task).note.as_deref(), Some("mind the gap"));
    let fault = tasks::note(&engine, task, "\0").unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::Usage, Some(task)));
    assert_eq!(world.task(task).note.as_deref(), Some("mind the gap"));
}

#[test]
fn only_a_failed_task_is_queued_again() {
    let world = World::new();
    let (engine, task, attempt) = world.running();
    assert_eq!(tasks::requeue(&engine, task).unwrap_err().kind, Kind::Conflict);
    world.exit(&attempt.plan.id, 3, Evidence::Changed);
    assert_eq!(world.task(task).cause, Some(Cause::Exit));
    let task = tasks::requeue(&engine, task).unwrap();
    assert_eq!((task.status, task.cause), (Status::Ready, None));
}

#[test]
fn the_work_of_a_task_is_in_its_newest_tree_wherever_that_is() {
    let world = World::new();
    let engine = world.engine();
    let task = tasks::add(&engine, &world.draft("Fix it")).unwrap().id;
    assert_eq!(trees::folder(&engine, task).unwrap_err().message, "task 1 has no worktree");
    let first = dispatch(&engine, &Request::of(task)).unwrap().plan;
    assert_eq!(trees::folder(&engine, task).unwrap(), first.worktree);
    world.exit(&first.id, 1, Evidence::Changed);
    // Git can't be asked: the folder is there all the same, and one that is not there is no answer.
    world.trouble("trees.whereabouts", When::Before, Then::Fail);
    assert_eq!(trees::folder(&engine, task).unwrap(), first.worktree);
    let aside = first.worktree.with_extension("aside");
    std::fs::rename(&first.worktree, &aside).unwrap();
    world.trouble("trees.whereabouts", When::Before, Then::Fail);
    let fault = trees::folder(&engine, task).unwrap_err();
    std::fs::rename(&aside, &first.worktree).unwrap();
    assert_eq!(
        (fault.kind, fault.message.as_str()),
        (Kind::Unknown, "task 1: its worktree can't be looked at: git: as scripted")
    );
    // An older one in the trash does not stand in for the newest that is gone.
    let again = Request { from: vec![Status::Failed], fresh: true, ..Request::of(task) };
    let second = dispatch(&engine, &again).unwrap().plan;
    assert_ne!(second.worktree, first.worktree);
    assert_eq!(trees::folder(&engine, task).unwrap(), second.worktree);
    world.lock().trees.remove(&second.worktree).unwrap();
    world.lock().branches.remove(&second.branch);
    let fault = trees::folder(&engine, task).unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.message.starts_with("task 1: its worktree is gone: "), "{fault}");
}
