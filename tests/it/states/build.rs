//! States that a worktree can be in, put together by a seed.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, setxattr};

use crate::support::World;

/// A tree in some state, and what hangs on it.
#[derive(Debug)]
pub struct Built {
    /// What was put together, for the message of a failure.
    pub parts: Vec<&'static str>,
    /// Where git is asked, relative to the tree.
    pub repositories: Vec<PathBuf>,
}

type Part = (&'static str, fn(&World, &Path, &mut Built));

/// The last ones leave an operation half-done: at most one of them.
const PARTS: [Part; 18] = [
    ("staged", |world, tree, _| {
        write(&tree.join("staged"), b"staged");
        git(world, tree, &["add", "staged"]);
        write(&tree.join("staged"), b"staged, and changed since");
    }),
    ("unstaged", |_, tree, _| write(&tree.join("a.txt"), b"unstaged")),
    ("deleted", |_, tree, _| fs::remove_file(tree.join("b.txt")).unwrap()),
    ("untracked", |_, tree, _| write(&tree.join("new/deep/untracked"), b"new")),
    ("ignored", |_, tree, _| write(&tree.join("target/x.log"), b"ignored")),
    ("modes", |_, tree, _| {
        write(&tree.join("run"), b"#!/bin/sh\n");
        mode(&tree.join("run"), 0o755);
        write(&tree.join("sealed/read-only"), b"x");
        mode(&tree.join("sealed/read-only"), 0o444);
        mode(&tree.join("sealed"), 0o555);
    }),
    ("links", |_, tree, _| {
        symlink("a.txt", tree.join("link")).unwrap();
        symlink("/nowhere/at/all", tree.join("dangling")).unwrap();
        symlink("..", tree.join("up")).unwrap();
    }),
    ("empty folders", |_, tree, _| fs::create_dir_all(tree.join("empty/emptier")).unwrap()),
    ("a large file", |_, tree, _| write(&tree.join("large.bin"), &vec![7; 3 << 20])),
    ("odd names", |_, tree, _| {
        for name in [&b"\xff\xfe"[..], b"line\nbreak", b" -rf ", b"\"quoted\"", b":(exclude)a"] {
            write(&tree.join(OsStr::from_bytes(name)), name);
        }
    }),
    ("attributes", |_, tree, _| {
        write(&tree.join("attributed"), b"x");
        // Not every file system has them.
        setxattr(tree.join("attributed"), "user.ganger", b"kept", XattrFlags::empty()).ok();
    }),
    ("a submodule", |world, tree, built| {
        let update = ["-c", "protocol.file.allow=always", "submodule", "-q", "update", "--init"];
        git(world, tree, &update);
        commit(world, &tree.join("lib"), "in the submodule");
        built.repositories.push("lib".into());
    }),
    ("an inner worktree", |world, tree, built| {
        git(world, tree, &["worktree", "add", "-q", "--detach", "inner"]);
        commit(world, &tree.join("inner"), "in the inner worktree");
        git(world, &tree.join("inner"), &["worktree", "add", "-q", "--detach", "inner"]);
        commit(world, &tree.join("inner/inner"), "twice inside");
        built.repositories.extend(["inner".into(), "inner/inner".into()]);
    }),
    ("a repository", |world, tree, built| {
        git(world, tree, &["init", "-q", "own"]);
        commit(world, &tree.join("own"), "of its own");
        git(world, &tree.join("own"), &["worktree", "add", "-q", "--detach", "../of-own"]);
        commit(world, &tree.join("of-own"), "of a worktree of its own");
        built.repositories.extend(["own".into(), "of-own".into()]);
    }),
    ("a worktree of another repository", |world, tree, built| {
        let there = tree.join("foreign");
        git(world, &world.path("library"), &["worktree", "add", "-q", "--detach", there.to_str().unwrap()]);
        commit(world, &there, "of another");
        built.repositories.push("foreign".into());
    }),
    ("commits on a detached HEAD", |world, tree, _| {
        git(world, tree, &["checkout", "-q", "--detach"]);
        git(world, tree, &["commit", "-q", "--allow-empty", "-m", "detached"]);
    }),
    ("a merge with conflicts", |world, tree, _| stuck(world, tree, &["merge", "-q", "other"])),
    ("a rebase with conflicts", |world, tree, _| stuck(world, tree, &["rebase", "-q", "other"])),
];

/// The repository that states are made in: a submodule, and a branch that conflicts.
pub fn ground(world: &World) {
    let library = world.path("library");
    fs::create_dir_all(&library).unwrap();
    git(world, &library, &["init", "-q"]);
    commit(world, &library, "library");
    git(world, &library, &["commit", "-qam", "clean"]);
    write(&world.repo().join("b.txt"), b"b\n");
    write(&world.repo().join(".gitignore"), b"*.log\n");
    world.git(&["-c", "protocol.file.allow=always", "submodule", "-q", "add", library.to_str().unwrap(), "lib"]);
    world.git(&["add", "--all"]);
    world.git(&["commit", "-qm", "ground"]);
    world.git(&["checkout", "-q", "-b", "other"]);
    world.commit("a.txt", "other\n");
    world.git(&["checkout", "-q", "main"]);
}

/// Puts a tree into some state.
pub fn build(world: &World, tree: &Path, random: &mut fastrand::Rng) -> Built {
    let mut built = Built { parts: Vec::new(), repositories: vec![PathBuf::new()] };
    let (plain, last) = PARTS.split_at(PARTS.len() - 2);
    // What is half-done comes first: it needs a clean tree.
    let begun = random.bool().then(|| random.choice(last)).flatten();
    let mut chosen: Vec<&Part> = plain.iter().filter(|_| random.f32() < 0.35).collect();
    random.shuffle(&mut chosen);
    for (name, make) in begun.into_iter().chain(chosen) {
        // A file that conflicts is not checked out anew, and HEAD is where the rebase is.
        if begun.is_some() && *name == "commits on a detached HEAD" {
            continue;
        }
        make(world, tree, &mut built);
        built.parts.push(name);
    }
    if random.u8(..8) == 0 {
        mode(tree, 0o555);
        built.parts.push("a read-only folder");
    }
    built
}

fn stuck(world: &World, tree: &Path, args: &[&str]) {
    write(&tree.join("a.txt"), b"mine\n");
    git(world, tree, &["commit", "-qam", "mine"]);
    let mut all = vec!["-C", tree.to_str().unwrap()];
    all.extend(args);
    assert!(!world.tries("git", &all), "{args:?} has no conflict");
}

fn commit(world: &World, folder: &Path, what: &str) {
    write(&folder.join("work"), what.as_bytes());
    git(world, folder, &["add", "work"]);
    git(world, folder, &["commit", "-qm", what]);
    write(&folder.join("work"), b"changed since");
    write(&folder.join("untracked"), b"new");
}

fn git(world: &World, folder: &Path, args: &[&str]) {
    world.run("git", args, folder);
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
