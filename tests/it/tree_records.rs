//! The fault catalogue: trees that are not where their record says, and records that follow.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{World, finish, pause, signal, until};

/// Work of every kind, and an end.
const WORK: &str = "echo committed > c.txt; git add c.txt; git commit -qm work; echo loose > u.txt; exit 3";

/// A task whose agent has worked and failed; where its tree is, and where it would be parked.
fn failed(world: &World) -> (i64, PathBuf, PathBuf) {
    let id = world.dispatch(WORK);
    world.settled(id, "failed");
    let attempt = world.phase(id, "exited")["attempt"].clone();
    let tree = PathBuf::from(attempt["worktree"].as_str().unwrap());
    until("nobody stands in it", || (!stood_in(&tree)).then_some(()));
    let trash = tree.ancestors().nth(2).unwrap().join(".trash").join(attempt["id"].as_str().unwrap());
    (id, tree, trash)
}

fn stood_in(tree: &Path) -> bool {
    let stands = |entry: fs::DirEntry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(tree));
    fs::read_dir("/proc").unwrap().flatten().any(stands)
}

/// The record of the tree that was made at `path`: its state, and where it is parked.
fn record(world: &World, path: &Path) -> (String, Option<String>) {
    let connection = rusqlite::Connection::open(world.database()).unwrap();
    let row =
        connection.query_row("SELECT state, parked FROM trees WHERE path = ?1", [path.to_str().unwrap()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
    row.unwrap()
}

/// The work is in exactly one place, and the record names that.
fn the_record_is_right(world: &World, tree: &Path, trash: &Path) {
    let whole = |at: &Path| fs::read_to_string(at.join("u.txt")).is_ok_and(|text| text == "loose\n");
    assert!(whole(tree) != whole(trash), "the work is in one place: {}", tree.display());
    let parked = || ("parked".to_owned(), Some(trash.to_str().unwrap().to_owned()));
    let wanted = if whole(tree) { ("present".to_owned(), None) } else { parked() };
    assert_eq!(record(world, tree), wanted);
    let at = if whole(tree) { tree } else { trash };
    assert_eq!(world.run("git", &["status", "--porcelain"], at), "?? u.txt");
    assert!(world.worktrees().contains(&at.to_str().unwrap().to_owned()), "and git knows it there");
}

fn violations(world: &World) -> Vec<Value> {
    world.ganger(&["doctor", "--json"]).json()["audit"]["violations"].as_array().unwrap().clone()
}

#[test]
fn g30_a_removal_that_is_killed_at_any_moment_is_known_to_the_next_reconcile() {
    let world = World::new();
    for round in 0..12 {
        let (id, tree, trash) = failed(&world);
        // Its attempt needs no other look: only the record of the tree is wrong.
        world.tmux(&["kill-session", "-t", &format!("={}", world.task(id)["attempt"]["session"].as_str().unwrap())]);
        world.ok(&["--reconcile"]);
        let mut remover = world.start(&["rm", &id.to_string()]);
        if round % 2 == 0 {
            until("it has moved the tree, or is through", || {
                (trash.exists() || remover.try_wait().unwrap().is_some()).then_some(())
            });
        } else {
            let started = std::time::Instant::now();
            while started.elapsed() < Duration::from_millis(10 * round) {
                pause();
            }
        }
        signal(i64::from(remover.id()), Signal::SIGKILL);
        remover.wait().unwrap();
        world.reconciled();
        the_record_is_right(&world, &tree, &trash);
        assert_eq!(world.ganger(&["reconcile", "--check"]).code, Some(0), "and there is nothing left to mend");
    }
}

#[test]
fn g30_of_a_removal_beside_a_retry_nothing_is_lost_and_nobody_begins_anew_in_silence() {
    let world = World::new();
    for round in 0..10 {
        let (id, tree, trash) = failed(&world);
        let remover = world.start(&["rm", &id.to_string()]);
        let started = std::time::Instant::now();
        while started.elapsed() < Duration::from_millis(8 * round) {
            pause();
        }
        let retry = world.start(&["retry", &id.to_string()]);
        let (removed, retried) = (finish(remover), finish(retry));
        world.reconciled();
        if removed.code == Some(0) {
            the_record_is_right(&world, &tree, &trash);
            assert_ne!(retried.code, Some(0), "{retried:?}");
            continue;
        }
        let task = until("nobody is at work on it", || {
            let task = world.task(id);
            matches!(task["attempt"]["phase"].as_str(), Some("exited" | "revoked")).then_some(task)
        });
        assert_eq!(removed.code, Some(4), "{removed:?}");
        for attempt in task["attempts"].as_array().unwrap() {
            assert_eq!(attempt["worktree"], tree.to_str().unwrap(), "nobody began anew: {retried:?}");
        }
        until("nobody stands in it", || (!stood_in(&tree)).then_some(()));
        the_record_is_right(&world, &tree, &trash);
    }
}

#[test]
fn g31_a_record_that_says_something_else_than_the_disk_is_mended_whatever_it_says() {
    let world = World::new();
    let (id, tree, trash) = failed(&world);
    let path = tree.to_str().unwrap();
    let say = |state: &str, parked: &str| {
        world.sql(&format!("UPDATE trees SET state = '{state}', parked = {parked} WHERE path = '{path}'"));
    };
    for (state, parked) in [("gone", "NULL"), ("parked", "'/nowhere/1'")] {
        say(state, parked);
        assert!(!violations(&world).is_empty(), "{state}: the auditor sees it");
        let ran = world.ok(&["--reconcile"]);
        assert!(ran.contains(&format!("task {id}: record: its worktree is at {path}")), "{state}: {ran}");
        the_record_is_right(&world, &tree, &trash);
        world.audited();
    }
    // The task is back, its worktree is not: the path is taken meanwhile.
    world.ok(&["rm", &id.to_string()]);
    fs::create_dir_all(tree.join("taken")).unwrap();
    world.ok(&["undo"]);
    fs::remove_dir_all(&tree).unwrap();
    for (state, parked) in [("gone", "NULL"), ("present", "NULL"), ("parked", "'/nowhere/1'")] {
        say(state, parked);
        assert!(!violations(&world).is_empty(), "{state}: the auditor sees it");
        world.reconciled();
        the_record_is_right(&world, &tree, &trash);
    }
    let refused = world.fails(4, &["retry", &id.to_string()]);
    assert!(refused.stderr.contains("in the trash") && refused.stderr.contains("--fresh"), "{refused:?}");
    world.ok(&["retry", &id.to_string(), "--fresh"]);
}

#[test]
fn g32_a_root_that_is_away_is_unknown_and_nothing_changes_until_it_is_back() {
    let world = World::new();
    let (id, tree, trash) = failed(&world);
    let root = tree.ancestors().nth(2).unwrap();
    let away = world.path("away");
    for empty in [false, true] {
        fs::rename(root, &away).unwrap();
        if empty {
            // What is seen of a volume that is not mounted.
            fs::create_dir(root).unwrap();
        }
        let task = world.task(id);
        let ran = world.fails(6, &["--reconcile"]);
        assert!(ran.stderr.contains("perhaps not mounted"), "{ran:?}");
        let refused = world.fails(4, &["retry", &id.to_string()]);
        assert!(refused.stderr.contains("perhaps not mounted"), "{refused:?}");
        assert_eq!(record(&world, &tree).0, "present");
        assert_eq!(world.task(id)["attempts"], task["attempts"], "nobody has begun anew");
        assert_eq!(violations(&world), Vec::<Value>::new());
        fs::remove_dir_all(root).ok();
        fs::rename(&away, root).unwrap();
        world.reconciled();
        the_record_is_right(&world, &tree, &trash);
    }
    world.ok(&["retry", &id.to_string()]);
    assert_eq!(world.settled(id, "failed")["attempt"]["worktree"], tree.to_str().unwrap());
}

#[test]
fn g33_a_living_agents_tree_is_locked_in_gits_own_way_until_the_attempt_is_over() {
    let world = World::new();
    let id = world.dispatch("echo x > w; git add w; git commit -qm w; echo x > \"$WORLD/ready\"; exec sleep 1000");
    world.file("ready");
    let tree = world.ok(&["path", &id.to_string()]).trim().to_owned();
    for command in [vec!["remove", &tree], vec!["remove", "--force", &tree], vec!["move", &tree, "elsewhere"]] {
        let command: Vec<&str> = ["worktree"].into_iter().chain(command).collect();
        assert!(!world.tries("git", &command), "{command:?}");
    }
    assert!(
        world
            .git(&["worktree", "list", "--porcelain"])
            .contains(&format!("locked ganger: an agent works here: task {id}"))
    );
    world.ok(&["stop", &id.to_string()]);
    assert!(!world.git(&["worktree", "list", "--porcelain"]).contains("locked"), "it is over");
    // Taken over, and its shim killed: the reconciler takes the lock off.
    world.ok(&["retry", &id.to_string()]);
    let task = until("the agent runs again", || {
        let task = world.task(id);
        task["attempt"]["shim_pid"].is_number().then_some(task)
    });
    assert!(world.git(&["worktree", "list", "--porcelain"]).contains("locked ganger: an agent works here"));
    signal(task["attempt"]["shim_pid"].as_i64().unwrap(), Signal::SIGKILL);
    world.settled_by_reconcile(id, "ready");
    assert!(!world.git(&["worktree", "list", "--porcelain"]).contains("locked"), "it is over");
    world.audited();
}

#[test]
fn g34_a_tree_that_is_gone_is_told_everywhere_and_is_no_success() {
    let world = World::new();
    let script = r#"echo x > w; git add w; git commit -qm w; echo x > "$WORLD/ready"; read -r _ < "$WORLD/go"
        "$GANGER_BIN" done 2> "$WORLD/refused"; exit 0"#;
    world.run("mkfifo", &["go"], &world.path(""));
    let id = world.dispatch(script);
    world.file("ready");
    let tree = world.ok(&["path", &id.to_string()]).trim().to_owned();
    fs::remove_dir_all(&tree).unwrap();
    let gone = format!("its worktree is gone: {tree}");
    assert!(world.ok(&["list"]).contains("its worktree is gone"));
    assert!(world.ok(&["show", &id.to_string()]).contains(&gone));
    assert_eq!(world.task(id)["tree"], "gone");
    let ran = world.fails(6, &["--reconcile"]);
    assert!(ran.stderr.contains(&gone), "{ran:?}");
    fs::write(world.path("go"), "x\n").unwrap();
    let task = world.settled(id, "failed");
    let reason = task["reason"].as_str().unwrap();
    assert!(reason.contains("can't be looked at") && reason.contains(&gone), "{reason}");
    assert_eq!(world.phase(id, "exited")["attempt"]["cause"], "no-output");
    assert!(fs::read_to_string(world.path("refused")).unwrap().contains(&gone), "its done was refused");
    // It is recorded once, and told on.
    assert!(world.ok(&["--reconcile"]).contains(&gone));
    assert!(world.ok(&["list"]).contains("its worktree is gone"));
    world.reconciled();
}

#[test]
fn a20_an_agent_that_exits_0_and_left_nothing_that_can_be_looked_at_has_failed() {
    let world = World::new();
    for (what, script) in [
        ("gone", r#"cd /; rm -rf "$GANGER_WORKTREE"; exit 0"#),
        ("moved", r#"git worktree unlock .; git worktree move . "$WORLD/else"; exit 0"#),
    ] {
        let id = world.dispatch(script);
        let task = world.settled(id, "failed");
        let reason = task["reason"].as_str().unwrap();
        assert!(reason.contains("can't be looked at") && reason.contains(what), "{what}: {reason}");
        assert_eq!(world.phase(id, "exited")["attempt"]["cause"], "no-output", "{what}");
        assert_eq!(world.task(id)["tree"], what);
    }
}

#[test]
fn g35_a_retry_goes_on_with_the_commits_of_its_branch_when_only_the_folder_is_gone() {
    let world = World::new();
    let script = r#"[ -e c.txt ] && echo yes > "$WORLD/saw"; echo c > c.txt; git add c.txt; git commit -qm c; exit 3"#;
    for (round, forget) in [false, true].into_iter().enumerate() {
        fs::remove_file(world.path("saw")).ok();
        let id = world.dispatch(script);
        let task = world.settled(id, "failed");
        world.phase(id, "exited");
        let tree = world.ok(&["path", &id.to_string()]).trim().to_owned();
        until("nobody stands in it", || (!stood_in(Path::new(&tree))).then_some(()));
        fs::remove_dir_all(&tree).unwrap();
        if forget {
            world.git(&["worktree", "prune", "--expire=now"]);
        }
        if round == 1 {
            // It makes no difference whether it has been recorded meanwhile.
            world.reconciled();
        }
        let ran = world.ganger(&["retry", &id.to_string()]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains("made again from branch") && ran.stderr.contains("not committed"), "{ran:?}");
        assert_eq!(world.file("saw"), "yes\n");
        let again = world.settled(id, "failed");
        assert_eq!(again["attempt"]["worktree"], task["attempt"]["worktree"]);
        assert_eq!(again["attempt"]["branch"], task["attempt"]["branch"]);
        world.reconciled();
    }
}

#[test]
fn g35_where_nothing_has_the_commits_a_retry_says_so_and_only_fresh_begins_anew() {
    let world = World::new();
    let (id, tree, _) = failed(&world);
    let branch = world.task(id)["attempt"]["branch"].as_str().unwrap().to_owned();
    fs::remove_dir_all(&tree).unwrap();
    world.git(&["worktree", "prune", "--expire=now"]);
    world.git(&["branch", "-D", &branch]);
    let refused = world.fails(4, &["retry", &id.to_string()]);
    assert!(refused.stderr.contains("nothing has its commits"), "{refused:?}");
    assert!(refused.stderr.contains(&format!("ganger retry {id} --fresh")), "{refused:?}");
    world.ok(&["retry", &id.to_string(), "--fresh"]);
    world.settled(id, "failed");
    world.reconciled();
}

#[test]
fn g36_a_branch_that_the_agent_renamed_left_or_deleted_is_where_head_says() {
    let world = World::new();
    let work = "echo 1 > w; git add w; git commit -qm w;";
    for (end, told) in [
        ("git branch -m better", "better (began as"),
        ("git checkout -qb another", "another (began as"),
        ("git checkout -q --detach", "none: HEAD is at"),
        ("b=$(git branch --show-current); git checkout -q --detach; git branch -qD $b", "none: HEAD is at"),
        ("git update-ref -d HEAD", "ganger/"),
    ] {
        let id = world.dispatch(&format!("{work} {end}"));
        let task = world.settled(id, "review");
        world.phase(id, "exited");
        world.reconciled();
        assert_eq!(world.ganger(&["doctor"]).code, Some(0), "{end}");
        let shown = world.ok(&["show", &id.to_string()]);
        let branch = shown.lines().find(|line| line.starts_with("  branch")).unwrap();
        assert!(branch.contains(told), "{end}: {branch}");
        if told.contains("began") || told.contains("HEAD") {
            assert_eq!(task["commits"].as_array().unwrap().len(), 1, "{end}");
        }
    }
}

#[test]
fn a21_what_is_left_of_an_agent_is_no_neighbour_of_the_next_one() {
    let world = World::new();
    // It stands elsewhere, and writes in the tree.
    let script = r#"echo $$ >> "$WORLD/agents"
        setsid sh -c 'cd /; echo $$ > "$WORLD/left"; while :; do echo x >> "$GANGER_WORKTREE/own"; read -r _ < "$WORLD/never"; done' &
        while [ ! -s "$WORLD/left" ]; do :; done; exit 3"#;
    world.run("mkfifo", &["never"], &world.path(""));
    let id = world.dispatch(script);
    world.settled(id, "failed");
    let task = until("what is left is recorded", || {
        let task = world.task(id);
        (task["attempt"]["leftovers"].as_array()?.len() == 1).then_some(task)
    });
    let left = world.file("left").trim().to_owned();
    assert_eq!(task["attempt"]["leftovers"][0], format!("{left} sh"));
    for command in [vec!["retry"], vec!["rm"]] {
        let command: Vec<&str> = command.into_iter().chain(["1"]).collect();
        let refused = world.fails(4, &command);
        assert!(refused.stderr.contains(&format!("pid {left} (sh) is left of an earlier attempt")), "{refused:?}");
        assert!(refused.stderr.contains("ganger stop 1 --leftovers"), "{refused:?}");
    }
    assert_eq!(world.task(id)["attempts"].as_array().unwrap().len(), 1, "nobody was started beside it");
    let ran = world.ok(&["stop", "1", "--leftovers"]);
    assert!(ran.contains("1 left-over process"), "{ran}");
    world.ok(&["edit", "1", "--prompt", "exit 4"]);
    world.ok(&["retry", "1"]);
    world.settled(id, "failed");
    world.reconciled();
}

#[test]
fn a21_what_hides_its_mark_is_known_by_its_identity() {
    let world = World::new();
    let script = r#"setsid sh -c 'echo $$ > "$WORLD/left"; cd /; exec cat "$WORLD/never"' & while [ ! -s "$WORLD/left" ]; do :; done; exit 3"#;
    world.run("mkfifo", &["never", "never2"], &world.path(""));
    let id = world.dispatch(&script.replace("exec cat", "read -r _ < \"$WORLD/never2\"; exec env -i cat"));
    world.settled(id, "failed");
    until("what is left is recorded", || (world.task(id)["attempt"]["leftovers"].as_array()?.len() == 1).then_some(()));
    let left = world.file("left").trim().to_owned();
    fs::write(world.path("never2"), "x\n").unwrap();
    until("it has become another program", || {
        (fs::read_to_string(format!("/proc/{left}/comm")).unwrap_or_default() == "cat\n").then_some(())
    });
    let refused = world.fails(4, &["retry", "1"]);
    assert!(refused.stderr.contains(&format!("pid {left} ")), "{refused:?}");
    world.ok(&["stop", "1", "--leftovers"]);
    assert!(!crate::support::runs(left.parse().unwrap()), "by its identity, too");
    world.ok(&["retry", "1"]);
}

#[test]
fn g38_a_tree_that_comes_back_without_gits_record_is_told_and_not_forgotten() {
    let world = World::new();
    let (id, tree, _) = failed(&world);
    let (name, away) = (id.to_string(), world.path("away"));
    fs::rename(&tree, &away).unwrap();
    world.run("git", &["worktree", "prune"], &world.path("repo"));
    world.ganger(&["--reconcile"]);
    fs::rename(&away, &tree).unwrap();
    let told = world.fails(6, &["reconcile"]);
    assert!(told.stderr.contains("its worktree is not whole"), "{told:?}");
    let ran = world.ganger(&["rm", &name]);
    assert!((ran.stdout + &ran.stderr).contains(tree.to_str().unwrap()), "what stays is named");
    assert_eq!(fs::read_to_string(tree.join("u.txt")).unwrap(), "loose\n");
}

#[test]
fn g38_a_tree_whose_record_was_pruned_is_told_by_reconcile() {
    let world = World::new();
    let (_, tree, _) = failed(&world);
    let record = fs::read_to_string(tree.join(".git")).unwrap();
    fs::remove_dir_all(record.trim().strip_prefix("gitdir: ").unwrap()).unwrap();
    let told = world.fails(6, &["reconcile"]);
    assert!(told.stderr.contains("its worktree is not whole"), "{told:?}");
    assert_eq!(world.ganger(&["reconcile", "--check"]).code, Some(6));
}

#[test]
fn g39_a_task_is_not_removed_while_its_worktree_can_not_be_looked_at() {
    let world = World::new();
    let (id, tree, trash) = failed(&world);
    let (name, root) = (id.to_string(), tree.ancestors().nth(2).unwrap().to_owned());
    let away = world.path("away");
    fs::rename(&root, &away).unwrap();
    let refused = world.fails(4, &["rm", &name]);
    assert!(refused.stderr.contains("can't be looked at") && refused.stderr.contains("--force"), "{refused:?}");
    fs::rename(&away, &root).unwrap();
    world.ok(&["rm", &name]);
    the_record_is_right(&world, &tree, &trash);
}
