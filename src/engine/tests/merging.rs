//! Work comes home whole or not at all, and whoever is killed on the way is followed by somebody who finishes.

use super::world::{Then, When, World};
use crate::domain::attempt::Attempt;
use crate::domain::id::TaskId;
use crate::domain::merge::{Built, Contained};
use crate::domain::state::{Phase, Status, TreeState};
use crate::engine::dispatch::{self, dispatch};
use crate::engine::merge::{Request, approved, merge, preview};
use crate::engine::report::{Speaker, Word, say};
use crate::engine::{Engine, Kind, review, stop};
use crate::ports::store::Store as _;

const WORK: &str = "2222222222222222222222222222222222222222";

/// A task in review, with a commit of its own, whose agent lives.
fn reviewed(world: &World) -> (Engine, TaskId, Attempt) {
    let (engine, task, attempt) = world.running();
    say(&engine, &Speaker::Person { task }, &Word::Done).unwrap();
    committed(world, &attempt);
    (engine, task, attempt)
}

/// All of an attempt's work is in a commit.
fn committed(world: &World, attempt: &Attempt) {
    let mut inner = world.lock();
    inner.trees.get_mut(&attempt.plan.worktree).unwrap().work = false;
    inner.branches.insert(attempt.plan.branch.clone(), WORK.to_owned());
}

fn main_of(world: &World) -> String {
    world.lock().branches["main"].clone()
}

#[test]
fn a_merge_ends_the_agent_and_the_task_is_done() {
    let world = World::new();
    let (engine, task, attempt) = reviewed(&world);
    let seen = preview(&engine, &Request::of(task), &[]).unwrap();
    assert!(seen.ends_agent && seen.to != seen.target.tip);
    assert_eq!((world.task(task).status, world.count("move")), (Status::Review, 0), "a preview changes nothing");
    let merged = merge(&engine, &Request::of(task)).unwrap();
    assert_eq!((main_of(&world), merged.already), (merged.to.clone(), None));
    assert_eq!(world.task(task).status, Status::Done);
    assert_eq!(world.attempt(task).phase, Phase::Exited);
    let tree = world.board().trees(task).unwrap().pop().unwrap();
    assert_eq!((tree.state, tree.parked), (TreeState::Parked, merged.parked));
    assert_eq!(merged.deleted, Some(attempt.plan.branch));
    let timeline = world.board().timeline(Some(task), 0, 100).unwrap();
    assert!(timeline.iter().any(|record| record.sentence() == "merged into main"));
}

#[test]
fn a_second_merge_finds_that_there_is_nothing_to_do() {
    let world = World::new();
    let (engine, task, _) = reviewed(&world);
    let first = merge(&engine, &Request::of(task)).unwrap();
    let events = world.events();
    let second = merge(&engine, &Request::of(task)).unwrap();
    assert_eq!((second.already, second.to), (Some(Contained::Ancestor), first.to));
    assert_eq!((world.events(), world.count("move")), (events, 1));
    // Even where the trash was emptied.
    world.lock().trees.clear();
    std::fs::remove_dir_all(world.trash()).unwrap();
    let third = merge(&engine, &Request::of(task)).unwrap();
    assert_eq!((third.already, third.target.branch.as_str()), (Some(Contained::Ancestor), "main"));
}

#[test]
fn only_work_in_review_or_approved_is_merged() {
    let world = World::new();
    let (engine, task) = world.ready();
    let refused = |task, status: &str| {
        let fault = merge(&engine, &Request::of(task)).unwrap_err();
        assert_eq!(fault.kind, Kind::Conflict);
        assert_eq!(
            fault.message,
            format!("task {task}: it is {status}; only work in review, or approved, can be merged")
        );
        fault.hint.unwrap().to_string()
    };
    assert_eq!(refused(task, "ready"), "ganger dispatch 1");
    dispatch(&engine, &dispatch::Request::of(task)).unwrap();
    assert_eq!(refused(task, "in progress"), "ganger show 1");
    say(&engine, &Speaker::Person { task }, &Word::Fail("no".to_owned())).unwrap();
    assert_eq!(refused(task, "failed"), "ganger retry 1");
}

#[test]
fn approved_work_is_merged_as_well() {
    let world = World::new();
    let (engine, task, _) = reviewed(&world);
    review::approve(&engine, task).unwrap();
    assert_eq!(approved(&engine, &world.repo()).unwrap(), [task]);
    let merged = merge(&engine, &Request::of(task)).unwrap();
    assert_eq!(main_of(&world), merged.to);
    assert_eq!(approved(&engine, &world.repo()).unwrap(), []);
}

#[test]
fn what_is_refused_changes_nothing_and_says_what_to_do() {
    for (obstacle, hint) in [
        (Built::Conflicts(vec!["a.rs".to_owned()]), "ganger bounce 1 --note 'Your work conflicts with main"),
        (Built::Diverged, "ganger merge 1 --rebase"),
        (Built::Made { commit: "c".to_owned(), in_the_way: vec!["a.rs".to_owned()] }, "commit or stash them"),
        (Built::Hook { name: "commit-msg".to_owned(), said: "no".to_owned() }, "do what it asks for"),
        (Built::Unverified("`make`: exit status 2".to_owned()), "see "),
    ] {
        let world = World::new();
        let (engine, task, _) = reviewed(&world);
        let (before, events) = (main_of(&world), world.events());
        world.lock().obstacle = Some(obstacle.clone());
        for fault in [preview(&engine, &Request::of(task), &[]), merge(&engine, &Request::of(task))] {
            let fault = fault.unwrap_err();
            assert_eq!(fault.kind, Kind::Conflict, "{obstacle:?}");
            assert!(fault.hint.as_ref().unwrap().starts_with(hint), "{fault:?}");
        }
        assert_eq!((main_of(&world), world.events()), (before, events));
        // Who is refused goes on with its agent.
        assert_eq!(world.attempt(task).phase, Phase::Running);
    }
}

