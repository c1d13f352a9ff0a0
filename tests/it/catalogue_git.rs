//! The fault catalogue: git that outlives its dispatcher, volumes that go, hooks, locks and repositories of all kinds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::kills::{AGENT, agents, people_are_untouched, peopled, recovers};
use crate::support::namespace::inside;
use crate::support::{World, finish, signal, until};

fn started(world: &World, id: i64) {
    until("its agent", || (agents(world, id) == 1).then_some(()));
}

#[test]
fn g2_a_git_that_outlives_its_dispatcher_is_waited_for() {
    let world = peopled();
    world.run("mkfifo", &["go"], &world.path(""));
    let id = world.add(AGENT);
    // The dispatcher dies; the wrapper that it had started dies with it; git itself, below, lives on.
    world.wrap(
        "git",
        "case \"$*\" in *--reset*) ( echo x > \"$WORLD/lives\"; read -r _ < \"$WORLD/go\"; real \"$@\"; echo x > \"$WORLD/over\" ) & kill -KILL $PPID; exit 1;; esac; real \"$@\"; exit $?",
    );
    finish(world.start(&["dispatch", &id.to_string()]));
    world.file("lives");
    world.unwrap("git");
    let trees = world.worktrees();
    assert_eq!(trees.len(), 1);
    for _ in 0..2 {
        let ran = world.ganger(&["--reconcile"]);
        assert!((ran.stdout.clone() + &ran.stderr).contains("worktree not undone yet"), "{ran:?}");
        assert_eq!((world.worktrees(), Path::new(&trees[0]).exists()), (trees.clone(), true), "nobody touches it");
    }
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("ready", 0));
    fs::write(world.path("go"), "x\n").unwrap();
    world.file("over");
    recovers(&world, id, "git has ended");
    people_are_untouched(&world);
}

#[test]
fn g7_what_is_on_an_unmounted_volume_is_absent_and_not_deleted() {
    if !inside("catalogue_git::g7_what_is_on_an_unmounted_volume_is_absent_and_not_deleted", "mount --make-rprivate /")
    {
        return;
    }
    let world = World::new();
    let (volume, away) = (world.path("volume"), world.path("away"));
    for folder in [&volume, &away] {
        fs::create_dir(folder).unwrap();
    }
    let (volume, away) = (volume.to_str().unwrap(), away.to_str().unwrap());
    world.run("mount", &["-t", "tmpfs", "none", volume], &world.path(""));
    world.configure(&format!("[worktrees]\nroot = '{volume}/trees'"));
    let id = world.dispatch("echo work > work.txt; exit 3");
    world.settled(id, "failed");
    // Another was never worked in: its dispatcher died.
    let other = world.add(AGENT);
    world.wrap("tmux", "case \"$*\" in *__agent*) kill -KILL $PPID; exit 1;; esac; real \"$@\"; exit $?");
    finish(world.start(&["dispatch", &other.to_string()]));
    world.unwrap("tmux");
    let (trees, branches) = (world.worktrees(), world.branches());
    assert_eq!((trees.len(), branches.len()), (2, 2));
    world.phase(id, "exited");
    until("nobody stands on the volume", || {
        (finish(world.spawn("mount", &["--move", volume, away])).code == Some(0)).then_some(())
    });
    assert!(!Path::new(&trees[0]).exists());
    world.ganger(&["--reconcile"]);
    world.ganger(&["--reconcile"]);
    assert_eq!(world.branches(), branches, "what is not there is not gone");
    world.run("mount", &["--move", away, volume], &world.path(""));
    let tree = world.ok(&["path", &id.to_string()]);
    assert_eq!(fs::read_to_string(Path::new(tree.trim()).join("work.txt")).unwrap(), "work\n");
    assert_eq!(world.run("git", &["status", "--porcelain"], Path::new(tree.trim())), "?? work.txt");
    world.reconciled();
    world.ok(&["retry", &id.to_string()]);
    assert_eq!(world.settled(id, "failed")["attempt"]["worktree"], tree.trim());
    // The other's is there as well: kept, and said so.
    assert!(world.task(other)["attempt"]["kept"][0].as_str().is_some_and(|kept| kept.contains("not mounted")));
    world.ok(&["dispatch", &other.to_string()]);
    started(&world, other);
    world.audited();
}

