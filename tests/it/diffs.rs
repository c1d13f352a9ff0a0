//! What the work on a task has changed, as a command.

use std::fs;

use serde_json::Value;

use crate::support::World;
use crate::support::pty::Pty;

const WORK: &str = "printf 'one\\ntwo\\n' > a; git add a; git commit -qm a; printf 'three\\n' >> a; \
                    printf 'x\\033[2J\\tred\\r\\n\\377\\n' > odd; printf 'a\\0b' > bin";

/// A task whose agent has committed something, and left something else.
fn worked(world: &World) -> (i64, String) {
    let id = world.dispatch(WORK);
    world.settled(id, "review");
    world.phase(id, "exited");
    (id, id.to_string())
}

#[test]
fn work_is_printed_in_parts_and_as_json() {
    let world = World::new();
    let (_, id) = worked(&world);
    assert_eq!(world.ok(&["diff", &id, "--name-only"]), "a\nbin\nodd\n");
    assert_eq!(world.ok(&["diff", &id, "--name-only", "--committed"]), "a\n");
    let stat = world.ok(&["diff", &id, "--stat"]);
    assert_eq!(stat, " a   | 3 +++\n bin | binary\n odd | 2 ++\n 3 files changed, +5 -0\n");
    assert!(world.ok(&["diff", &id, "--uncommitted"]).contains("\n one\n two\n+three\n"));
    let answer = world.ganger(&["diff", &id, "--json"]).json();
    let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
    let all =
        ["schema_version", "task", "attempt", "number", "repo", "branch", "base", "part", "added", "removed", "files"];
    assert!(all.iter().all(|key| keys.iter().any(|found| found == key)) && keys.len() == all.len(), "{keys:?}");
    assert_eq!((&answer["part"], &answer["added"], &answer["number"]), (&"whole".into(), &5.into(), &1.into()));
    let file = &answer["files"][1];
    assert_eq!((&file["path"], &file["binary"], &file["status"]), (&"bin".into(), &true.into(), &"added".into()));
    assert_eq!(
        (&file["old_path"], &file["old_mode"], &file["new_mode"]),
        (&Value::Null, &Value::Null, &"100644".into())
    );
}

/// What is printed for a program is what `git apply` takes.
#[test]
fn what_is_printed_can_be_applied() {
    let world = World::new();
    let (_, id) = worked(&world);
    fs::remove_file(format!("{}/bin", world.ok(&["path", &id]).trim())).unwrap();
    let pipe = format!("'{}' diff {id} | git apply -", env!("CARGO_BIN_EXE_ganger"));
    world.run("bash", &["-o", "pipefail", "-c", &pipe], &world.repo());
    assert_eq!(fs::read(world.repo().join("odd")).unwrap(), b"x\x1b[2J\tred\r\n\xff\n", "byte for byte");
    assert_eq!(fs::read(world.repo().join("a")).unwrap(), b"one\ntwo\nthree\n");
}

#[test]
fn where_there_is_no_work_it_says_so() {
    let world = World::new();
    let id = world.add("true").to_string();
    assert!(world.fails(4, &["diff", &id]).stderr.contains("was never dispatched"));
    world.fails(3, &["diff", "99"]);
    let (_, worked) = worked(&world);
    assert!(world.fails(4, &["diff", &worked, "--attempt", "7"]).stderr.contains("has 1 attempts, not 7"));
    world.fails(2, &["diff", &worked, "--committed", "--uncommitted"]);
}

/// The work of a task that was removed and brought back lies in the trash; of one whose worktree is gone, what it had
/// committed is left.
#[test]
fn work_is_found_in_the_trash_and_on_its_branch() {
    let world = World::new();
    let (_, id) = worked(&world);
    world.ok(&["rm", &id]);
    world.ok(&["undo"]);
    assert_eq!(world.ok(&["diff", &id, "--name-only"]), "a\nbin\nodd\n");
    let (_, other) = worked(&world);
    let path = world.ok(&["path", &other]);
    fs::remove_dir_all(path.trim()).unwrap();
    assert_eq!(world.ok(&["diff", &other, "--name-only"]), "a\n");
}

#[test]
fn a_terminal_and_its_pager_get_nothing_that_they_would_obey() {
    let mut world = World::new();
    let (_, id) = worked(&world);
    let seen = world.path("seen");
    world.set("GIT_PAGER", &format!("tee '{}'", seen.display()));
    let mut pty = Pty::running(&world, (120, 40), &[env!("CARGO_BIN_EXE_ganger"), "diff", &id]);
    pty.shows("x^[[2J");
    assert!(pty.child.wait().unwrap().success());
    let seen = fs::read_to_string(&seen).unwrap();
    assert!(seen.contains("x^[[2J\tred^M") && seen.contains("\u{fffd}"), "{seen:?}");
    assert!(seen.contains("\x1b[32m+three\x1b[m"), "in colours: {seen:?}");
}

#[test]
fn the_pager_is_the_users_in_gits_own_order() {
    let mut world = World::new();
    let (_, id) = worked(&world);
    let paged = |world: &World, expected: &str| {
        let mut pty = Pty::running(world, (120, 40), &[env!("CARGO_BIN_EXE_ganger"), "diff", &id, "--stat"]);
        pty.shows(expected);
        assert!(pty.child.wait().unwrap().success());
    };
    world.set("PAGER", "sed 's/^/third /'");
    paged(&world, "third  a   | 3 +++");
    world.run("git", &["config", "--global", "core.pager", "sed 's/^/second /'"], &world.repo());
    paged(&world, "second  a   | 3 +++");
    // An agent may have written the repository's own.
    world.git(&["config", "core.pager", "touch $WORLD/obeyed; cat"]);
    paged(&world, "second  a   | 3 +++");
    world.set("GIT_PAGER", "sed 's/^/first /'");
    paged(&world, "first  a   | 3 +++");
    world.set("GIT_PAGER", "cat");
    paged(&world, " a   | 3 +++");
    assert!(!world.path("obeyed").exists());
}

#[test]
fn what_has_changed_since_it_was_sent_back_is_told_apart() {
    let world = World::new();
    let id = world.dispatch("echo one > f; git add f; git commit -qm f; echo two > g");
    world.settled(id, "review");
    let refused = world.fails(4, &["diff", "1", "--since-review"]);
    assert!(refused.stderr.contains("before it was sent back is not known"), "{}", refused.stderr);
    world.ok(&["edit", "1", "--prompt", "echo three >> f"]);
    world.ok(&["bounce", "1", "--note", "more"]);
    world.settled(1, "review");
    let names = |args: &[&str]| {
        let mut all = vec!["diff", "1", "--name-only"];
        all.extend(args);
        world.ok(&all)
    };
    assert_eq!(names(&[]), "f\ng\n");
    assert_eq!(names(&["--since-review"]), "f\n");
    let whole = world.ok(&["diff", "1", "--since-review"]);
    assert!(whole.contains("+three") && !whole.contains("+one"), "{whole}");
    assert_eq!(world.git(&["stash", "list"]), "");
}

#[test]
fn a_file_that_git_was_told_to_forget_and_that_is_there_is_not_deleted() {
    let world = World::new();
    world.commit("kept.txt", "1\n2\n");
    world.commit("same.txt", "same\n");
    let id = world.dispatch("git rm -q --cached kept.txt same.txt; echo 3 >> kept.txt");
    world.settled(id, "review");
    assert_eq!(world.ok(&["diff", "1", "--name-only"]), "kept.txt\n");
    let whole = world.ok(&["diff", "1"]);
    assert!(whole.contains("+3") && !whole.contains("\n-1"), "{whole}");
}
