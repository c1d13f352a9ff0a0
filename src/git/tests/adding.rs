//! `add` makes exactly one tree and one branch, or says why not.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{BRANCH, DEADLINE, Lab, content, failure, new, write};
use crate::domain::attempt::Tree;
use crate::domain::saga::Remains;
use crate::os::process::{Call, run};
use crate::ports::worktrees::{Intact, NewTree, TreeError, Worktrees as _};

#[test]
fn a_tree_is_made_and_its_removal_leaves_the_repository_byte_identical() {
    let lab = Lab::new();
    let before = lab.everything();
    let tree = lab.add();
    assert_eq!(std::fs::read_to_string(tree.path.join("src/b.txt")).unwrap(), "two\n");
    assert_eq!(lab.run_in(&tree.path, &["symbolic-ref", "HEAD"]), format!("refs/heads/{BRANCH}"));
    assert_eq!(lab.run_in(&tree.path, &["status", "--porcelain"]), "");
    assert_eq!(lab.git.intact(&tree.repo, &tree.path), Intact::Yes);
    assert!(!lab.run(&["worktree", "list", "--porcelain"]).contains("locked"));
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert!(!tree.path.exists());
    assert_eq!(lab.everything(), before);
    assert_eq!(lab.remove(&tree), Remains::Nothing);
}

#[test]
fn a_second_tree_is_made_beside_the_first() {
    let lab = Lab::new();
    let first = lab.add();
    let second = Tree { path: lab.root().join("trees/other/12-fix"), branch: "ganger/13".to_owned(), ..lab.tree() };
    Lab::add_with(&lab.git, &second).unwrap();
    assert_eq!(lab.remove(&first), Remains::Nothing);
    assert_eq!(lab.git.intact(&lab.repo, &second.path), Intact::Yes);
    assert_eq!(lab.remove(&second), Remains::Nothing);
}

