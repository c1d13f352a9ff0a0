//! Names: what a dispatch calls what it makes, and what it does when somebody has the name.

use super::world::{BASE, Then, When, World};
use crate::domain::attempt::Plan;
use crate::domain::completion::Evidence;
use crate::domain::state::Status;
use crate::engine::Kind;
use crate::engine::dispatch::{Request, dispatch};
use crate::ports::multiplexer::PaneSeen;

fn stem(plan: &Plan) -> &str {
    plan.worktree.file_name().unwrap().to_str().unwrap()
}

fn foreign(session: &str) -> PaneSeen {
    let session = session.to_owned();
    PaneSeen { id: "%9".to_owned(), pid: 1, dead: false, attached: 0, mark: None, argv: None, session, siblings: 1 }
}

fn branch(world: &World, name: &str) {
    world.lock().branches.insert(name.to_owned(), BASE.to_owned());
}

#[test]
fn a_branch_that_is_there_moves_branch_and_tree_and_not_the_session() {
    let world = World::new();
    branch(&world, "ganger/1-fix-it");
    let (_, _, attempt) = world.running();
    let plan = &attempt.plan;
    let suffix = plan.branch.strip_prefix("ganger/1-fix-it-").unwrap();
    assert_eq!(stem(plan), format!("1-fix-it-{suffix}"));
    assert_eq!(plan.session, "ganger-1-fix-it");
}

#[test]
fn a_folder_that_is_there_moves_branch_and_tree() {
    let world = World::new();
    let (engine, task) = world.ready();
    let path = world.settings.worktrees.folder(&world.repo()).join("1-fix-it");
    std::fs::create_dir_all(&path).unwrap();
    let plan = dispatch(&engine, &Request::of(task)).unwrap().plan;
    assert!(stem(&plan).starts_with("1-fix-it-") && plan.branch.starts_with("ganger/1-fix-it-"), "{plan:?}");
    assert!(path.exists());
}

#[test]
fn a_session_that_is_there_moves_the_session_alone() {
    let world = World::new();
    world.lock().panes.push(foreign("ganger-1-fix-it"));
    let (_, _, attempt) = world.running();
    assert!(attempt.plan.session.starts_with("ganger-1-fix-it-"), "{}", attempt.plan.session);
    assert_eq!((stem(&attempt.plan), attempt.plan.branch.as_str()), ("1-fix-it", "ganger/1-fix-it"));
}

#[test]
fn a_branch_called_like_the_folder_of_ours_makes_ours_flat() {
    let world = World::new();
    branch(&world, "ganger");
    let (_, _, attempt) = world.running();
    assert_eq!(attempt.plan.branch, "ganger-1-fix-it");
    assert_eq!(stem(&attempt.plan), "1-fix-it");
}

#[test]
fn a_flat_branch_that_is_there_gets_a_suffix() {
    let world = World::new();
    branch(&world, "ganger");
    branch(&world, "ganger-1-fix-it");
    let (_, _, attempt) = world.running();
    assert!(attempt.plan.branch.starts_with("ganger-1-fix-it-"), "{}", attempt.plan.branch);
}

#[test]
fn names_that_nobody_can_have_are_a_conflict() {
    let mut world = World::new();
    world.settings.worktrees.branch = "main".to_owned();
    let (engine, task) = world.ready();
    // The suffixes of the model are counted up from the processes' ids.
    for number in 0..200 {
        branch(&world, &format!("main-{number:04x}"));
    }
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert_eq!((fault.kind, fault.task), (Kind::Conflict, Some(task)));
    assert_eq!(fault.message, "no free name for branch, worktree and session");
}

#[test]
fn a_branch_that_is_taken_after_the_claim_renames_the_attempt_and_its_orders() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("trees.add", |world| branch(world, "ganger/1-fix-it"));
    let before = world.count("write");
    let plan = dispatch(&engine, &Request::of(task)).unwrap().plan;
    assert!(plan.branch.starts_with("ganger/1-fix-it-"), "{}", plan.branch);
    assert_eq!(plan.session, "ganger-1-fix-it");
    assert!(plan.worktree.exists());
    assert_eq!(world.lock().done[before].split(" in ").nth(1).unwrap().split(':').next(), plan.worktree.to_str());
    assert_eq!(world.lock().branches.get("ganger/1-fix-it").unwrap(), BASE, "theirs stays");
}

#[test]
fn a_name_that_is_taken_twice_is_undone() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("trees.add", When::Before, Then::Taken);
    world.trouble("trees.add", When::Before, Then::Taken);
    let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
    assert!(fault.message.contains("worktree: as scripted: taken"), "{}", fault.message);
    assert_eq!(world.task(task).status, Status::Ready);
}

#[test]
fn a_rename_that_can_not_be_written_is_undone() {
    for (call, step) in [("trees.add", "worktree: "), ("mux.start", "tmux session: ")] {
        let world = World::new();
        let (engine, task) = world.ready();
        world.trouble(call, When::Before, Then::Taken);
        world.trouble("store.amend", When::Before, Then::Fail);
        let fault = dispatch(&engine, &Request::of(task)).unwrap_err();
        assert!(fault.message.contains(&format!("{step}asking the store: as scripted")), "{}", fault.message);
        assert_eq!(world.task(task).status, Status::Ready);
        assert!(world.lock().trees.is_empty());
    }
}

#[test]
fn a_session_that_is_taken_after_the_claim_is_renamed() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.before("mux.start", |world| world.lock().panes.push(foreign("ganger-1-fix-it")));
    let plan = dispatch(&engine, &Request::of(task)).unwrap().plan;
    assert!(plan.session.starts_with("ganger-1-fix-it-"), "{}", plan.session);
    assert_eq!(plan.branch, "ganger/1-fix-it");
    assert_eq!(world.lock().panes.iter().filter(|pane| pane.session == plan.session).count(), 1);
}

#[test]
fn a_second_fresh_attempt_is_numbered() {
    let world = World::new();
    let (engine, task, first) = world.running();
    world.exit(&first.plan.id, 1, Evidence::Changed);
    let request = Request { from: vec![Status::Failed], fresh: true, ..Request::of(task) };
    let second = dispatch(&engine, &request).unwrap().plan;
    assert_eq!((stem(&second), second.branch.as_str()), ("1-fix-it-2", "ganger/1-fix-it-2"));
    assert_eq!((second.session.as_str(), second.number), ("ganger-1-fix-it-2", 2));
}

#[test]
fn a_retry_after_an_undone_attempt_has_the_plain_names() {
    let world = World::new();
    let (engine, task) = world.ready();
    world.trouble("trees.add", When::Before, Then::Fail);
    dispatch(&engine, &Request::of(task)).unwrap_err();
    let second = dispatch(&engine, &Request::of(task)).unwrap().plan;
    assert_eq!((stem(&second), second.branch.as_str()), ("1-fix-it", "ganger/1-fix-it"));
    assert_eq!(second.session, "ganger-1-fix-it-2");
}
