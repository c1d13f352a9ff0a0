//! `whereabouts` finds a tree wherever it is, and says `Absent` only after it has looked everywhere.

use super::{BRANCH, Lab, attempt};
use crate::domain::attempt::Tree;
use crate::domain::state::TreeState;
use crate::domain::tree::{Head, Whereabouts};
use crate::ports::worktrees::{Parking, TreeError, Worktrees as _};

fn present(lab: &Lab) -> Tree {
    Tree { ran: true, state: TreeState::Present, ..lab.add() }
}

fn find(lab: &Lab, tree: &Tree) -> Whereabouts {
    lab.git.whereabouts(tree, &[attempt(1), attempt(2)])
}

#[test]
fn g36_a_tree_in_its_place_says_where_its_head_is() {
    let lab = Lab::new();
    let tree = present(&lab);
    assert_eq!(find(&lab, &tree), Whereabouts::InPlace(Head::Branch(BRANCH.to_owned())));
    lab.run_in(&tree.path, &["branch", "--quiet", "-m", "better"]);
    assert_eq!(find(&lab, &tree), Whereabouts::InPlace(Head::Branch("better".to_owned())));
    lab.run_in(&tree.path, &["checkout", "--quiet", "--detach"]);
    lab.run_in(&tree.path, &["branch", "--quiet", "-D", "better"]);
    assert_eq!(find(&lab, &tree), Whereabouts::InPlace(Head::Detached(lab.head())));
}

#[test]
fn g30_a_tree_is_found_in_the_trash_under_the_name_of_every_attempt_that_had_it() {
    let lab = Lab::new();
    for by in [attempt(1), attempt(2)] {
        let tree = present(&lab);
        let parked = lab.git.park(&tree, &Parking { by: &by, trash: &tree.trash(), force: false }, &|| true);
        let parked = parked.unwrap().unwrap().path;
        assert_eq!(find(&lab, &tree), Whereabouts::Parked(parked.clone()));
        std::fs::remove_dir_all(parked).unwrap();
        // What a removal that is killed right after its rename leaves.
        lab.run(&["worktree", "unlock", tree.trash().join(by.as_str()).to_str().unwrap()]);
        lab.run(&["worktree", "prune"]);
        lab.run(&["branch", "--quiet", "-D", BRANCH]);
    }
    let tree = present(&lab);
    std::fs::create_dir_all(tree.trash()).unwrap();
    let cut_off = tree.trash().join(attempt(2).as_str());
    std::fs::rename(&tree.path, &cut_off).unwrap();
    assert_eq!(find(&lab, &tree), Whereabouts::Parked(cut_off));
}

#[test]
fn g31_a_tree_that_was_moved_is_found_where_git_knows_it() {
    let lab = Lab::new();
    let tree = present(&lab);
    lab.run_in(&tree.path, &["branch", "--quiet", "-m", "better"]);
    let elsewhere = lab.root().join("elsewhere");
    lab.run(&["worktree", "move", tree.path.to_str().unwrap(), elsewhere.to_str().unwrap()]);
    assert_eq!(find(&lab, &tree), Whereabouts::Elsewhere(elsewhere.clone()));
    // Somebody else's at its path is not it.
    lab.run(&["worktree", "add", "--quiet", "--detach", tree.path.to_str().unwrap()]);
    assert!(matches!(find(&lab, &tree), Whereabouts::InPlace(Head::Detached(_))));
    lab.run(&["worktree", "remove", tree.path.to_str().unwrap()]);
    std::fs::remove_dir_all(elsewhere).unwrap();
    let found = find(&lab, &tree);
    assert!(matches!(found, Whereabouts::Absent { .. }), "{found:?}");
}

#[test]
fn g31_what_is_nowhere_is_absent_and_what_has_its_commits_is_named() {
    let lab = Lab::new();
    let tree = present(&lab);
    std::fs::remove_dir_all(&tree.path).unwrap();
    let held_by = Some(format!("branch {BRANCH}"));
    assert_eq!(find(&lab, &tree), Whereabouts::Absent { held_by: held_by.clone() }, "git's record is there");
    lab.run(&["worktree", "prune", "--expire=now"]);
    assert_eq!(find(&lab, &tree), Whereabouts::Absent { held_by }, "git's record is gone");
    lab.run(&["update-ref", "-d", &format!("refs/heads/{BRANCH}")]);
    assert_eq!(find(&lab, &tree), Whereabouts::Absent { held_by: None });
}

#[test]
fn g32_what_can_not_be_looked_at_is_unknown() {
    let lab = Lab::new();
    let tree = present(&lab);
    let (root, away) = (lab.root().join("trees"), lab.root().join("away"));
    std::fs::rename(&root, &away).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Unknown(why) if why.contains("perhaps not mounted")));
    // The place that the volume is mounted at.
    std::fs::create_dir(&root).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Unknown(why) if why.contains("perhaps not mounted")));
    let never = Tree { ran: false, state: TreeState::Planned, path: lab.root().join("never/made/1"), ..tree.clone() };
    assert!(matches!(find(&lab, &never), Whereabouts::Absent { .. }), "there was no such folder yet");
    std::fs::remove_dir(&root).unwrap();
    std::fs::rename(&away, &root).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::InPlace(_)));
    let repo = lab.root().join("repository-is-away");
    std::fs::rename(&lab.repo, &repo).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Unknown(_)));
}

#[test]
fn g31_what_is_no_worktree_any_more_is_broken() {
    let lab = Lab::new();
    let tree = present(&lab);
    std::fs::remove_file(tree.path.join(".git")).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Broken(why) if why.contains("no longer has a .git")));
    std::fs::create_dir(tree.path.join(".git")).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Broken(why) if why.contains("not a worktree")));
}

#[test]
fn g31_an_empty_folder_where_no_agent_ever_ran_is_nothing() {
    let lab = Lab::new();
    let tree = Tree { ran: false, state: TreeState::Gone, ..present(&lab) };
    lab.run(&["worktree", "remove", "--force", tree.path.to_str().unwrap()]);
    std::fs::create_dir(&tree.path).unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Absent { .. }));
    let ran = Tree { ran: true, ..tree.clone() };
    assert!(matches!(find(&lab, &ran), Whereabouts::Broken(_)), "a volume may not be mounted there");
    std::fs::write(tree.path.join("file"), "x").unwrap();
    assert!(matches!(find(&lab, &tree), Whereabouts::Broken(_)));
}

#[test]
fn g30_the_owner_is_asked_again_right_before_the_move() {
    let lab = Lab::new();
    let tree = present(&lab);
    let asked = std::cell::Cell::new(0);
    let owned = || {
        asked.set(asked.get() + 1);
        asked.get() == 1
    };
    let refused = lab.git.park(&tree, &Parking { by: &attempt(1), trash: &tree.trash(), force: false }, &owned);
    assert_eq!(refused, Err(TreeError::Revoked));
    assert_eq!(asked.get(), 2);
    assert!(matches!(find(&lab, &tree), Whereabouts::InPlace(_)));
    assert!(!lab.run(&["worktree", "list", "--porcelain"]).contains("locked"), "and its lock is taken off again");
}