#[test]
fn g3_a_taken_branch_is_refused_and_untouched() {
    let lab = Lab::new();
    lab.run(&["branch", BRANCH]);
    let before = lab.everything();
    let tree = lab.tree();
    let refused = Lab::add_with(&lab.git, &tree);
    assert!(matches!(refused, Err(TreeError::Taken(_))), "{refused:?}");
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn g8_a_branch_checked_out_elsewhere_is_refused_by_its_holders_name() {
    let lab = Lab::new();
    let elsewhere = lab.root().join("elsewhere");
    lab.run(&["worktree", "add", "--quiet", "-b", BRANCH, elsewhere.to_str().unwrap()]);
    let Err(TreeError::Taken(why)) = Lab::add_with(&lab.git, &lab.tree()) else { panic!("made") };
    assert!(why.contains(elsewhere.to_str().unwrap()), "{why}");
}

#[test]
fn g9_a_taken_path_of_any_kind_is_refused_and_untouched() {
    let lab = Lab::new();
    let tree = lab.tree();
    let kinds: [&dyn Fn(); 6] = [
        &|| std::fs::create_dir_all(&tree.path).unwrap(),
        &|| write(&tree.path.join("work"), "work"),
        &|| write(&tree.path, "work"),
        &|| std::os::unix::fs::symlink("nowhere", &tree.path).unwrap(),
        &|| {
            lab.run_in(&lab.root(), &["clone", "--quiet", lab.repo.to_str().unwrap(), tree.path.to_str().unwrap()]);
        },
        &|| {
            lab.run(&["worktree", "add", "--quiet", "-b", "sibling", tree.path.to_str().unwrap()]);
            write(&tree.path.join("work"), "work");
        },
    ];
    for make in kinds {
        std::fs::create_dir_all(tree.path.parent().unwrap()).unwrap();
        make();
        let before = (lab.everything(), content(&lab.root().join("trees")));
        let refused = Lab::add_with(&lab.git, &tree);
        assert!(matches!(refused, Err(TreeError::Taken(_))), "{refused:?}");
        // What git knows as somebody's worktree is named; anything else is nothing of ours.
        let registered = lab.run(&["worktree", "list"]).contains("sibling");
        assert_eq!(matches!(lab.remove(&tree), Remains::Kept(_)), registered);
        assert_eq!((lab.everything(), content(&lab.root().join("trees"))), before);
        std::fs::remove_dir_all(lab.root().join("trees")).unwrap();
    }
}

#[test]
fn an_attempt_that_is_revoked_changes_nothing() {
    let lab = Lab::new();
    let before = lab.everything();
    assert_eq!(lab.git.add(&new(&lab.tree()), &|| false), Err(TreeError::Revoked));
    assert_eq!(lab.everything(), before);
    let tree = lab.add();
    assert_eq!(lab.git.remove(&tree, &|| false), Err(TreeError::Revoked));
    assert_eq!(lab.git.intact(&lab.repo, &tree.path), Intact::Yes);
}

#[test]
fn hostile_names_are_data() {
    for name in ["with space", "new\nline", "#(touch x)", "$(touch x); -rf", "-b"] {
        let lab = Lab::at(name);
        let tree = Tree { path: lab.root().join("t").join(name), ..lab.tree() };
        Lab::add_with(&lab.git, &tree).unwrap();
        assert_eq!(lab.git.intact(&lab.repo, &tree.path), Intact::Yes, "{name:?}");
        assert_eq!(lab.remove(&tree), Remains::Nothing, "{name:?}");
    }
    let lab = Lab::new();
    for branch in ["--force", "a b", "a..b", "", "x.lock"] {
        let tree = Tree { branch: branch.to_owned(), ..lab.tree() };
        assert!(matches!(Lab::add_with(&lab.git, &tree), Err(TreeError::Impossible(_))), "{branch:?}");
    }
    for base in ["--force", "HEAD", "main", ""] {
        let tree = Tree { base: base.to_owned(), ..lab.tree() };
        assert!(matches!(Lab::add_with(&lab.git, &tree), Err(TreeError::Impossible(_))), "{base:?}");
    }
}

#[test]
fn an_exit_status_against_the_facts_is_not_believed() {
    let lab = Lab::new();
    let before = lab.everything();
    let tree = lab.tree();
    let grumbles = lab.wrapper("*' worktree add '*|*' --reset '*) git \"$@\"; exit 3;;");
    Lab::add_with(&grumbles, &tree).unwrap();
    assert_eq!(lab.remove(&tree), Remains::Nothing);

    let lies = lab.wrapper("*' worktree add '*) exit 0;;");
    assert!(failure(&Lab::add_with(&lies, &tree)).contains("is gone"));
    let lies = lab.wrapper("*' --reset '*) exit 0;;");
    assert_eq!(failure(&Lab::add_with(&lies, &tree)), "git reported success, but there is no index");
    assert!(matches!(lab.git.intact(&lab.repo, &tree.path), Intact::No(_)));
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn a_branch_left_by_a_failed_add_goes_with_it() {
    let lab = Lab::new();
    let before = lab.everything();
    let tree = lab.tree();
    let half = lab.wrapper(
        "*' worktree add '*) for a; do case $prev in -b) b=$a;; esac; prev=$a; done
         git -c core.logAllRefUpdates=true branch --no-track \"$b\" \"$prev\"; exit 128;;",
    );
    assert!(Lab::add_with(&half, &tree).is_err());
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn g11_a_missing_filter_is_a_failure_and_is_cleaned_up() {
    let lab = Lab::new();
    lab.write(".gitattributes", "*.bin filter=gone\n");
    lab.write("x.bin", "x\n");
    lab.commit_all();
    lab.run(&["config", "filter.gone.smudge", "no-such-filter"]);
    lab.run(&["config", "filter.gone.required", "true"]);
    let before = lab.everything();
    let tree = lab.tree();
    assert!(failure(&Lab::add_with(&lab.git, &tree)).contains("filter"));
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn g11_filters_sparse_checkout_and_submodules_work() {
    let lab = Lab::new();
    let other = Lab::new();
    lab.run(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.repo.to_str().unwrap(), "sub"]);
    lab.write(".gitattributes", "*.up filter=up\n");
    lab.write("x.up", "LOUD\n");
    lab.write("far/away.txt", "away\n");
    lab.run(&["config", "filter.up.smudge", "tr A-Z a-z"]);
    lab.run(&["config", "filter.up.clean", "tr a-z A-Z"]);
    lab.commit_all();
    lab.run(&["sparse-checkout", "set", "src"]);
    lab.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch hooked; exit 1\n");
    let hook = lab.repo.join(".git/hooks/post-checkout");
    run(&Call::new("chmod", DEADLINE).args(["+x"]).args([hook])).unwrap();
    let before = lab.everything();
    let tree = lab.add();
    assert_eq!(std::fs::read_to_string(tree.path.join("x.up")).unwrap(), "loud\n");
    assert!(!tree.path.join("far").exists() && !tree.path.join("hooked").exists());
    assert!(tree.path.join("src/b.txt").exists() && !tree.path.join("sub/a.txt").exists());
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn g5_g6_eight_adds_at_once_beside_a_prune_loop_all_work() {
    let lab = Lab::new();
    let trees: Vec<Tree> = (0..8)
        .map(|n| Tree { path: lab.root().join(format!("t/{n}/fix")), branch: format!("ganger/{n}"), ..lab.tree() })
        .collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                lab.try_in(&lab.repo, &["worktree", "prune"]);
            }
        });
        let adds: Vec<_> = trees.iter().map(|tree| scope.spawn(|| Lab::add_with(&lab.git, tree))).collect();
        let results: Vec<_> = adds.into_iter().map(|add| add.join().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    });
    for tree in &trees {
        assert_eq!(lab.git.intact(&lab.repo, &tree.path), Intact::Yes);
        assert_eq!(lab.run_in(&tree.path, &["status", "--porcelain"]), "");
    }
    assert_eq!(lab.run(&["worktree", "list"]).lines().count(), 9);
}

