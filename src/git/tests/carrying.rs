//! What hangs on a tree goes with it: worktrees, submodules and repositories inside it work after it was parked, and
//! after it came back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Lab, attempt, content, write};
use crate::domain::attempt::Tree;
use crate::git::pointer::{Pointer, Shift};
use crate::git::repo_lock::pause;
use crate::os::process::{Call, CallError, run};
use crate::ports::worktrees::{Parking, TreeError, Worktrees as _};

/// A tree with everything in it that git can tie to a path.
fn laden(lab: &Lab) -> Tree {
    let library = lab.root().join("library");
    lab.run_in(&lab.root(), &["init", "--quiet", "-b", "main", "library"]);
    write(&library.join("lib.c"), "int x;\n");
    lab.run_in(&library, &["add", "--all"]);
    lab.run_in(&library, &["commit", "--quiet", "-m", "x"]);
    lab.run(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.to_str().unwrap(), "lib"]);
    lab.commit_all();
    let tree = Tree { ran: true, ..lab.add() };
    let run = |folder: &str, args: &[&str]| lab.run_in(&tree.path.join(folder), args);
    let update = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init"];
    run("", &update);
    commit(lab, &tree.path.join("lib"), "in the submodule");
    // Worktrees of the repository, one in the other, the inner one with a submodule.
    run("", &["worktree", "add", "--quiet", "--detach", "inner"]);
    commit(lab, &tree.path.join("inner"), "in the worktree");
    write(&tree.path.join("inner/untracked"), "new");
    run("inner", &["worktree", "add", "--quiet", "-b", "deeper", "deeper"]);
    commit(lab, &tree.path.join("inner/deeper"), "deeper");
    run("inner/deeper", &update);
    commit(lab, &tree.path.join("inner/deeper/lib"), "in the submodule of a worktree");
    // A worktree of the submodule, and one of another repository.
    run("lib", &["worktree", "add", "--quiet", "--detach", "../of-lib"]);
    lab.run_in(&library, &["worktree", "add", "--quiet", "--detach", tree.path.join("of-other").to_str().unwrap()]);
    commit(lab, &tree.path.join("of-other"), "of another repository");
    // A repository with a worktree inside and one outside, one that borrows from it, and a bare one.
    run("", &["init", "--quiet", "-b", "main", "own"]);
    commit(lab, &tree.path.join("own"), "own");
    run("own", &["worktree", "add", "--quiet", "../of-own"]);
    run("own", &["worktree", "add", "--quiet", "-b", "out", lab.root().join("outside").to_str().unwrap()]);
    run("", &["clone", "--quiet", "--shared", "own", "borrows"]);
    run("", &["clone", "--quiet", "--bare", "own", "bare.git"]);
    run("bare.git", &["worktree", "add", "--quiet", "-b", "w", "../of-bare"]);
    run("", &["init", "--quiet", "-b", "main", "named"]);
    commit(lab, &tree.path.join("named"), "named");
    run("named", &["config", "core.worktree", tree.path.join("named").to_str().unwrap()]);
    tree
}

fn commit(lab: &Lab, folder: &Path, what: &str) {
    write(&folder.join("work.txt"), what);
    lab.run_in(folder, &["add", "work.txt"]);
    lab.run_in(folder, &["commit", "--quiet", "-m", what]);
    write(&folder.join("work.txt"), &format!("{what}, and more"));
}

const FOLDERS: [&str; 14] = [
    "",
    "lib",
    "inner",
    "inner/deeper",
    "inner/deeper/lib",
    "of-lib",
    "of-other",
    "own",
    "of-own",
    "borrows",
    "bare.git",
    "of-bare",
    "named",
    "src",
];

/// What git says in each of the folders, of itself and of its past.
fn answers(lab: &Lab, tree: &Path) -> BTreeMap<PathBuf, String> {
    let outside = lab.root().join("outside");
    let folders = FOLDERS.iter().map(|folder| (PathBuf::from(folder), tree.join(folder)));
    folders
        .chain([(PathBuf::from("outside"), outside)])
        .map(|(name, folder)| {
            let mut said = String::new();
            let bare = name == Path::new("bare.git");
            let status: &[&str] = if bare { &["branch"] } else { &["status", "--porcelain", "--branch", "--ignored"] };
            for args in [status, &["log", "--branches", "HEAD", "--format=%H %s"], &["rev-parse", "HEAD"]] {
                said.push_str(&lab.run_in(&folder, args));
            }
            lab.run_in(&folder, &["fsck", "--connectivity-only"]);
            (name, said)
        })
        .collect()
}

/// The files that are not git's own.
fn files(tree: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = content(tree);
    files.retain(|path, _| !path.components().any(|part| part.as_os_str() == ".git") && !path.starts_with("bare.git"));
    files
}

