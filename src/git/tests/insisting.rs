//! A tree can always be put away: what a rescue can't do is said, and a person can insist.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::{Lab, content, write};
use crate::domain::attempt::Tree;
use crate::ports::worktrees::{Moved, Parking, Result, TreeError, Worktrees};

fn worked_in(lab: &Lab) -> Tree {
    let tree = Tree { ran: true, ..lab.add() };
    write(&tree.path.join("new.txt"), "new");
    tree
}

fn park(git: &impl Worktrees, tree: &Tree, force: bool) -> Result<Moved> {
    let parking = Parking { by: &tree.owner, trash: &tree.trash(), force };
    Ok(git.park(tree, &parking, &|| true)?.unwrap())
}

fn rescue(tree: &Tree) -> String {
    format!("refs/ganger/rescue/12/{}", tree.owner)
}

/// What killed or failed calls could have left in a repository.
fn half_written(lab: &Lab) -> Vec<String> {
    let files = content(&lab.repo.join(".git")).into_keys().map(|path| path.display().to_string());
    let files = files.filter(|name| name != "ganger.lock");
    files.filter(|name| name.contains("tmp_") || name.contains("ganger-") || name.contains(".lock")).collect()
}

#[test]
fn g43_a_rescue_that_takes_too_long_is_left_out_and_leaves_nothing_half_written() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    // It has written some of its objects, and would go on for ever.
    let slow = lab.wrapper(
        "*' add '*) mkdir -p \"$GIT_OBJECT_DIRECTORY/ab\" && echo half > \"$GIT_OBJECT_DIRECTORY/ab/tmp_obj_x\"; exec sleep 1000;;",
    );
    let slow = super::Git { deadline: Duration::from_secs(2), ..slow };
    let before = content(&tree.path);
    let moved = park(&slow, &tree, false).unwrap();
    assert_eq!(content(&moved.path), before);
    let [said] = moved.said.as_slice() else { panic!("{:?}", moved.said) };
    assert!(said.contains("holds the last commit only") && said.contains("no answer within 2s"), "{said}");
    assert_eq!(lab.run(&["rev-parse", &format!("{}^{{tree}}", rescue(&tree))]), lab.run(&["rev-parse", "main^{tree}"]));
    assert_eq!(half_written(&lab), Vec::<String>::new());
}

#[test]
fn g43_the_largest_files_are_left_out_of_a_rescue_and_named() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    for (name, size) in [("huge.bin", 70_u64 << 20), ("large.bin", 40 << 20), ("fits.bin", 30 << 20)] {
        std::fs::File::create(tree.path.join(name)).unwrap().set_len(size).unwrap();
    }
    let moved = park(&lab.git, &tree, false).unwrap();
    assert_eq!(moved.said, ["the rescue copy is without huge.bin and 1 more files (110 MiB)"]);
    let files = lab.run(&["ls-tree", "-r", "--name-only", &rescue(&tree)]);
    assert_eq!(files, ".gitignore\na.txt\nfits.bin\nnew.txt\nsrc/b.txt");
    assert_eq!(half_written(&lab), Vec::<String>::new());
    lab.run(&["fsck"]);
}

#[test]
fn g43_a_rescue_that_git_refuses_or_whose_reference_is_locked_holds_nothing_up() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    let lock = lab.repo.join(format!(".git/{}.lock", rescue(&tree)));
    write(&lock, "");
    // A killed git left it: it goes.
    let moved = park(&lab.git, &tree, false).unwrap();
    assert_eq!((moved.said, lock.exists()), (Vec::new(), false));
    assert_eq!(lab.run(&["show", &format!("{}:new.txt", rescue(&tree))]), "new");
    lab.git.restore(&tree, &|| true).unwrap();
    let full = lab.wrapper("*' add '*|*' commit-tree '*) echo 'fatal: No space left on device' >&2; exit 128;;");
    let moved = park(&full, &tree, false).unwrap();
    assert!(
        moved.said.iter().any(|said| said.contains("no rescue reference") && said.contains("No space")),
        "{moved:?}"
    );
    assert_eq!(half_written(&lab), Vec::<String>::new());
}

#[test]
fn g44_what_is_no_worktree_any_more_is_refused_with_its_reason_and_moved_where_a_person_insists() {
    for (what, reason) in [
        ("rm .git", "no longer has a .git"),
        ("printf 'git' > .git", "no longer has a .git"),
        ("rm .git; git init -q", "is not a worktree of"),
        ("rm -r \"$(git rev-parse --absolute-git-dir)\"", "git no longer has a record of it"),
    ] {
        let lab = Lab::new();
        let tree = worked_in(&lab);
        let record = lab.repo.join(".git/worktrees/12-fix");
        lab.run_in(&tree.path, &["commit", "--quiet", "--allow-empty", "-m", "work"]);
        let head = lab.run_in(&tree.path, &["rev-parse", "HEAD"]);
        let shell = crate::os::process::Call::new("sh", super::DEADLINE).args(["-c", what]).cwd(&tree.path);
        assert!(crate::os::process::run(&shell).unwrap().ok());
        let before = content(&tree.path);
        let Err(TreeError::Failed { why, .. }) = park(&lab.git, &tree, false) else { panic!("{what}") };
        assert!(why.contains(reason) && why.contains("kept in place"), "{what}: {why}");
        assert_eq!(content(&tree.path), before);
        let moved = park(&lab.git, &tree, true).unwrap();
        assert_eq!((content(&moved.path), tree.path.exists()), (before, false), "{what}");
        assert!(moved.said.iter().any(|said| said.contains("is a plain folder, not a worktree")), "{what}: {moved:?}");
        // What git still knew of it is not pruned away.
        if record.exists() {
            lab.run(&["worktree", "prune", "--expire=now"]);
            lab.run(&["gc", "--quiet", "--prune=now"]);
            assert!(record.join("HEAD").exists(), "{what}");
            assert_eq!(lab.run(&["rev-parse", &format!("{}^", rescue(&tree))]), head);
        }
        assert_eq!(park(&lab.git, &tree, true).unwrap().path, moved.path);
    }
}

#[test]
fn g44_a_tree_whose_repository_is_gone_is_moved_where_a_person_insists() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    let before = content(&tree.path);
    std::fs::rename(&lab.repo, lab.root().join("away")).unwrap();
    park(&lab.git, &tree, false).unwrap_err();
    let moved = park(&lab.git, &tree, true).unwrap();
    assert_eq!((content(&moved.path), tree.path.exists()), (before, false));
}

#[test]
fn g46_a_read_only_folder_keeps_its_mode_wherever_it_is() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    let seal = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o555)).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    seal(&tree.path.join("src"));
    seal(&tree.path);
    let moved = park(&lab.git, &tree, false).unwrap();
    assert_eq!((mode(&moved.path), mode(&moved.path.join("src"))), (0o555, 0o555));
    assert_eq!(moved.said, Vec::<String>::new());
    let back = lab.git.restore(&tree, &|| true).unwrap();
    assert_eq!((mode(&back.path), mode(&back.path.join("src"))), (0o555, 0o555));
}
