//! The happy path, and each step of the saga made to fail.

use std::fs;

use crate::support::World;

#[test]
fn a_task_is_added_dispatched_and_reviewed() {
    let world = World::new();
    fs::write(world.repo().join("dirty.txt"), "mine").unwrap();
    let before = world.git(&["status", "--porcelain"]);
    let id = world.dispatch("echo new > b.txt && git add b.txt && git commit -qm work");
    let task = world.settled(id, "review");
    assert_eq!(task["reason"], "the agent finished");
    assert_eq!(task["commits"].as_array().unwrap().len(), 1);
    assert_eq!(task["attempt"]["session"], "ganger-1-a-task");
    assert_eq!(task["attempt"]["branch"], "ganger/1-a-task");
    assert_eq!(world.git(&["status", "--porcelain"]), before, "the user's checkout is untouched");
    assert!(!world.repo().join("b.txt").exists());
    let tree = task["attempt"]["worktree"].as_str().unwrap();
    assert_eq!(fs::read_to_string(format!("{tree}/b.txt")).unwrap(), "new\n");
}