#[test]
fn uncommitted_work_is_refused_or_committed_first() {
    let world = World::new();
    let (engine, task, attempt) = reviewed(&world);
    world.lock().trees.get_mut(&attempt.plan.worktree).unwrap().work = true;
    let fault = merge(&engine, &Request::of(task)).unwrap_err();
    assert_eq!(fault.message, "task 1: its worktree has changes in no commit: work");
    assert_eq!(world.attempt(task).phase, Phase::Running);
    let all = Request { commit_all: true, ..Request::of(task) };
    assert_eq!(preview(&engine, &all, &[]).unwrap().uncommitted, ["work"]);
    assert_eq!(world.count("commit"), 0);
    let merged = merge(&engine, &all).unwrap();
    assert_eq!((merged.work, world.count("commit Fix it")), ("3".repeat(40), 1));
    assert_eq!(world.task(task).status, Status::Done);
}

#[test]
fn what_can_not_be_looked_at_is_not_merged() {
    let world = World::new();
    let (engine, task, _) = reviewed(&world);
    world.trouble("merges.uncommitted", When::Before, Then::Busy);
    let fault = merge(&engine, &Request::of(task)).unwrap_err();
    assert_eq!((fault.kind, world.count("move")), (Kind::Unknown, 0), "{fault}");
}

#[test]
fn g62_a_branch_that_moves_meanwhile_is_followed() {
    for call in ["merges.build", "merges.advance"] {
        let world = World::new();
        let (engine, task, _) = reviewed(&world);
        world.before(call, |world| drop(world.lock().branches.insert("main".to_owned(), "9".repeat(40))));
        let merged = merge(&engine, &Request::of(task)).unwrap();
        assert_eq!(merged.target.tip, "9".repeat(40), "{call}");
        assert_eq!((main_of(&world), world.count("move")), (merged.to, 1));
    }
}

#[test]
fn g62_work_that_goes_on_meanwhile_is_built_again() {
    let world = World::new();
    let (engine, task, attempt) = reviewed(&world);
    let branch = attempt.plan.branch;
    world.before("merges.build", move |world| drop(world.lock().branches.insert(branch, "7".repeat(40))));
    assert_eq!(merge(&engine, &Request::of(task)).unwrap().work, "7".repeat(40));
}

#[test]
fn g62_a_task_that_was_sent_back_meanwhile_is_not_merged() {
    let world = World::new();
    let (engine, task, _) = reviewed(&world);
    stop::stop(&engine, task).unwrap();
    world.before("merges.build", move |world| {
        let engine = world.engine();
        let from = vec![Status::Review];
        dispatch(&engine, &dispatch::Request { from, ..dispatch::Request::of(task) }).unwrap();
    });
    let fault = merge(&engine, &Request::of(task)).unwrap_err();
    assert!(fault.message.contains("it is in progress"), "{fault}");
    assert_eq!(world.count("move"), 0);
}

#[test]
fn verification_runs_on_the_result_where_it_is_asked_for() {
    let mut world = World::new();
    let (_, task, _) = reviewed(&world);
    world.settings.completion.verify = vec!["true".to_owned(), "false".to_owned()];
    world.settings.worktrees.setup = vec!["npm ci".to_owned()];
    let engine = world.engine();
    let verified = Request { verify: Some(true), ..Request::of(task) };
    let fault = merge(&engine, &verified).unwrap_err();
    assert!(fault.message.ends_with("the merged result was not verified: `false`: exit status 1"), "{fault}");
    assert_eq!((world.count("verify npm ci; true; false"), world.count("move")), (1, 0));
    merge(&engine, &Request::of(task)).unwrap();
    assert_eq!((world.count("verify"), world.count("move")), (1, 1));
}

#[test]
fn g60_killed_anywhere_a_second_merge_finishes() {
    let calls = [
        "merges.head",
        "merges.target",
        "merges.uncommitted",
        "merges.contained",
        "merges.build",
        "merges.advance",
        "merges.delete_branch",
        "trees.park",
        "trees.resolve",
    ];
    for call in calls {
        for when in [When::Before, When::After] {
            for then in [Then::Die, Then::Fail] {
                let world = World::new();
                let (_, task, _) = reviewed(&world);
                world.trouble(call, when, then);
                merge(&world.engine(), &Request::of(task)).ok();
                let merged = merge(&world.engine(), &Request::of(task)).unwrap();
                assert_eq!(world.count("move"), 1, "{call} {when:?} {then:?}");
                assert_eq!((world.task(task).status, main_of(&world)), (Status::Done, merged.to));
                let tree = world.board().trees(task).unwrap().pop().unwrap();
                assert_eq!(tree.state, TreeState::Parked, "{call} {when:?} {then:?}");
            }
        }
    }
}
