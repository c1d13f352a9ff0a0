//! A tree that is being removed is not taken over: who adopts and who removes wait for one another.

use std::fs;
use std::process::Child;

use nix::sys::signal::Signal;

use crate::support::{Ran, World, finish, signal, until};

/// A task whose dispatcher died before its agent ran, and a reconciler that has just decided to remove its tree and
/// is held there.
fn removing() -> (World, i64, Child) {
    let world = World::new();
    world.run("mkfifo", &["never", "go"], &world.path(""));
    let id = world.add(r#"git status --porcelain > "$WORLD/seen"; echo x >> "$WORLD/seen"; exec sleep 1000"#);
    world.wrap(
        "tmux",
        r#"case "$*" in *__agent*) echo x > "$WORLD/asked"; read -r _ < "$WORLD/never";; esac; real "$@""#,
    );
    let mut dispatcher = world.start(&["dispatch", &id.to_string()]);
    world.file("asked");
    signal(i64::from(dispatcher.id()), Signal::SIGKILL);
    dispatcher.wait().unwrap();
    world.unwrap("tmux");
    // Under the repository's lock, after the question whose the tree is: the list of the files to compare.
    world.wrap(
        "git",
        r#"case "$*" in *ls-tree*) [ -e "$WORLD/held" ] || { echo x > "$WORLD/held"; read -r _ < "$WORLD/go"; };; esac; real "$@""#,
    );
    let reconciler = world.start(&["--reconcile"]);
    world.file("held");
    (world, id, reconciler)
}

/// Lets the removal go on, to its end.
fn let_go(world: &World, reconciler: Child) -> Ran {
    fs::write(world.path("go"), "x\n").unwrap();
    finish(reconciler)
}

#[test]
fn a_tree_that_is_being_removed_is_not_adopted() {
    let (world, id, reconciler) = removing();
    let second = world.ganger(&["dispatch", &id.to_string()]);
    let ran = let_go(&world, reconciler);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(second.code, Some(5), "an agent was started in a tree that was then removed: {second:?}");
    assert!(second.stderr.contains("git busy"), "{second:?}");
    world.reconciled();
    assert_eq!(world.worktrees(), Vec::<String>::new());
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.file("seen"), "x\n", "the agent's tree is whole");
}

#[test]
fn a_tree_that_was_removed_just_after_the_claim_is_known_to_be_gone() {
    let (world, id, reconciler) = removing();
    let second = world.start(&["dispatch", &id.to_string()]);
    until("the second attempt waits for the removal", || {
        (world.task(id)["attempts"].as_array()?.len() == 2).then_some(())
    });
    let ran = let_go(&world, reconciler);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let second = finish(second);
    assert_eq!(second.code, Some(5), "{second:?}");
    world.reconciled();
    assert_eq!(world.status(id), "ready");
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.file("seen"), "x\n", "the agent's tree is whole");
}