/// As impatient as can be. In what is half-moved some of it fails, and must take nothing either.
fn prune(lab: &Lab, tree: &Path) {
    for folder in
        [lab.repo.clone(), lab.root().join("library"), tree.join("own"), tree.join("lib"), tree.join("bare.git")]
    {
        lab.try_in(&folder, &["worktree", "prune", "--expire=now"]);
        lab.try_in(&folder, &["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
        lab.try_in(&folder, &["gc", "--quiet", "--prune=now"]);
    }
}

#[test]
fn g40_all_that_hangs_on_a_tree_works_where_it_is_parked_and_back_again() {
    let lab = Lab::new();
    let tree = laden(&lab);
    let (before, whole) = (answers(&lab, &tree.path), files(&tree.path));
    let records = lab.run(&["worktree", "list", "--porcelain"]);
    let trash = tree.trash();
    let parked = lab.park(&tree, &tree.owner, &trash).unwrap().unwrap();
    assert_eq!(answers(&lab, &parked), before);
    assert_eq!(files(&parked), whole);
    prune(&lab, &parked);
    assert_eq!(answers(&lab, &parked), before);
    let listed = lab.run(&["worktree", "list", "--porcelain"]);
    assert_eq!(listed.matches("locked parked by ganger").count(), 3, "{listed}");

    // Again: nothing changes.
    let stamp = content(&parked);
    assert_eq!(lab.park(&tree, &tree.owner, &trash).unwrap().as_ref(), Some(&parked));
    assert_eq!(content(&parked), stamp);

    let back = lab.git.restore(&tree, &|| true).unwrap();
    assert_eq!((back.path.as_path(), back.said), (tree.path.as_path(), Vec::new()));
    assert_eq!(answers(&lab, &tree.path), before);
    assert_eq!(files(&tree.path), whole);
    assert_eq!(lab.run(&["worktree", "list", "--porcelain"]), records);
    prune(&lab, &tree.path);
    assert_eq!(answers(&lab, &tree.path), before);
}

#[test]
fn g40_the_work_of_inner_worktrees_has_rescue_references() {
    let lab = Lab::new();
    let tree = laden(&lab);
    let head = lab.run_in(&tree.path.join("inner"), &["rev-parse", "HEAD"]);
    let parked = lab.park(&tree, &attempt(7), &tree.trash()).unwrap().unwrap();
    std::fs::remove_dir_all(&parked).unwrap();
    let inner = format!("refs/ganger/rescue/12/{}-nested/inner", attempt(7));
    lab.run(&["worktree", "list"]);
    assert_eq!(lab.run(&["rev-parse", &format!("{inner}^")]), head);
    assert_eq!(lab.run(&["show", &format!("{inner}:untracked")]), "new");
    assert_eq!(lab.run(&["show", &format!("{inner}:work.txt")]), "in the worktree, and more");
}

#[test]
fn g40_links_between_a_tree_and_its_record_may_be_relative() {
    let lab = Lab::new();
    let tree = laden(&lab);
    let before = answers(&lab, &tree.path);
    // As git 2.48 and newer write them where worktree.useRelativePaths is set; elsewhere another depth.
    let trash = lab.root().join("some/other/depth");
    for (folder, name) in [("", "12-fix"), ("inner", "inner"), ("inner/deeper", "deeper")] {
        let folder = tree.path.join(folder);
        let up = |from: &Path| "../".repeat(from.strip_prefix(lab.root()).unwrap().components().count());
        let record = lab.repo.join(".git/worktrees").join(name);
        let to_record = record.strip_prefix(lab.root()).unwrap();
        let to_folder = folder.strip_prefix(lab.root()).unwrap();
        write(&folder.join(".git"), &format!("gitdir: {}{}\n", up(&folder), to_record.display()));
        write(&record.join("gitdir"), &format!("{}{}/.git\n", up(&record), to_folder.display()));
    }
    assert_eq!(answers(&lab, &tree.path), before);
    let parked = lab.park(&tree, &tree.owner, &trash).unwrap().unwrap();
    assert_eq!(answers(&lab, &parked), before);
    let text = std::fs::read_to_string(parked.join("inner/.git")).unwrap();
    assert!(text.starts_with("gitdir: ../"), "{text}");
    let back = Tree { parked: Some(parked), ..tree };
    lab.git.restore(&back, &|| true).unwrap();
    assert_eq!(answers(&lab, &back.path), before);
}

#[test]
fn g41_a_move_that_was_cut_off_is_finished_by_the_next_one() {
    let lab = Lab::new();
    let tree = laden(&lab);
    let (before, whole) = (answers(&lab, &tree.path), files(&tree.path));
    let records = lab.run(&["worktree", "list", "--porcelain"]);
    let trash = tree.trash();
    let refuse = std::cell::Cell::new(0);
    for asked in [0, 1] {
        // Revoked at first, or just before the move: as if nothing had been.
        refuse.set(0);
        let owned = || refuse.replace(refuse.get() + 1) < asked;
        let parking = Parking { by: &tree.owner, trash: &trash, force: false };
        lab.git.park(&tree, &parking, &owned).unwrap_err();
        assert_eq!(refuse.get(), asked + 1);
        assert_eq!(lab.run(&["worktree", "list", "--porcelain"]), records);
    }
    let parked = lab.park(&tree, &tree.owner, &trash).unwrap().unwrap();
    // Only the rename was done, in either direction: the rest is what a second call makes of it.
    std::fs::rename(&parked, &tree.path).unwrap();
    std::fs::write(lab.repo.join(".git/worktrees/12-fix/ganger-parking"), "755").unwrap();
    assert!(lab.git.restore(&tree, &|| true).unwrap().said.is_empty());
    assert_eq!(answers(&lab, &tree.path), before);
    std::fs::create_dir_all(&trash).unwrap();
    lab.run(&["worktree", "lock", "--reason", "parked by ganger", tree.path.to_str().unwrap()]);
    std::fs::rename(&tree.path, &parked).unwrap();
    assert_eq!(lab.park(&tree, &tree.owner, &trash).unwrap().as_ref(), Some(&parked));
    assert_eq!((answers(&lab, &parked), files(&parked)), (before, whole));
    assert!(!lab.repo.join(".git/worktrees/12-fix/ganger-parking").exists());
}

/// Waits until no git of a killed process goes on in here: what it writes late is another process's doing.
fn outlived(lab: &Lab) {
    let root = lab.root().as_os_str().as_encoded_bytes().to_owned();
    let began = Instant::now();
    let is_of_here = |process: std::fs::DirEntry| {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        words.windows(root.len()).any(|part| part == root)
    };
    while std::fs::read_dir("/proc").unwrap().flatten().any(is_of_here) {
        assert!(began.elapsed() < super::DEADLINE, "a git of a killed process goes on for ever");
        pause(Duration::from_millis(2));
    }
}

#[test]
fn g41_a_restore_that_was_cut_off_is_finished_by_the_next_parking() {
    let lab = Lab::new();
    let tree = laden(&lab);
    let (before, whole) = (answers(&lab, &tree.path), files(&tree.path));
    let parked = lab.park(&tree, &tree.owner, &tree.trash()).unwrap().unwrap();
    // Only the rename was done.
    std::fs::rename(&parked, &tree.path).unwrap();
    assert_eq!(lab.park(&tree, &tree.owner, &tree.trash()).unwrap().as_ref(), Some(&parked));
    assert_eq!((answers(&lab, &parked), files(&parked)), (before.clone(), whole.clone()));
    // What is a copy of a tree that is parked is none of that, and stays.
    std::fs::create_dir(&tree.path).unwrap();
    std::fs::copy(parked.join(".git"), tree.path.join(".git")).unwrap();
    lab.park(&tree, &tree.owner, &tree.trash()).unwrap_err();
    std::fs::remove_dir_all(&tree.path).unwrap();
    assert_eq!(lab.git.restore(&Tree { parked: Some(parked), ..tree.clone() }, &|| true).unwrap().path, tree.path);
    assert_eq!((answers(&lab, &tree.path), files(&tree.path)), (before, whole));
}

#[test]
fn g41_a_move_that_is_killed_at_any_time_is_finished_by_the_next_one() {
    let lab = Lab::new();
    let tree = laden(&lab);
    let (before, whole) = (answers(&lab, &tree.path), files(&tree.path));
    let parked = tree.trash().join(tree.owner.as_str());
    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..5 {
        let call = Call::new(std::env::current_exe().unwrap(), Duration::from_millis(random.u64(40..900)))
            .args(["--exact", "git::tests::carrying::parks_and_restores_for_ever", "--ignored"])
            .env("LAB", lab.root());
        assert!(matches!(run(&call), Err(CallError::Deadline { .. })));
        outlived(&lab);
        prune(&lab, if parked.exists() { &parked } else { &tree.path });
        // A git of the killed process may stand there for a while yet; each call waits a second for it.
        let busy = |parked: &super::Result<Option<PathBuf>>| matches!(parked, Err(TreeError::Busy(_)));
        let mut tries = (0..60).map(|_| lab.park(&tree, &tree.owner, &tree.trash()));
        let first = tries.find(|parked| !busy(parked)).unwrap().unwrap().unwrap();
        let at = if round % 2 == 0 { first } else { lab.git.restore(&tree, &|| true).unwrap().path };
        assert_eq!((answers(&lab, &at), files(&at)), (before.clone(), whole.clone()), "round {round}");
    }
}

#[test]
fn g41_a_lock_that_a_killed_ones_git_holds_is_waited_for_and_one_that_stays_is_said() {
    let lab = Lab::new();
    let tree = Tree { ran: true, ..lab.add() };
    lab.run_in(&tree.path, &["init", "--quiet", "named"]);
    lab.run_in(&tree.path.join("named"), &["config", "core.worktree", tree.path.join("named").to_str().unwrap()]);
    let parked = tree.trash().join(tree.owner.as_str());
    write(&tree.path.join("named/.git/config.lock"), "");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let began = Instant::now();
            while !parked.join("named/.git/config.lock").exists() {
                assert!(began.elapsed() < super::DEADLINE, "it was never moved");
                pause(Duration::from_millis(1));
            }
            // Long enough for a git to meet it, and much shorter than it is waited for.
            pause(Duration::from_millis(50));
            std::fs::remove_file(parked.join("named/.git/config.lock")).unwrap();
        });
        assert_eq!(lab.park(&tree, &tree.owner, &tree.trash()).unwrap().as_deref(), Some(parked.as_path()));
    });
    let named = lab.run_in(&parked.join("named"), &["config", "core.worktree"]);
    assert_eq!(named.trim(), parked.join("named").to_str().unwrap());
    write(&parked.join("named/.git/config.lock"), "");
    let said = lab.git.restore(&tree, &|| true).unwrap().said;
    assert!(said.iter().any(|said| said.contains("could not be put right") && said.contains("named")), "{said:?}");
}

