//! `park` moves every byte, and a second call finishes a first one that was killed.

use super::{BRANCH, Lab, attempt, content, write};
use crate::domain::attempt::Tree;
use crate::ports::worktrees::{Intact, Parking, TreeError, Worktrees as _};

fn worked_in(lab: &Lab) -> Tree {
    let tree = Tree { ran: true, ..lab.add() };
    write(&tree.path.join("staged.txt"), "staged");
    lab.run_in(&tree.path, &["add", "staged.txt"]);
    write(&tree.path.join("staged.txt"), "changed since");
    write(&tree.path.join("a.txt"), "unstaged");
    write(&tree.path.join("new/untracked.txt"), "untracked");
    write(&tree.path.join("ignored/secret"), "ignored");
    lab.run_in(&tree.path, &["init", "--quiet", "nested"]);
    write(&tree.path.join("nested/work"), "work");
    lab.run_in(&tree.path, &["checkout", "--quiet", "--detach"]);
    lab.run_in(&tree.path, &["commit", "--quiet", "--allow-empty", "--message=x"]);
    tree
}

#[test]
fn g14_a_tree_is_parked_byte_for_byte_and_still_a_worktree() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    lab.kept(&tree);
    let before = content(&tree.path);
    let status = lab.run_in(&tree.path, &["status", "--porcelain", "--ignored", "--untracked-files=all"]);
    let head = lab.run_in(&tree.path, &["rev-parse", "HEAD"]);
    let trash = lab.root().join("trees/.trash");
    let park = || lab.park(&tree, &attempt(2), &trash).unwrap();
    let parked = park().unwrap();
    assert_eq!(parked, trash.join(attempt(2).as_str()));
    assert!(!tree.path.exists());
    assert_eq!(content(&parked), before);
    assert_eq!(lab.run_in(&parked, &["status", "--porcelain", "--ignored", "--untracked-files=all"]), status);
    assert_eq!(lab.git.intact(&lab.repo, &parked), Intact::Yes);
    assert!(lab.run(&["worktree", "list", "--porcelain"]).contains("locked parked by ganger"));

    let rescue = format!("refs/ganger/rescue/12/{}", attempt(2));
    let files = lab.run(&["ls-tree", "-r", "--name-only", &rescue]);
    assert_eq!(files, ".gitignore\na.txt\nnew/untracked.txt\nsrc/b.txt\nstaged.txt");
    assert_eq!(lab.run(&["show", &format!("{rescue}:staged.txt")]), "changed since");
    assert_eq!(lab.run(&["rev-parse", &format!("{rescue}^")]), head);
    assert_eq!(lab.run(&["rev-parse", BRANCH]), tree.base);

    lab.run(&["worktree", "prune"]);
    assert_eq!(park(), Some(parked.clone()));
    assert_eq!(content(&parked), before);
}

#[test]
fn a_park_that_was_killed_is_finished_by_the_next() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    let before = content(&tree.path);
    let trash = lab.root().join("trees/.trash");
    let target = trash.join(attempt(1).as_str());
    // Killed after the lock and the rename: git knows the old path, and must not prune it.
    lab.run(&["worktree", "lock", "--reason", "parked by ganger", tree.path.to_str().unwrap()]);
    std::fs::create_dir_all(&trash).unwrap();
    std::fs::rename(&tree.path, &target).unwrap();
    lab.run(&["worktree", "prune"]);
    assert_eq!(lab.park(&tree, &attempt(1), &trash).unwrap(), Some(target.clone()));
    assert_eq!(content(&target), before);
    assert_eq!(lab.git.intact(&lab.repo, &target), Intact::Yes);
    lab.run_in(&target, &["status"]);
}

#[test]
fn parking_touches_no_other_tree_even_in_a_copied_repository() {
    let lab = Lab::new();
    let sibling = lab.root().join("sibling");
    lab.run(&["worktree", "add", "--quiet", sibling.to_str().unwrap()]);
    let copy = Lab::at("copy");
    std::fs::remove_dir_all(&copy.repo).unwrap();
    let cp = crate::os::process::Call::new("cp", super::DEADLINE).args(["-r"]).args([&lab.repo, &copy.repo]);
    crate::os::process::run(&cp).unwrap();
    let tree = copy.add();
    let before = content(&sibling);
    copy.park(&tree, &tree.owner, &copy.root().join("trash")).unwrap().unwrap();
    assert_eq!(content(&sibling), before);
}

#[test]
fn nothing_to_park_is_none_and_what_is_not_ours_stays() {
    let lab = Lab::new();
    let tree = lab.tree();
    let trash = lab.root().join("trash");
    let park = |owned: bool| {
        let parking = Parking { by: &tree.owner, trash: &trash, force: false };
        lab.git.park(&tree, &parking, &|| owned).map(|moved| moved.map(|moved| moved.path))
    };
    assert_eq!(park(true), Ok(None));
    assert_eq!(park(false), Err(TreeError::Revoked));
    lab.run_in(&lab.root(), &["clone", "--quiet", lab.repo.to_str().unwrap(), tree.path.to_str().unwrap()]);
    let before = content(&tree.path);
    let Err(TreeError::Failed { why, .. }) = park(true) else { panic!("parked") };
    assert!(why.contains("kept in place"), "{why}");
    assert_eq!(content(&tree.path), before);
}

#[test]
fn a_tree_that_can_t_be_renamed_stays_as_it_was() {
    let lab = Lab::new();
    let tree = worked_in(&lab);
    let before = (content(&tree.path), lab.run(&["worktree", "list", "--porcelain"]));
    let file = lab.root().join("file");
    write(&file, "");
    let parked = lab.park(&tree, &tree.owner, &file.join("trash"));
    assert!(parked.is_err());
    let taken = lab.root().join("trash");
    write(&taken.join(tree.owner.as_str()).join("x"), "theirs");
    let Err(TreeError::Failed { why, .. }) = lab.park(&tree, &tree.owner, &taken) else { panic!("parked") };
    assert!(why.contains("is taken"), "{why}");
    assert_eq!((content(&tree.path), lab.run(&["worktree", "list", "--porcelain"])), before);
}
