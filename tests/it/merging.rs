//! Reviewed work comes home: whole or not at all, and nothing else of the user's changes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::catalogue_disk::{SMALL, fill, free};
use crate::review::told;
use crate::support::namespace::inside;
use crate::support::results::size;
use crate::support::{World, until};

/// A task in review whose agent has committed a file, and is gone.
fn committed(world: &World, file: &str, text: &str) -> i64 {
    let id = world.dispatch(&format!("printf '%s\\n' '{text}' > {file}; git add {file}; git commit -qm '{file}'"));
    world.settled(id, "review");
    world.phase(id, "exited");
    id
}

/// What is the user's: every reference but the branch, the checkout as git sees it, the stash, and what is not in git.
fn users(world: &World) -> String {
    let refs = world.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    let kept = |line: &&str| !line.starts_with("refs/heads/main ") && !line.contains("/ganger/");
    let refs: Vec<&str> = refs.lines().filter(kept).collect();
    let config = fs::read_to_string(world.repo().join(".git/config")).unwrap();
    let head = fs::read_to_string(world.repo().join(".git/HEAD")).unwrap();
    let folders = fs::read_dir(world.path("state/ganger/views")).into_iter().flatten().flatten();
    let benches: Vec<_> =
        folders.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().starts_with("merge-")).collect();
    assert!(benches.is_empty(), "{benches:?}");
    format!("{refs:?} {config} {head} {} {}", world.git(&["status", "--porcelain"]), world.git(&["stash", "list"]))
}

fn read(world: &World, file: &str) -> String {
    fs::read_to_string(world.repo().join(file)).unwrap()
}