#[test]
fn g10_hooks_that_fail_hang_or_destroy_are_not_run() {
    let world = World::new();
    let sibling = world.dispatch(AGENT);
    started(&world, sibling);
    let hooks = world.repo().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for script in ["exit 1", "while :; do sleep 1; done", "rm -rf \"$WORLD\"/data/ganger/worktrees/repo/*"] {
        for name in ["post-checkout", "reference-transaction", "post-index-change"] {
            let hook = hooks.join(name);
            fs::write(&hook, format!("#!/bin/sh\necho {name} >> \"$WORLD/hooked\"\n{script}\n")).unwrap();
            fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let id = world.dispatch(AGENT);
        started(&world, id);
        world.ok(&["rm", &id.to_string(), "--stop"]);
        world.reconciled();
    }
    assert!(!world.path("hooked").exists());
    assert!(Path::new(world.ok(&["path", &sibling.to_string()]).trim()).join("a.txt").exists());
    assert_eq!(world.status(sibling), "in-progress");
}

#[test]
fn g13_a_stale_index_lock_is_in_nobodys_way() {
    let world = World::new();
    // A person's own: in the repository itself.
    let own = world.repo().join(".git/index.lock");
    fs::write(&own, "").unwrap();
    let id = world.dispatch("echo work >> a.txt; touch \"$(git rev-parse --git-dir)/index.lock\"; exit 3");
    let task = world.settled(id, "failed");
    let tree = task["attempt"]["worktree"].as_str().unwrap().to_owned();
    world.reconciled();
    // And one that an agent left in its tree: the next attempt finds the tree as it was.
    world.ok(&["retry", &id.to_string()]);
    let task = world.settled(id, "failed");
    assert_eq!(
        (task["attempt"]["number"].as_i64(), task["attempt"]["worktree"].as_str()),
        (Some(2), Some(tree.as_str()))
    );
    assert_eq!(fs::read_to_string(Path::new(&tree).join("a.txt")).unwrap(), "one\nwork\nwork\n");
    assert_eq!(task["attempt"]["exit_code"], 3, "{task}");
    world.ok(&["rm", &id.to_string()]);
    world.reconciled();
    let parked = world.worktrees().remove(0);
    assert_eq!(fs::read_to_string(Path::new(&parked).join("a.txt")).unwrap(), "one\nwork\nwork\n");
    assert!(own.exists(), "a person's lock is a person's");
}

#[test]
fn g16_a_shallow_clone_and_a_detached_head_work() {
    let world = World::new();
    world.commit("b.txt", "two\n");
    let url = format!("file://{}", world.repo().display());
    world.run("git", &["clone", "-q", "--depth=1", &url, "shallow"], &world.path(""));
    let shallow = world.path("shallow");
    world.run("git", &["checkout", "-q", "--detach"], &shallow);
    let id = world
        .ok(&["add", "t", "-C", shallow.to_str().unwrap(), "--prompt", "echo x > f; git add f; git commit -qm f"])
        .trim()
        .to_owned();
    world.ok(&["dispatch", &id]);
    let task = world.settled(id.parse().unwrap(), "review");
    assert_eq!(task["attempt"]["base"], world.git(&["rev-parse", "main"]));
    assert_eq!(task["commits"].as_array().unwrap().len(), 1);
    assert_eq!(world.run("git", &["rev-parse", "--abbrev-ref", "HEAD"], &shallow), "HEAD", "it is as it was");
    world.reconciled();
}

#[test]
fn g19_a_repository_that_is_moved_under_its_agents_loses_nothing() {
    let world = World::new();
    let clone = world.path("clone");
    world.run("git", &["clone", "-q", "repo", "clone"], &world.path(""));
    let add = |prompt: &str| -> i64 {
        world.ok(&["add", "t", "-C", clone.to_str().unwrap(), "--prompt", prompt]).trim().parse().unwrap()
    };
    let (id, waiting) = (add("echo work > work.txt; exec sleep 1000"), add("true"));
    world.ok(&["dispatch", &id.to_string()]);
    let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    fs::rename(&clone, world.path("moved")).unwrap();
    let ran = world.fails(5, &["dispatch", &waiting.to_string()]);
    assert!(ran.stderr.contains("clone"), "{ran:?}");
    assert_eq!(world.status(waiting), "failed");
    signal(shim, Signal::SIGKILL);
    until("the loss is settled", || {
        world.ganger(&["--reconcile"]);
        (world.status(id) == "ready").then_some(())
    });
    let tree = world.ok(&["path", &id.to_string()]);
    assert_eq!(fs::read_to_string(Path::new(tree.trim()).join("work.txt")).unwrap(), "work\n");
    fs::rename(world.path("moved"), &clone).unwrap();
    world.reconciled();
    world.ok(&["dispatch", &id.to_string()]);
    assert_eq!(world.ok(&["path", &id.to_string()]), tree);
}

#[test]
fn s7_a_folder_that_becomes_a_link_leads_nobody_astray() {
    let world = peopled();
    let trees = world.path("data/ganger/worktrees/repo");
    let victim = world.path("victim");
    for id_to_be in [1, 2] {
        fs::create_dir_all(victim.join(format!("{id_to_be}-a-task"))).unwrap();
        fs::write(victim.join(format!("{id_to_be}-a-task/precious")), "mine\n").unwrap();
    }
    // Between the look at the path and git's act.
    let id = world.add(AGENT);
    world.wrap(
        "git",
        &format!("case \"$*\" in *'worktree add'*) [ -L '{0}' ] || {{ rmdir '{0}'; ln -s '{1}' '{0}'; }};; esac; real \"$@\"; exit $?", trees.display(), victim.display()),
    );
    world.ganger(&["dispatch", &id.to_string()]);
    world.unwrap("git");
    let untouched = || {
        for id in [1, 2] {
            let precious = victim.join(format!("{id}-a-task/precious"));
            assert_eq!(fs::read_to_string(precious).unwrap(), "mine\n");
        }
    };
    untouched();
    // Whether it was started there, beside what is somebody's, or not at all: it can be stopped and removed.
    world.reconciled();
    world.ok(&["rm", &id.to_string(), "--stop"]);
    world.reconciled();
    untouched();
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 2, "nothing is left there");
    fs::remove_file(&trees).unwrap();
    world.reconciled();
    // Between a dispatch and its undo.
    let id = world.add(AGENT);
    world.wrap(
        "tmux",
        &format!(
            "case \"$*\" in *__agent*) mv '{0}' '{0}.away'; ln -s '{1}' '{0}'; exit 9;; esac; real \"$@\"; exit $?",
            trees.display(),
            victim.display()
        ),
    );
    world.fails(5, &["dispatch", &id.to_string()]);
    world.unwrap("tmux");
    world.ganger(&["--reconcile"]);
    untouched();
    assert!(trees.with_extension("away").is_dir(), "what was made is where it was moved to");
    fs::remove_file(&trees).unwrap();
    fs::rename(trees.with_extension("away"), &trees).unwrap();
    world.reconciled();
    world.ok(&["dispatch", &id.to_string()]);
    started(&world, id);
    untouched();
    people_are_untouched(&world);
}
