//! The fault catalogue: a disk that is full, has no inodes left, or can't be written.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use crate::kills::{AGENT, agents};
use crate::support::namespace::inside;
use crate::support::{World, finish, until};

pub const SMALL: &str = "mount -t tmpfs -o size=48m,mode=700 none \"$DISK\"";

/// Fills the disk to its last byte.
pub fn fill(world: &World) {
    let mut file = OpenOptions::new().create(true).append(true).open(world.path("fill")).unwrap();
    for size in [1 << 20, 4096, 1] {
        let block = vec![b'x'; size];
        while file.write_all(&block).is_ok() {}
    }
}

pub fn free(world: &World) {
    fs::remove_file(world.path("fill")).unwrap();
}

/// Nothing is left of a dispatch that was undone, and it works once there is room.
fn goes_on(world: &World, id: i64, what: &str) {
    assert_eq!(world.status(id), "ready", "{what}");
    world.reconciled();
    let names = [world.worktrees(), world.branches()].concat();
    let left: Vec<_> = names.iter().filter(|name| name.contains(&format!("/{id}-"))).collect();
    assert!(left.is_empty(), "{what}: {left:?}");
    world.ok(&["dispatch", &id.to_string()]);
    until("its agent", || (agents(world, id) == 1).then_some(()));
    world.audited();
    world.ok(&["rm", &id.to_string(), "--stop"]);
}

#[test]
fn e1_a_full_disk_at_any_step_leaves_nothing_half_done() {
    if !inside("catalogue_disk::e1_a_full_disk_at_any_step_leaves_nothing_half_done", SMALL) {
        return;
    }
    let world = World::new();
    world.commit("large", &"0123456789abcdef\n".repeat(200_000));
    // At the claim.
    let id = world.add(AGENT);
    fill(&world);
    let ran = world.ganger(&["dispatch", &id.to_string()]);
    assert!(matches!(ran.code, Some(1 | 5)), "{ran:?}");
    assert_eq!(world.status(id), "ready", "while the disk is full");
    let ran = world.ganger_with(&["add", "large", "--prompt", "-"], "x".repeat(4 << 20).as_bytes());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("no room left") && world.ok(&["list"]).lines().count() == 2, "{ran:?}");
    world.audited();
    free(&world);
    goes_on(&world, id, "at the claim");
    // At the worktree: its checkout does not fit.
    for (program, call) in [("git", "worktree add"), ("git", "--reset"), ("tmux", "__agent")] {
        let id = world.add(AGENT);
        world.wrap(
            program,
            &format!("case \"$*\" in *'{call}'*) cat /dev/zero > \"$WORLD/fill\";; esac; real \"$@\"; exit $?"),
        );
        let ran = world.ganger(&["dispatch", &id.to_string()]);
        world.unwrap(program);
        if call == "__agent" && ran.code == Some(0) {
            // What was set aside was enough to start it.
            assert_eq!(world.status(id), "in-progress");
            free(&world);
            world.ok(&["rm", &id.to_string(), "--stop"]);
            continue;
        }
        assert_eq!(ran.code, Some(5), "{call}: {ran:?}");
        assert_eq!(world.status(id), "ready", "{call}: undone while the disk is full");
        world.audited();
        free(&world);
        goes_on(&world, id, call);
    }
    // At the rollback of something else.
    let id = world.add(AGENT);
    world
        .wrap("tmux", "case \"$*\" in *__agent*) cat /dev/zero > \"$WORLD/fill\"; exit 9;; esac; real \"$@\"; exit $?");
    world.fails(5, &["dispatch", &id.to_string()]);
    world.unwrap("tmux");
    assert_eq!(world.status(id), "ready", "undone while the disk is full");
    free(&world);
    goes_on(&world, id, "at the rollback");
}

