//! While an attempt lives git has its tree locked, and a tree whose folder is gone is made again.

use std::path::Path;

use super::{BRANCH, Lab, attempt, content, write};
use crate::domain::attempt::{Brief, Files, Plan, Tree};
use crate::domain::id::AttemptId;
use crate::domain::state::TreeState;
use crate::domain::tree::{Head, Whereabouts};
use crate::ports::worktrees::{Intact, TreeError, Worktrees as _};

fn plan(tree: &Tree, id: &AttemptId) -> Plan {
    Plan {
        id: id.clone(),
        task: tree.task,
        number: 1,
        repo: tree.repo.clone(),
        agent: String::new(),
        base: tree.base.clone(),
        branch: tree.branch.clone(),
        worktree: tree.path.clone(),
        adopts: None,
        socket: "/s".into(),
        session: String::new(),
        brief: Brief { title: String::new(), prompt: String::new(), verify: Vec::new(), timeout: None },
        files: Files::of(Path::new("/state"), id),
        token: String::new(),
        port: None,
        may: Vec::new(),
    }
}

fn present(lab: &Lab) -> Tree {
    Tree { ran: true, state: TreeState::Present, ..lab.add() }
}

fn locks(lab: &Lab) -> Vec<String> {
    let listed = lab.run(&["worktree", "list", "--porcelain"]);
    listed.lines().filter(|line| line.starts_with("locked")).map(str::to_owned).collect()
}

#[test]
fn g33_a_tree_that_an_agent_works_in_is_locked_by_its_attempt_and_by_nobody_else_let_go() {
    let lab = Lab::new();
    let tree = present(&lab);
    let (first, second) = (plan(&tree, &attempt(1)), plan(&tree, &attempt(2)));
    lab.git.hold(&first).unwrap();
    assert_eq!(locks(&lab), [format!("locked ganger: an agent works here: task 12, attempt {}", attempt(1))]);
    let at = tree.path.to_str().unwrap();
    assert!(!lab.try_in(&lab.repo, &["worktree", "remove", at]).ok());
    assert!(!lab.try_in(&lab.repo, &["worktree", "remove", "--force", at]).ok());
    assert!(!lab.try_in(&lab.repo, &["worktree", "move", at, "elsewhere"]).ok());
    assert_eq!(lab.git.intact(&lab.repo, &tree.path), Intact::Yes);
    lab.git.release(&second).unwrap();
    assert_eq!(locks(&lab).len(), 1, "it is not that one's");
    lab.git.hold(&second).unwrap();
    lab.git.release(&first).unwrap();
    assert_eq!(locks(&lab), [format!("locked ganger: an agent works here: task 12, attempt {}", attempt(2))]);
    for _ in 0..2 {
        lab.git.release(&second).unwrap();
        assert_eq!(locks(&lab), [""; 0]);
    }
    lab.run(&["worktree", "lock", "--reason", "mine", at]);
    lab.git.hold(&first).unwrap();
    lab.git.release(&first).unwrap();
    assert_eq!(locks(&lab), ["locked mine"], "a person's own lock stays");
}

#[test]
fn g33_a_lock_that_was_left_holds_up_no_clean_up_and_no_removal() {
    let lab = Lab::new();
    let never = lab.add();
    lab.git.hold(&plan(&never, &attempt(1))).unwrap();
    assert_eq!(lab.remove(&never), crate::domain::saga::Remains::Nothing);
    let tree = present(&lab);
    lab.git.hold(&plan(&tree, &attempt(1))).unwrap();
    let parking = crate::ports::worktrees::Parking { by: &attempt(1), trash: &tree.trash(), force: false };
    lab.git.park(&tree, &parking, &|| true).unwrap().unwrap();
    assert_eq!(locks(&lab), ["locked parked by ganger"]);
    lab.git.release(&plan(&tree, &attempt(1))).unwrap();
    assert_eq!(locks(&lab), ["locked parked by ganger"]);
}

#[test]
fn g35_a_tree_whose_folder_is_gone_is_made_again_with_head_and_index_of_gits_record() {
    let lab = Lab::new();
    let tree = present(&lab);
    write(&tree.path.join("work.txt"), "committed");
    lab.run_in(&tree.path, &["add", "work.txt"]);
    lab.run_in(&tree.path, &["commit", "--quiet", "--message=w"]);
    write(&tree.path.join("a.txt"), "staged");
    lab.run_in(&tree.path, &["add", "a.txt"]);
    for branch in [BRANCH, "better", "HEAD"] {
        match branch {
            BRANCH => {}
            "HEAD" => drop(lab.run_in(&tree.path, &["checkout", "--quiet", "--detach"])),
            renamed => drop(lab.run_in(&tree.path, &["branch", "--quiet", "-m", renamed])),
        }
        let (before, head) = (content(&tree.path), lab.run_in(&tree.path, &["rev-parse", "HEAD"]));
        lab.git.hold(&plan(&tree, &attempt(1))).unwrap();
        std::fs::remove_dir_all(&tree.path).unwrap();
        lab.git.remake(&tree, &|| true).unwrap();
        assert_eq!(content(&tree.path), before, "{branch}");
        assert_eq!(lab.run_in(&tree.path, &["rev-parse", "HEAD"]), head);
        assert_eq!(lab.run_in(&tree.path, &["rev-parse", "--abbrev-ref", "HEAD"]), branch);
        assert_eq!(lab.run_in(&tree.path, &["status", "--porcelain"]), "M  a.txt");
        assert_eq!(locks(&lab), [""; 0]);
    }
}