/// What git sees in a folder, asked as an agent there would.
fn sees(lab: &Lab, folder: &std::path::Path) -> (String, String) {
    let answer = lab.try_in(folder, &["rev-parse", "--show-toplevel"]);
    (answer.text(), lab.try_in(folder, &["rev-parse", "--is-bare-repository"]).text())
}

#[test]
fn g21_git_sees_its_worktree_whatever_the_shared_configuration_says_of_the_main_one() {
    for (name, value) in [("core.worktree", "../../elsewhere"), ("core.bare", "true")] {
        let lab = Lab::new();
        std::fs::create_dir(lab.root().join("elsewhere")).unwrap();
        lab.run(&["config", "extensions.worktreeConfig", "true"]);
        lab.run(&["config", name, value]);
        let shared = std::fs::read(lab.repo.join(".git/config")).unwrap();
        let tree = lab.add();
        let right = (tree.path.to_str().unwrap().to_owned(), "false".to_owned());
        assert_eq!(sees(&lab, &tree.path), right, "{name}");
        assert_eq!(lab.run_in(&tree.path, &["status", "--porcelain"]), "", "{name}");
        assert_eq!(std::fs::read(lab.repo.join(".git/config")).unwrap(), shared, "a person's settings stay");
        // One that lost them, or was made before, is adopted only once it is right.
        std::fs::remove_file(lab.repo.join(".git/worktrees/12-fix/config.worktree")).unwrap();
        assert!(sees(&lab, &tree.path) != right);
        assert_eq!(lab.git.adopt(&lab.repo, &tree.path), Ok(Intact::Yes));
        assert_eq!(sees(&lab, &tree.path), right, "{name}");
        assert_eq!(lab.remove(&tree), Remains::Nothing, "{name}");
    }
}

#[test]
fn g21_where_git_does_not_see_its_worktree_nothing_is_left_and_the_error_says_what_to_set() {
    let lab = Lab::new();
    let before = lab.everything();
    let tree = lab.tree();
    // No settings of the tree's own help against this.
    let blind = lab.wrapper("*' --is-bare-repository '*) echo true; exit 0;;");
    let Err(TreeError::Impossible(why)) = Lab::add_with(&blind, &tree) else { panic!("made") };
    assert!(
        why.contains("core.bare") && why.contains("git config --worktree") && why.contains("bare repository"),
        "{why}"
    );
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
    lab.add();
    assert!(matches!(blind.adopt(&lab.repo, &tree.path), Err(TreeError::Impossible(_))));
}

/// A branch that is the user's is worked on as it is, beside its copies in the trash, and never deleted.
#[test]
fn a_branch_that_is_given_is_checked_out_and_never_deleted() {
    let lab = Lab::new();
    lab.run(&["branch", BRANCH]);
    let tree = Tree { given: true, ..lab.tree() };
    lab.git.add(&new(&tree), &|| true).unwrap();
    assert_eq!(lab.run_in(&tree.path, &["symbolic-ref", "--short", "HEAD"]), BRANCH);
    let other = Tree { path: lab.root().join("trees/repo/13-other"), ..tree.clone() };
    let refused = lab.git.add(&new(&other), &|| true).unwrap_err();
    assert!(matches!(&refused, TreeError::Impossible(why) if why.contains("is checked out at")), "{refused:?}");
    let again = NewTree { given: Some(std::slice::from_ref(&tree.path)), ..new(&other) };
    lab.git.add(&again, &|| true).unwrap();
    assert_eq!(lab.git.remove(&other, &|| true).unwrap(), Remains::Nothing);
    assert_eq!(lab.git.remove(&tree, &|| true).unwrap(), Remains::Nothing);
    assert!(!tree.path.exists());
    assert_eq!(lab.run(&["rev-parse", BRANCH]), tree.base, "the branch stays");
    // One in the trash holds nobody up.
    lab.git.add(&new(&tree), &|| true).unwrap();
    let ran = Tree { ran: true, ..tree.clone() };
    lab.park(&ran, &ran.owner, &ran.trash()).unwrap();
    lab.git.add(&new(&other), &|| true).unwrap();
    assert_eq!(lab.run_in(&other.path, &["symbolic-ref", "--short", "HEAD"]), BRANCH);
    let gone = Tree { branch: "no-such".to_owned(), path: lab.root().join("trees/repo/14"), ..tree };
    let refused = lab.git.add(&new(&gone), &|| true).unwrap_err();
    assert_eq!(refused, TreeError::Impossible("there is no branch no-such".to_owned()));
}
