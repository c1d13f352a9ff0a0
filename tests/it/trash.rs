//! What was put away comes back as it was, or is deleted for good when the user says so.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::World;

/// A failed task whose worktree holds a commit, an uncommitted change, an untracked and an ignored file.
fn with_work(world: &World) -> (i64, PathBuf) {
    let id = world.dispatch(
        "echo one >committed; git add committed; git commit -qm one; echo two >>committed; echo new >untracked;
         echo kept >.git-ignored; echo .git-ignored >.gitignore; exit 1",
    );
    world.settled(id, "failed");
    let tree = PathBuf::from(world.task(id)["attempt"]["worktree"].as_str().unwrap());
    (id, tree)
}

fn assert_whole(world: &World, tree: &Path) {
    for (name, text) in [("committed", "one\ntwo\n"), ("untracked", "new\n"), (".git-ignored", "kept\n")] {
        assert_eq!(fs::read_to_string(tree.join(name)).unwrap(), text);
    }
    let status = world.run("git", &["status", "--porcelain"], tree);
    assert_eq!(status, " M committed\n?? .gitignore\n?? untracked");
}

fn parked(world: &World, args: &[&str]) -> Vec<serde_json::Value> {
    world.ok(&[&["trash", "--json"], args].concat()).parse::<serde_json::Value>().unwrap()["parked"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn a_removed_task_comes_back_with_its_worktree() {
    let world = World::new();
    let (id, tree) = with_work(&world);
    let name = id.to_string();
    assert_eq!(world.ok(&["trash", "list"]), "the trash is empty\n");
    world.ok(&["rm", &name]);
    let found = parked(&world, &["list"]);
    assert_eq!((found[0]["task"].as_i64(), found[0]["removed"].as_bool()), (Some(id), Some(true)), "{found:?}");
    assert!(found[0]["bytes"].as_u64().unwrap() > 0 && found[0]["parked_at"].is_string(), "{found:?}");
    assert!(!tree.exists());
    let said = world.ok(&["trash", "restore", &name]);
    assert!(said.contains("on the board again") && said.contains(tree.to_str().unwrap()), "{said}");
    assert_whole(&world, &tree);
    assert_eq!(world.task(id)["status"], "failed");
    assert_eq!(parked(&world, &["list"]).len(), 0);
    let ran = world.fails(4, &["trash", "restore", &name]);
    assert!(ran.stderr.contains("nothing of it is in the trash"), "{ran:?}");
    world.fails(3, &["trash", "restore", "99"]);
    world.audited();
}

#[test]
fn an_undone_removal_has_its_worktree_again_and_a_retry_goes_on_in_it() {
    let world = World::new();
    let (id, tree) = with_work(&world);
    world.ok(&["rm", &id.to_string()]);
    let said = world.ok(&["undo"]);
    assert!(said.contains(&format!("its worktree is back at {}", tree.display())), "{said}");
    assert_whole(&world, &tree);
    world.ok(&["retry", &id.to_string()]);
    assert_eq!(world.task(id)["attempt"]["worktree"].as_str(), tree.to_str());
    world.audited();
}

#[test]
fn what_a_merge_has_put_away_stays_there_when_a_later_removal_is_undone() {
    let world = World::new();
    let id = world.dispatch("echo one >file; git add file; git commit -qm one");
    world.settled(id, "review");
    let name = id.to_string();
    world.ok(&["merge", &name]);
    world.ok(&["rm", &name]);
    let said = world.ok(&["undo"]);
    assert!(said.contains("its worktree stays parked at"), "{said}");
    assert_eq!(parked(&world, &["show", &name]).len(), 1);
    world.ok(&["trash", "restore", &name]);
    world.audited();
}

#[test]
fn an_earlier_worktree_is_given_back_by_its_number_and_one_that_is_taken_stays() {
    let world = World::new();
    let (id, tree) = with_work(&world);
    let name = id.to_string();
    world.ok(&["retry", &name, "--fresh"]);
    world.settled(id, "failed");
    let ran = world.fails(4, &["trash", "restore", &name]);
    assert!(ran.stderr.contains("--attempt 1"), "{ran:?}");
    fs::create_dir_all(tree.join("mine")).unwrap();
    let ran = world.fails(1, &["trash", "restore", &name, "--attempt", "1"]);
    assert!(ran.stderr.contains("is taken"), "{ran:?}");
    fs::remove_dir_all(&tree).unwrap();
    world.ok(&["trash", "restore", &name, "--attempt", "1"]);
    assert_whole(&world, &tree);
    world.audited();
}

#[test]
fn only_what_is_named_is_deleted_for_good_and_its_branch_stays() {
    let world = World::new();
    let (first, _) = with_work(&world);
    let (second, _) = with_work(&world);
    let branch = world.task(first)["attempt"]["branch"].as_str().unwrap().to_owned();
    let before = world.run("git", &["worktree", "list"], &world.repo()).lines().count();
    for id in [first, second] {
        world.ok(&["rm", &id.to_string()]);
    }
    let ran = world.fails(2, &["trash", "empty"]);
    assert!(ran.stderr.contains("2 worktrees would be deleted") && ran.stderr.contains("--dry-run"), "{ran:?}");
    assert_eq!(world.ok(&["trash", "empty", "--older-than", "1h", "--yes"]), "nothing in the trash is to be deleted\n");
    assert!(world.ok(&["trash", "empty", "--dry-run"]).lines().count() >= 2);
    let at = PathBuf::from(parked(&world, &["show", &first.to_string()])[0]["parked"].as_str().unwrap());
    // Also where its folders are read-only.
    fs::create_dir(at.join("closed")).unwrap();
    fs::write(at.join("closed/file"), "x").unwrap();
    fs::set_permissions(at.join("closed"), std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    let said = world.ok(&["trash", "empty", &first.to_string(), "--yes"]);
    assert!(said.contains(&branch), "{said}");
    assert!(!at.exists());
    let left = parked(&world, &["list"]);
    assert_eq!(left.iter().map(|parked| parked["task"].as_i64()).collect::<Vec<_>>(), [Some(second)]);
    assert_eq!(world.run("git", &["worktree", "list"], &world.repo()).lines().count(), before - 1);
    assert!(world.run("git", &["log", "--format=%s", "-1", &branch], &world.repo()).contains("one"));
    world.audited();
    world.ok(&["trash", "restore", &second.to_string()]);
}

#[test]
fn what_is_due_is_a_matter_of_size_and_of_the_settings() {
    let world = World::new();
    for script in ["echo x > small", "head -c 3000000 /dev/zero > large"] {
        let id = world.dispatch(script);
        world.settled(id, "review");
        world.ok(&["rm", &id.to_string()]);
    }
    let due = |args: &[&str]| {
        let all = [&["trash", "empty", "--dry-run", "--json"][..], args].concat();
        let ran = world.ganger(&all);
        let found = ran.json()["parked"].clone();
        assert!(found.is_array(), "{ran:?}");
        found.as_array().unwrap().iter().map(|parked| parked["task"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(due(&[]), [1, 2]);
    assert_eq!(due(&["--larger-than", "2M"]), [2]);
    assert!(due(&["--larger-than", "2M", "--older-than", "1h"]).is_empty());
    let refused = world.fails(2, &["trash", "empty", "--larger-than", "big"]);
    assert!(refused.stderr.contains("is not a size") && refused.stderr.contains("500M"), "{}", refused.stderr);
    world.configure("[trash]\nlarger_than = \"2M\"\n");
    assert_eq!(due(&[]), [2], "the settings' own rule");
    assert_eq!(due(&["--larger-than", "0"]), [1, 2], "who says something gets that");
    let tidied = world.ganger(&["tidy"]);
    let said = "1 worktree in the trash is due by your [trash] settings";
    assert!(tidied.stderr.contains(said) && tidied.stderr.contains("ganger trash empty"), "{tidied:?}");
    assert_eq!(due(&[]), [2], "and nothing is deleted by that");
    world.ok(&["trash", "empty", "--yes"]);
    assert_eq!(due(&["--larger-than", "0"]), [1]);
    world.configure("[trash]\nlarger_than = \"big\"\n");
    assert!(world.fails(2, &["list"]).stderr.contains("a size like"));
}