#[test]
fn g35_without_gits_record_it_is_made_again_from_its_branch_and_what_head_was_is_kept() {
    let lab = Lab::new();
    let tree = present(&lab);
    lab.run_in(&tree.path, &["commit", "--quiet", "--allow-empty", "--message=w"]);
    let work = lab.run(&["rev-parse", BRANCH]);
    lab.run(&["worktree", "remove", "--force", tree.path.to_str().unwrap()]);
    lab.git.remake(&tree, &|| true).unwrap();
    assert_eq!(lab.run_in(&tree.path, &["rev-parse", "HEAD"]), work);
    assert_eq!(lab.run_in(&tree.path, &["status", "--porcelain"]), "");
    assert_eq!(lab.git.whereabouts(&tree, &[]), Whereabouts::InPlace(Head::Branch(BRANCH.to_owned())));
    // A record whose HEAD leads nowhere.
    lab.run_in(&tree.path, &["checkout", "--quiet", "-b", "other"]);
    lab.run_in(&tree.path, &["commit", "--quiet", "--allow-empty", "--message=o"]);
    let other = lab.run_in(&tree.path, &["rev-parse", "HEAD"]);
    lab.run(&["update-ref", "-d", "refs/heads/other"]);
    std::fs::remove_dir_all(&tree.path).unwrap();
    lab.git.remake(&tree, &|| true).unwrap();
    assert_eq!(lab.run_in(&tree.path, &["rev-parse", "HEAD"]), work);
    assert_eq!(lab.run(&["rev-parse", &format!("refs/ganger/rescue/12/{}-head", attempt(1))]), other);
}

#[test]
fn g35_nothing_is_made_over_what_is_there_or_for_an_attempt_that_is_not_wanted() {
    let lab = Lab::new();
    let tree = present(&lab);
    assert!(matches!(lab.git.remake(&tree, &|| true), Err(TreeError::Taken(_))));
    std::fs::remove_dir_all(&tree.path).unwrap();
    assert_eq!(lab.git.remake(&tree, &|| false), Err(TreeError::Revoked));
    std::fs::create_dir(&tree.path).unwrap();
    assert!(matches!(lab.git.remake(&tree, &|| true), Err(TreeError::Taken(_))));
    std::fs::remove_dir(&tree.path).unwrap();
    lab.run(&["checkout", "--quiet", "--ignore-other-worktrees", BRANCH]);
    lab.run(&["worktree", "prune", "--expire=now"]);
    let refused = lab.git.remake(&tree, &|| true);
    assert!(matches!(&refused, Err(TreeError::Failed { why, .. }) if why.contains(BRANCH)), "{refused:?}");
}

#[test]
fn g35_a_making_that_was_killed_is_finished_by_the_next() {
    let lab = Lab::new();
    let tree = present(&lab);
    let before = content(&tree.path);
    std::fs::remove_dir_all(&tree.path).unwrap();
    let git = lab.wrapper("*' checkout-index '*) exit 9;; *' read-tree '*) exit 9;;");
    assert!(git.remake(&tree, &|| true).is_err());
    assert_eq!(locks(&lab), [format!("locked ganger: making {}", tree.path.display())]);
    assert!(matches!(lab.git.whereabouts(&tree, &[]), Whereabouts::Absent { held_by: Some(_) }));
    lab.git.remake(&tree, &|| true).unwrap();
    assert_eq!(content(&tree.path), before);
    assert_eq!(lab.run_in(&tree.path, &["status", "--porcelain"]), "");
}

#[test]
fn g37_what_was_committed_elsewhere_than_on_its_branch_outlives_gits_record_of_the_tree() {
    for on in ["--detach", "better"] {
        let lab = Lab::new();
        let tree = present(&lab);
        lab.git.hold(&plan(&tree, &attempt(1))).unwrap();
        match on {
            "better" => drop(lab.run_in(&tree.path, &["checkout", "--quiet", "-b", on])),
            detach => drop(lab.run_in(&tree.path, &["checkout", "--quiet", detach])),
        }
        write(&tree.path.join("work.txt"), "committed");
        lab.run_in(&tree.path, &["add", "work.txt"]);
        lab.run_in(&tree.path, &["commit", "--quiet", "--message=w"]);
        let work = lab.run_in(&tree.path, &["rev-parse", "HEAD"]);
        lab.git.release(&plan(&tree, &attempt(1))).unwrap();
        // Anybody may remove a clean tree that nobody locks, and git forgets its HEAD with it.
        lab.run(&["worktree", "remove", tree.path.to_str().unwrap()]);
        lab.run(&["reflog", "expire", "--expire=now", "--all"]);
        lab.run(&["gc", "--quiet", "--prune=now"]);
        let held_by = if on == "better" { "branch better".to_owned() } else { format!("commit {work}") };
        assert_eq!(lab.git.whereabouts(&tree, &[]), Whereabouts::Absent { held_by: Some(held_by) });
        lab.git.remake(&tree, &|| true).unwrap();
        assert_eq!(lab.run_in(&tree.path, &["rev-parse", "HEAD"]), work);
        assert!(tree.path.join("work.txt").exists());
        // Back on its own branch nothing else is remembered.
        lab.git.hold(&plan(&tree, &attempt(2))).unwrap();
        lab.run_in(&tree.path, &["checkout", "--quiet", BRANCH]);
        lab.git.release(&plan(&tree, &attempt(2))).unwrap();
        assert_eq!(lab.run(&["for-each-ref", "refs/ganger/head"]), "");
    }
}