#[test]
#[ignore = "the test before this runs it in a process that it kills"]
fn parks_and_restores_for_ever() {
    let root = PathBuf::from(std::env::var_os("LAB").unwrap());
    let git = super::hermetic(super::Git::new(super::DEADLINE), &root);
    let repo = root.join("repo");
    let base = git.resolve(&repo, "main").unwrap();
    let tree = super::tree_at(&root, repo, base);
    loop {
        // What a killed one has left is finished first, whichever it was.
        let parking = Parking { by: &tree.owner, trash: &tree.trash(), force: false };
        git.park(&tree, &parking, &|| true).unwrap();
        git.restore(&tree, &|| true).unwrap();
    }
}

#[test]
fn g48_what_a_tree_names_by_a_link_or_without_being_named_by_it_is_not_written_to() {
    let lab = Lab::new();
    let tree = Tree { ran: true, ..lab.add() };
    let victim = lab.root().join("victim");
    // A git directory of the agent's making whose files are links to a person's.
    write(&victim, &format!("{}/trap/.git\n", tree.path.display()));
    let made = tree.path.join("made");
    write(&made.join("HEAD"), "ref: refs/heads/main\n");
    for name in ["gitdir", "config", "config.worktree", "gitdir.new"] {
        std::os::unix::fs::symlink(&victim, made.join(name)).unwrap();
    }
    write(&tree.path.join("trap/.git"), &format!("gitdir: {}\n", made.display()));
    // A repository of a person's that knows nothing of the tree.
    lab.run_in(&lab.root(), &["init", "--quiet", "person"]);
    write(&tree.path.join("claims/.git"), &format!("gitdir: {}/person/.git\n", lab.root().display()));
    let before = (std::fs::read(&victim).unwrap(), content(&lab.root().join("person")));
    let parked = lab.park(&tree, &tree.owner, &tree.trash()).unwrap().unwrap();
    assert_eq!((std::fs::read(&victim).unwrap(), content(&lab.root().join("person"))), before);
    let moved = format!("gitdir: {}/made\n", parked.display());
    assert_eq!(std::fs::read_to_string(parked.join("trap/.git")).unwrap(), moved);
}

#[test]
fn g49_a_path_with_a_line_break_follows_like_any_other() {
    let lab = Lab::new();
    let folder = lab.folder.path().canonicalize().unwrap().join("a\nb");
    let (from, to) = (folder.join("tree"), folder.join("trash/1"));
    std::fs::create_dir_all(&to).unwrap();
    let record = folder.join("gitdir");
    std::fs::write(&record, format!("{}/.git\n", from.display())).unwrap();
    let shift = Shift { from: &from, to: &to, aside: &folder };
    Pointer::Record(record.clone()).follow(&lab.git, &lab.repo, &shift).unwrap();
    assert_eq!(std::fs::read_to_string(&record).unwrap(), format!("{}/.git\n", to.display()));
}
