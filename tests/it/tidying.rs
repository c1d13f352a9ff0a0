//! `ganger tidy`: what is done and merged is put away, and nothing else.

use std::fs;

use crate::support::{World, command};

/// A done task whose work is on its branch, and merged nowhere.
fn done(world: &World, file: &str) -> i64 {
    let id = world.dispatch(&format!("echo {file} > {file}; git add {file}; git commit -qm {file}"));
    world.settled(id, "review");
    world.phase(id, "exited");
    world.ok(&["approve", &id.to_string()]);
    id
}

#[test]
fn what_is_merged_anywhere_is_put_away_and_everything_else_is_kept_and_named() {
    let world = World::new();
    let merged = done(&world, "one");
    world.git(&["merge", "-q", "--no-edit", "ganger/1-a-task"]);
    let squashed = done(&world, "two");
    world.git(&["merge", "-q", "--squash", "ganger/2-a-task"]);
    world.git(&["commit", "-qm", "by hand"]);
    let unmerged = done(&world, "three");
    let dirty = done(&world, "four");
    world.git(&["merge", "-q", "--no-edit", "ganger/4-a-task"]);
    let tree = world.ok(&["path", &dirty.to_string()]);
    fs::write(format!("{}/more", tree.trim()), "x").unwrap();
    let reviewed = world.dispatch("echo y > y; git add y; git commit -qm y");
    world.settled(reviewed, "review");
    let before = (world.worktrees(), world.branches());
    let dry = world.ganger(&["tidy", "--dry-run", "--json"]).json();
    assert_eq!((world.worktrees(), world.branches()), before, "a dry run changes nothing");
    let ids = |list: &serde_json::Value| {
        list.as_array().unwrap().iter().map(|row| row["task"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&dry["tidied"]), ids(&dry["kept"])), (vec![merged, squashed], vec![unmerged, dirty]), "{dry}");
    let said = world.ok(&["tidy"]);
    assert!(said.contains("is kept: its work is not merged into main"), "{said}");
    assert!(said.contains("1 file is not committed"), "{said}");
    assert_eq!(world.branches(), ["ganger/3-a-task", "ganger/4-a-task", "ganger/5-a-task"]);
    assert_eq!(world.worktrees().len(), before.0.len(), "what is parked is a worktree still");
    assert_eq!(fs::read_to_string(format!("{}/more", tree.trim())).unwrap(), "x");
    // The second time there is nothing more to do, and what was put away can be had back.
    let again = world.ganger(&["tidy", "--json"]).json();
    assert_eq!((ids(&again["tidied"]), ids(&again["kept"])), (vec![], vec![unmerged, dirty]));
    world.ok(&["trash", "restore", "1"]);
    let back = world.ok(&["path", "1"]);
    assert_eq!(fs::read_to_string(format!("{}/one", back.trim())).unwrap(), "one\n");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    world.audited();
}

#[test]
fn a_worktree_that_is_in_use_is_kept() {
    let world = World::new();
    let id = done(&world, "one");
    world.git(&["merge", "-q", "--no-edit", "ganger/1-a-task"]);
    let tree = world.ok(&["path", &id.to_string()]);
    let mut shell = command("sleep").arg("1000").current_dir(tree.trim()).spawn().unwrap();
    let kept = world.ganger(&["tidy", "--json"]).json();
    assert!(kept["kept"][0]["why"].as_str().unwrap().contains("works in"), "{kept}");
    shell.kill().unwrap();
    shell.wait().unwrap();
    assert!(world.ok(&["tidy"]).contains("worktree parked in"));
    assert_eq!(world.ok(&["tidy"]), "there is nothing to tidy up\n");
}

#[test]
fn references_that_hold_nothing_else_go_and_such_as_do_stay() {
    let world = World::new();
    let id = world.dispatch("echo x > f; git add f; git commit -qm f");
    world.settled(id, "review");
    world.ok(&["edit", "1", "--prompt", "echo y >> f; git commit -qam g"]);
    world.ok(&["bounce", "1", "--note", "more"]);
    world.settled(1, "review");
    let references = || world.git(&["for-each-ref", "--format=%(refname)", "refs/ganger/review", "refs/ganger/rescue"]);
    assert_eq!(references(), "refs/ganger/review/1");
    world.ok(&["merge", "1"]);
    assert_eq!(references(), "", "all of it is merged");
    // What was in no commit is somebody's only copy one day.
    let id = world.dispatch("echo x > h; git add h; git commit -qm h; echo note > uncommitted");
    world.settled(id, "review");
    world.git(&["merge", "-q", world.task(2)["attempt"]["branch"].as_str().unwrap()]);
    world.ok(&["approve", "2"]);
    world.ok(&["rm", "2"]);
    assert!(references().contains("refs/ganger/rescue/2/"), "{}", references());
}