#[test]
fn work_comes_home_and_everything_is_put_away() {
    let world = World::new();
    let id = committed(&world, "work.txt", "work");
    let name = id.to_string();
    world.commit("b.txt", "b\n");
    fs::write(world.repo().join("a.txt"), "mine\n").unwrap();
    fs::write(world.repo().join("untracked"), "mine\n").unwrap();
    let (before, refs) = (users(&world), world.git(&["for-each-ref"]));
    let said = world.ok(&["merge", &name, "--dry-run"]);
    assert!(said.starts_with("task 1 would be merged into main (merge): 1 commit of ganger/1-a-task\n"), "{said}");
    assert!(said.contains("its checkout follows: "), "{said}");
    assert_eq!((users(&world), world.git(&["for-each-ref"])), (before.clone(), refs), "a preview changes nothing");
    let dry = world.ganger(&["merge", &name, "--dry-run", "--json"]).json();
    let ran = world.ganger(&["merge", &name, "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let merge = &ran.json()["merges"][0];
    assert_eq!((&merge["into"], &merge["method"], &merge["commits"]), (&"main".into(), &"merge".into(), &1.into()));
    assert_eq!((&merge["already"], &merge["deleted"]), (&Value::Null, &"ganger/1-a-task".into()));
    assert_eq!((&dry["dry_run"], &dry["merges"][0]["from"]), (&true.into(), &merge["from"]));
    assert_eq!(merge["to"], world.git(&["rev-parse", "HEAD"]).as_str());
    assert_eq!(ran.json()["tasks"][0]["status"], "done");
    assert_eq!(users(&world), before);
    assert_eq!((read(&world, "work.txt").as_str(), read(&world, "a.txt").as_str()), ("work\n", "mine\n"));
    let shape = world.git(&["log", "-1", "--format=%an %s|%P"]);
    assert!(shape.starts_with("t Merge branch 'ganger/1-a-task'|"), "{shape}");
    assert_eq!(shape.split('|').nth(1).unwrap().split(' ').count(), 2);
    assert!(Path::new(merge["parked"].as_str().unwrap()).join("work.txt").exists());
    assert!(!world.branches().iter().any(|branch| branch.starts_with("ganger/")));
    assert!(told(&world, id).contains(&"merged".to_owned()));
    until("its session is gone", || {
        world.ok(&["--reconcile"]);
        world.sessions().is_empty().then_some(())
    });
    let said = world.ok(&["merge", &name]);
    assert!(said.starts_with("task 1 is merged into main already: "), "{said}");
    assert_eq!(world.ok(&["undo"]), "task 1 is no longer approved, in review again; what was merged stays merged\n");
    world.audited();
}

#[test]
fn a_task_that_is_not_reviewed_is_refused_with_the_reason() {
    let world = World::new();
    let id = world.add("true").to_string();
    let ran = world.fails(4, &["merge", &id]);
    assert!(ran.stderr.contains("task 1: it is ready; only work in review, or approved, can be merged"), "{ran:?}");
    world.fails(3, &["merge", "7"]);
    world.fails(2, &["merge", &id, "--squash", "--rebase"]);
    world.fails(2, &["merge"]);
}

#[test]
fn several_come_home_in_order_and_stop_at_the_first_that_does_not_go() {
    let world = World::new();
    let ids: Vec<String> = [("a.txt", "one of one"), ("b.txt", "b"), ("a.txt", "one of three"), ("c.txt", "c")]
        .iter()
        .map(|(file, text)| committed(&world, file, text).to_string())
        .collect();
    for id in &ids {
        world.ok(&["approve", id]);
    }
    let dry = world.ganger(&["merge", "--all-approved", "--squash", "--dry-run", "--json"]);
    assert_eq!((dry.code, dry.json()["merges"].as_array().unwrap().len()), (Some(4), 2), "{dry:?}");
    let ran = world.ganger(&["merge", "--all-approved", "--squash", "--json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let (merges, error) = (&ran.json()["merges"], &ran.json()["errors"][0]);
    assert_eq!((&merges[0]["task"], &merges[1]["task"], &merges[2]), (&1.into(), &2.into(), &Value::Null));
    assert_eq!(merges[0]["to"], merges[1]["from"], "each onto the result of the last");
    assert_eq!((&error["task"], &error["message"]), (&3.into(), &"task 3: it conflicts with main in a.txt".into()));
    assert!(error["hint"].as_str().unwrap().starts_with("ganger bounce 3 --note 'Your work conflicts with main"));
    assert_eq!(world.git(&["log", "--format=%s"]), "a task\na task\na.txt");
    // After it nothing was touched.
    assert!(!world.repo().join("c.txt").exists() && world.branches().contains(&"ganger/4-a-task".to_owned()));
    world.ok(&["rm", &ids[2]]);
    assert!(world.ok(&["merge", "--all-approved"]).starts_with("task 4 is merged into main"));
    assert!(world.ganger(&["merge", "--all-approved"]).stderr.contains("nothing to merge"));
    world.audited();
}

#[test]
fn a_living_agent_is_ended_and_what_it_left_uncommitted_comes_along_on_request() {
    let world = World::new();
    let id = world.dispatch("echo work > work.txt; \"$GANGER_BIN\" done; while :; do sleep 0.05; done");
    world.settled(id, "review");
    let name = id.to_string();
    let ran = world.fails(4, &["merge", &name]);
    assert!(ran.stderr.contains("changes in no commit: work.txt") && ran.stderr.contains("--commit-all"), "{ran:?}");
    assert_eq!(world.task(id)["attempt"]["live"], true, "who is refused goes on");
    world.ok(&["merge", &name, "--commit-all", "--keep"]);
    assert_eq!((read(&world, "work.txt").as_str(), world.status(id).as_str()), ("work\n", "done"));
    assert_eq!(world.task(id)["attempt"]["live"], false);
    assert_eq!(world.git(&["log", "-1", "--format=%s%n%b"]), "a task\nTask 1");
    assert!(Path::new(world.ok(&["path", &name]).trim()).join("work.txt").exists());
    assert!(world.branches().contains(&"ganger/1-a-task".to_owned()));
    world.audited();
}

#[test]
fn the_merged_result_is_verified_and_a_failure_changes_nothing() {
    let world = World::new();
    world.configure("[completion]\nverify = [\"test ! -e b.txt || test ! -e work.txt\"]\n[merge]\nverify = true\n");
    let id = committed(&world, "work.txt", "work").to_string();
    // Both are fine, and together they are not.
    world.commit("b.txt", "b\n");
    let (before, head) = (users(&world), world.git(&["rev-parse", "HEAD"]));
    let ran = world.fails(4, &["merge", &id]);
    assert!(ran.stderr.contains("the merged result was not verified: `test ! -e b.txt"), "{ran:?}");
    assert_eq!((users(&world), world.git(&["rev-parse", "HEAD"])), (before, head));
    world.ok(&["merge", &id, "--no-verify"]);
    world.audited();
}

#[test]
fn g60_killed_at_any_call_of_git_a_second_merge_finishes() {
    let world = World::new();
    let step = size(2, 1, 1);
    let mut call = 1;
    loop {
        let id = committed(&world, &format!("work-{call}.txt"), "work");
        let (name, file) = (id.to_string(), format!("work-{call}.txt"));
        world.wrap("git", &format!("if [ $N = {call} ]; then kill -KILL $PPID; fi; real \"$@\"; exit $?"));
        let ran = world.ganger(&["merge", &name]);
        world.unwrap("git");
        // What has to run to its end does so without its parent.
        until("no git holds the index", || (!world.repo().join(".git/index.lock").exists()).then_some(()));
        world.ok(&["merge", &name]);
        assert_eq!((world.status(id).as_str(), read(&world, &file).as_str()), ("done", "work\n"), "call {call}");
        assert_eq!(world.git(&["status", "--porcelain"]), "", "call {call}");
        assert_eq!(world.git(&["log", "--format=%s", "--", &file]), file, "once");
        users(&world);
        if ran.code.is_some() {
            break;
        }
        call += step;
    }
    assert!(call > 15, "it was killed {call} times at most");
    world.audited();
}

#[test]
fn g61_on_a_full_disk_nothing_is_half_done_and_a_second_try_works() {
    if !inside("merging::g61_on_a_full_disk_nothing_is_half_done_and_a_second_try_works", SMALL) {
        return;
    }
    let world = World::new();
    let id =
        world.dispatch("echo b > a.txt; yes 0123456789 | head -c 4000000 > large; git add .; git commit -qm large");
    world.settled(id, "review");
    world.phase(id, "exited");
    let name = id.to_string();
    for call in ["worktree add", "read-tree", "--ff-only"] {
        let (before, head) = (users(&world), world.git(&["rev-parse", "HEAD"]));
        world.wrap(
            "git",
            &format!("case \"$*\" in *'{call}'*) cat /dev/zero > \"$WORLD/fill\";; esac; real \"$@\"; exit $?"),
        );
        let ran = world.ganger(&["merge", &name]);
        world.unwrap("git");
        free(&world);
        assert_eq!(ran.code, Some(1), "{call}: {ran:?}");
        assert_eq!((users(&world), world.git(&["rev-parse", "HEAD"])), (before, head), "{call}: {ran:?}");
        assert_eq!(world.status(id), "review", "{call}");
    }
    fill(&world);
    assert_ne!(world.ganger(&["merge", &name]).code, Some(0));
    free(&world);
    world.ok(&["merge", &name]);
    assert_eq!(world.status(id), "done");
    world.audited();
}

/// Everything of the user's that a command could touch, save the branch that a merge moves.
#[test]
fn no_command_of_a_review_touches_what_is_the_users() {
    let world = World::new();
    world.git(&["branch", "theirs"]);
    let id = committed(&world, "work.txt", "work");
    let name = id.to_string();
    let other = committed(&world, "other.txt", "other").to_string();
    world.ok(&["edit", &name, "--prompt", "echo again >> work.txt; git commit -qam again"]);
    // A checkout in the middle of something, a stash, and a hook.
    fs::write(world.repo().join("a.txt"), "stashed\n").unwrap();
    world.git(&["stash", "-q"]);
    fs::write(world.repo().join("a.txt"), "mine\n").unwrap();
    fs::write(world.repo().join("untracked"), "mine\n").unwrap();
    fs::write(world.repo().join("staged"), "mine\n").unwrap();
    world.git(&["add", "staged"]);
    fs::write(world.repo().join(".git/hooks/post-commit"), "#!/bin/sh\n").unwrap();
    let whole = || {
        let index = world.git(&["ls-files", "--stage"]);
        let hooks = fs::read(world.repo().join(".git/hooks/post-commit")).unwrap();
        (users(&world), index, hooks, read(&world, "a.txt"), read(&world, "untracked"))
    };
    let before = whole();
    let calls: [&[&str]; 16] = [
        &["diff", &name],
        &["diff", &name, "--uncommitted"],
        &["list", "--overlaps"],
        &["comment", &name, "work.txt:1", "Why?"],
        &["comment", &name, "--list"],
        &["bounce", &name, "--comments"],
        &["diff", &name, "--since-review"],
        &["merge", &name, "--dry-run"],
        &["approve", &name],
        &["tidy", "--dry-run"],
        &["tidy"],
        &["reopen", &name],
        &["rm", &name],
        &["trash", "list"],
        &["trash", "restore", &name],
        &["rm", &other],
    ];
    for call in calls {
        if call[0] == "diff" || call[0] == "merge" || call[0] == "approve" {
            world.settled(id, "review");
        }
        // Whether it can be done now is another matter.
        let ran = world.ganger(call);
        assert!(matches!(ran.code, Some(0 | 4)), "{call:?}: {ran:?}");
        let after = whole();
        let own = |state: &str| {
            let lines = state.split(", ").filter(|line| !line.contains("refs/heads/ganger/"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(own(&after.0), own(&before.0), "{call:?}");
        assert_eq!((&after.1, &after.2, &after.3, &after.4), (&before.1, &before.2, &before.3, &before.4), "{call:?}");
    }
    world.ok(&["trash", "empty", "--yes"]);
    assert_eq!(whole().3, before.3);
}
