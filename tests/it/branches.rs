//! Work on a branch that is there: it is the user's, whatever becomes of the task.

use crate::support::World;

/// A world with a branch `fix/login` beside `main`, one commit ahead.
fn world() -> World {
    let world = World::new();
    world.git(&["switch", "-q", "-c", "fix/login"]);
    world.commit("begun.txt", "begun");
    world.git(&["switch", "-q", "main"]);
    world
}

const WORK: &str = "echo x >> f; git add f; git commit -qm work";

#[test]
fn a_branch_that_is_there_is_worked_on_and_stays_whatever_becomes_of_the_task() {
    let world = world();
    let before = world.git(&["rev-parse", "fix/login"]);
    world.ok(&["add", "Go on", "--branch", "fix/login", "--prompt", WORK]);
    assert_eq!(world.task(1)["branch"], "fix/login");
    world.ok(&["dispatch", "1"]);
    let task = world.settled(1, "review");
    assert_eq!(task["attempt"]["branch"], "fix/login");
    assert_eq!(task["commits"].as_array().unwrap().len(), 1, "what was there is none of its work");
    assert_eq!(world.git(&["rev-parse", "fix/login^"]), before, "it goes on from where it was");
    // Not done yet, so another one can't have it.
    world.ok(&["add", "Me too", "--branch", "fix/login", "--prompt", &format!("{WORK}; exit 1")]);
    let refused = world.fails(5, &["dispatch", "2"]);
    assert!(refused.stderr.contains("branch fix/login is checked out at"), "{}", refused.stderr);
    assert_eq!(world.status(2), "failed");
    world.ok(&["merge", "1"]);
    assert_eq!(world.status(1), "done");
    assert!(world.branches().contains(&"fix/login".to_owned()), "{:?}", world.branches());
    world.ok(&["tidy"]);
    assert!(world.branches().contains(&"fix/login".to_owned()));
    // What is in the trash is in nobody's way.
    world.ok(&["retry", "2"]);
    world.settled(2, "failed");
    let worked = world.git(&["rev-parse", "fix/login"]);
    world.ok(&["retry", "2", "--fresh"]);
    world.settled(2, "failed");
    assert_eq!(world.git(&["rev-parse", "fix/login^"]), worked, "a fresh tree, and no commit is lost");
    world.ok(&["rm", "2"]);
    assert!(world.branches().contains(&"fix/login".to_owned()));
    world.ok(&["undo"]);
    world.audited();
}

#[test]
fn a_dispatch_that_fails_leaves_the_branch_as_it_was() {
    let world = world();
    let before = world.git(&["rev-parse", "fix/login"]);
    world.configure("[worktrees]\nsetup = [\"exit 3\"]\n");
    world.ok(&["add", "t", "--branch", "fix/login", "--prompt", WORK]);
    world.ganger(&["dispatch", "1"]);
    world.settled(1, "failed");
    assert_eq!(world.git(&["rev-parse", "fix/login"]), before);
    world.ok(&["rm", "1"]);
    assert!(world.branches().contains(&"fix/login".to_owned()));
}

#[test]
fn what_can_not_be_worked_on_is_refused_with_a_way_out() {
    let world = world();
    let refused = world.fails(2, &["add", "t", "--branch", "no-such"]);
    assert!(refused.stderr.contains("there is no branch \"no-such\"") && refused.stderr.contains("git branch"));
    world.fails(2, &["add", "t", "--branch", "fix/login", "--base", "main"]);
    world.ok(&["add", "t", "--base", "main", "--prompt", WORK]);
    let refused = world.fails(2, &["edit", "1", "--branch", "fix/login"]);
    assert!(refused.stderr.contains("no --base of its own"), "{}", refused.stderr);
    world.ok(&["edit", "1", "--no-base"]);
    world.ok(&["edit", "1", "--branch", "fix/login"]);
    world.git(&["branch", "-D", "fix/login"]);
    let refused = world.fails(5, &["dispatch", "1"]);
    assert!(refused.stderr.contains("fix/login") && refused.stderr.contains("--no-branch"), "{}", refused.stderr);
    world.ok(&["edit", "1", "--no-branch"]);
    world.ok(&["retry", "1"]);
    world.settled(1, "review");
    // The user's own checkout is never shared.
    world.ok(&["add", "t", "--branch", "main", "--prompt", WORK]);
    let refused = world.fails(5, &["dispatch", "2"]);
    assert!(refused.stderr.contains("branch main is checked out at"), "{}", refused.stderr);
}
