//! The fault catalogue, trees that are hard to put away.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::namespace::inside;
use crate::support::{World, finish};

/// A task whose agent left work, and where.
fn worked(world: &World) -> (String, PathBuf) {
    let id = world.dispatch("echo work > work; exit 1");
    let task = world.settled(id, "failed");
    (id.to_string(), PathBuf::from(task["attempt"]["worktree"].as_str().unwrap()))
}

fn trash(world: &World) -> PathBuf {
    world.path("data/ganger/worktrees/.trash")
}

fn only(folder: &Path) -> PathBuf {
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn seal(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Starts ganger as a user whom permissions bind: root without the power to pass them over.
fn bound(world: &World, args: &[&str]) -> crate::support::Ran {
    let program = env!("CARGO_BIN_EXE_ganger");
    if !nix::unistd::geteuid().is_root() {
        return world.ganger(args);
    }
    let powers = "--bounding-set=-dac_override,-dac_read_search";
    let whole: Vec<&str> = [powers, "--inh-caps=-all", "--", program].into_iter().chain(args.iter().copied()).collect();
    finish(world.spawn("setpriv", &whole))
}

#[test]
fn g44_a_shell_in_the_tree_and_a_lost_git_file_are_refused_with_a_way_out_that_works() {
    let world = World::new();
    let (id, tree) = worked(&world);
    let mut shell = world.spawn("sh", &["-c", &format!("cd '{}' && exec sleep 1000000", tree.display())]);
    crate::support::until("it stands there", || {
        let stands = fs::read_link(format!("/proc/{}/cwd", shell.id())).ok()?;
        (stands == tree).then_some(())
    });
    let refused = world.fails(4, &["rm", &id]);
    assert!(
        refused.stderr.contains("works in") && refused.stderr.contains(&format!("ganger rm {id} --force")),
        "{refused:?}"
    );
    world.ok(&["rm", &id, "--force"]);
    let parked = only(&trash(&world));
    assert_eq!(fs::read_link(format!("/proc/{}/cwd", shell.id())).unwrap(), parked, "the shell went along");
    assert_eq!(world.run("git", &["status", "--porcelain"], &parked), "?? work");
    shell.kill().unwrap();
    shell.wait().unwrap();
    fs::remove_dir_all(parked).unwrap();

    let (id, tree) = worked(&world);
    fs::remove_file(tree.join(".git")).unwrap();
    let refused = world.fails(1, &["rm", &id]);
    let said = &refused.stderr;
    assert!(said.contains("no longer has a .git") && said.contains(&format!("ganger rm {id} --force")), "{said}");
    let forced = world.ganger(&["rm", &id, "--force", "--json"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    let notes = forced.json()["notes"].to_string();
    assert!(notes.contains("is a plain folder, not a worktree"), "{notes}");
    assert_eq!(fs::read_to_string(only(&trash(&world)).join("work")).unwrap(), "work\n");
    world.reconciled();
}

#[test]
fn g45_a_fresh_retry_says_which_old_tree_it_could_not_park_and_why() {
    let world = World::new();
    let (id, tree) = worked(&world);
    fs::remove_file(tree.join(".git")).unwrap();
    let retried = world.ganger(&["retry", &id, "--fresh"]);
    assert_eq!(retried.code, Some(0), "{retried:?}");
    let said = format!("the earlier worktree stays at {}, not parked", tree.display());
    assert!(retried.stderr.contains(&said) && retried.stderr.contains("no longer has a .git"), "{retried:?}");
    assert_eq!(fs::read_to_string(tree.join("work")).unwrap(), "work\n");
    world.settled(id.parse().unwrap(), "failed");
    let retried = world.ganger(&["retry", &id, "--fresh", "--json"]);
    assert!(retried.json()["notes"].to_string().contains(&said), "{retried:?}");
}

#[test]
fn g46_a_read_only_tree_is_parked_and_a_read_only_place_is_named_with_what_to_do() {
    let world = World::new();
    let (id, tree) = worked(&world);
    seal(&tree, 0o555);
    let ran = bound(&world, &["rm", &id]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let parked = only(&trash(&world));
    assert_eq!(parked.metadata().unwrap().permissions().mode() & 0o777, 0o555);
    seal(&parked, 0o755);
    fs::remove_dir_all(parked).unwrap();

    let (id, tree) = worked(&world);
    let parent = tree.parent().unwrap();
    seal(parent, 0o555);
    let refused = bound(&world, &["rm", &id]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let next = format!("chmod u+w {}", parent.display());
    assert!(refused.stderr.contains(&next) && refused.stderr.contains("kept in place"), "{refused:?}");
    // Where a person insists the task goes, and the tree stays.
    let forced = bound(&world, &["rm", &id, "--force"]);
    seal(parent, 0o755);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    let left = format!("its worktree is left behind at {}", tree.display());
    assert!(forced.stderr.contains(&left) && forced.stderr.contains(&next), "{forced:?}");
    assert_eq!(fs::read_to_string(tree.join("work")).unwrap(), "work\n");
    world.reconciled();
}

#[test]
fn g47_a_trash_on_another_file_system_is_named_and_the_tree_stays() {
    let test = "catalogue_trees::g47_a_trash_on_another_file_system_is_named_and_the_tree_stays";
    if !inside(test, "mount -t tmpfs none \"$DISK\"") {
        return;
    }
    let world = World::new();
    let (id, tree) = worked(&world);
    fs::create_dir_all(trash(&world)).unwrap();
    world.run("mount", &["-t", "tmpfs", "none", trash(&world).to_str().unwrap()], &world.repo());
    let refused = world.fails(1, &["rm", &id]);
    let said = format!("{} is on another file system", trash(&world).display());
    assert!(refused.stderr.contains(&said) && refused.stderr.contains("kept in place"), "{refused:?}");
    assert_eq!(world.run("git", &["status", "--porcelain"], &tree), "?? work");
    assert!(!world.git(&["worktree", "list", "--porcelain"]).contains("parked by ganger"));
    world.run("umount", &[trash(&world).to_str().unwrap()], &world.repo());
    world.ok(&["rm", &id]);
    assert_eq!(world.run("git", &["status", "--porcelain"], &only(&trash(&world))), "?? work");
}