#[test]
fn e1_an_agent_that_ends_on_a_full_disk_is_recorded() {
    if !inside("catalogue_disk::e1_an_agent_that_ends_on_a_full_disk_is_recorded", SMALL) {
        return;
    }
    let world = World::new();
    let waits = "echo work > work.txt; while ! mkdir \"$WORLD/go\" 2>/dev/null; do sleep 0.05; done; exit 3";
    fs::create_dir(world.path("go")).unwrap();
    let ids = [world.dispatch(waits), world.dispatch(waits)];
    fill(&world);
    assert_eq!(world.status(ids[0]), "in-progress");
    world.ok(&["stop", &ids[1].to_string()]);
    fs::remove_dir(world.path("go")).unwrap();
    let task = world.settled(ids[0], "failed");
    assert_eq!(task["attempt"]["exit_code"], 3, "{task}");
    assert_eq!(world.task(ids[1])["attempt"]["cause"], "cancelled");
    world.ganger(&["--reconcile"]);
    world.audited();
    free(&world);
    world.reconciled();
    for id in ids {
        let tree = world.ok(&["path", &id.to_string()]);
        assert_eq!(fs::read_to_string(format!("{}/work.txt", tree.trim())).unwrap(), "work\n");
    }
}

#[test]
fn e2_without_inodes_nothing_is_half_done() {
    let mount = "mount -t tmpfs -o size=64m,nr_inodes=2000,mode=700 none \"$DISK\"";
    if !inside("catalogue_disk::e2_without_inodes_nothing_is_half_done", mount) {
        return;
    }
    let world = World::new();
    fs::create_dir(world.path("files")).unwrap();
    let use_up = |but: u32| {
        let mut made = 0_u32;
        while fs::write(world.path(&format!("files/{made}")), "").is_ok() {
            made += 1;
        }
        for number in made.saturating_sub(but)..made {
            fs::remove_file(world.path(&format!("files/{number}"))).unwrap();
        }
    };
    let free = || {
        fs::remove_dir_all(world.path("files")).unwrap();
        fs::create_dir(world.path("files")).unwrap();
    };
    // From none at all to enough for the claim, the orders, git's record, the checkout.
    for left in [0, 1, 2, 3, 4, 6, 8, 10, 14, 18, 24] {
        let id = world.add(AGENT);
        use_up(left);
        let ran = world.ganger(&["dispatch", &id.to_string()]);
        let status = world.status(id);
        assert_eq!(status, if ran.code == Some(0) { "in-progress" } else { "ready" }, "{left}: {ran:?}");
        free();
        world.reconciled();
        if ran.code == Some(0) {
            world.ok(&["rm", &id.to_string(), "--stop"]);
            continue;
        }
        goes_on(&world, id, &format!("{left} inodes left"));
    }
    // An agent that ends without any.
    fs::create_dir(world.path("go")).unwrap();
    let id = world.dispatch("while ! mkdir \"$WORLD/go\" 2>/dev/null; do sleep 0.05; done; exit 3");
    use_up(0);
    fs::remove_dir(world.path("go")).unwrap();
    assert_eq!(world.settled(id, "failed")["attempt"]["exit_code"], 3);
    free();
    world.reconciled();
}

#[test]
fn e2_on_a_disk_that_can_not_be_written_the_board_is_shown_and_nothing_is_claimed() {
    let test = "catalogue_disk::e2_on_a_disk_that_can_not_be_written_the_board_is_shown_and_nothing_is_claimed";
    if !inside(test, SMALL) {
        return;
    }
    let world = World::new();
    let data = world.path("data");
    world.run("mount", &["-t", "tmpfs", "none", data.to_str().unwrap()], &world.path(""));
    let done = world.dispatch("echo x > f");
    world.phase(done, "exited");
    let id = world.add(AGENT);
    // Nobody may have a file open for writing: the server and what is left of its panes go first.
    world.tmux(&["kill-server"]);
    let remount = |how: &str| {
        until("the remount", || {
            let ran = finish(world.spawn("mount", &["-o", &format!("remount,{how}"), data.to_str().unwrap()]));
            (ran.code == Some(0)).then_some(())
        });
    };
    remount("ro");
    let ran = world.ganger(&["dispatch", &id.to_string()]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.to_lowercase().contains("read-only") || ran.stderr.contains("readonly"), "{ran:?}");
    assert_eq!(world.ok(&["status-line"]).trim(), "✔1");
    remount("rw");
    assert_eq!((world.status(id).as_str(), world.status(done).as_str()), ("ready", "review"));
    world.reconciled();
    world.ok(&["dispatch", &id.to_string()]);
    until("its agent", || (agents(&world, id) == 1).then_some(()));
}
