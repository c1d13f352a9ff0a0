//! Repositories are found under one name, bases and branch names are read as git reads them.

use std::path::Path;

use super::{BRANCH, DEADLINE, Lab, write};
use crate::domain::attempt::Tree;
use crate::domain::saga::Remains;
use crate::os::process::{Call, run};
use crate::ports::worktrees::{Intact, Name, TreeError, Worktrees as _};

#[test]
fn g18_a_repository_has_one_path_and_one_lock_however_it_is_reached() {
    let lab = Lab::new();
    let tree = lab.add();
    let link = lab.root().join("link");
    std::os::unix::fs::symlink(&lab.repo, &link).unwrap();
    for from in [&lab.repo, &lab.repo.join("src"), &link, &link.join("src"), &tree.path, &tree.path.join("src")] {
        assert_eq!(lab.git.repository(from).unwrap(), lab.repo, "{from:?}");
    }
    let by_link = Tree { repo: link, ..tree };
    assert_eq!(lab.git.intact(&by_link.repo, &by_link.path), Intact::Yes);
    assert_eq!(lab.remove(&by_link), Remains::Nothing);
    assert!(lab.repo.join(".git/ganger.lock").exists());
}

#[test]
fn no_repository_is_impossible() {
    let lab = Lab::new();
    for from in [lab.root().join("home"), lab.root().join("nowhere")] {
        assert!(matches!(lab.git.repository(&from), Err(TreeError::Impossible(_))));
    }
}

#[test]
fn g16_a_tree_is_added_to_a_bare_repository() {
    let lab = Lab::new();
    let bare = lab.root().join("bare.git");
    lab.run(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(lab.git.repository(&bare).unwrap(), bare);
    let tree = Tree { repo: bare.clone(), ..lab.tree() };
    Lab::add_with(&lab.git, &tree).unwrap();
    assert_eq!(lab.git.repository(&tree.path).unwrap(), bare);
    assert_eq!(lab.git.intact(&bare, &tree.path), Intact::Yes);
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.run_in(&bare, &["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
}

#[test]
fn g16_an_unborn_head_and_a_missing_base_are_told_apart_before_any_effect() {
    let lab = Lab::empty("repo");
    let Err(TreeError::Impossible(why)) = lab.git.resolve(&lab.repo, "HEAD") else { panic!("resolved") };
    assert!(why.contains("no commit yet"), "{why}");
    let lab = Lab::new();
    for base in ["nowhere", "--all", "HEAD~7", "HEAD:a.txt"] {
        let Err(TreeError::Impossible(why)) = lab.git.resolve(&lab.repo, base) else { panic!("resolved") };
        assert!(why.contains(base), "{why}");
    }
}

#[test]
fn a_base_is_resolved_to_its_commit() {
    let lab = Lab::new();
    let head = lab.head();
    lab.run(&["tag", "--annotate", "--message=x", "v1"]);
    lab.run(&["checkout", "--quiet", "--detach"]);
    for base in ["HEAD", "main", "v1", &head, &head[..10]] {
        assert_eq!(lab.git.resolve(&lab.repo, base).unwrap(), head, "{base}");
    }
    let tree = lab.add();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
}

#[test]
fn n2_branch_names_clash_with_folders_of_others_both_ways() {
    let lab = Lab::new();
    lab.run(&["branch", "ganger"]);
    lab.run(&["branch", "x/y"]);
    for _packed in [false, true] {
        assert_eq!(lab.git.branch(&lab.repo, "ganger").unwrap(), Name::Taken);
        assert_eq!(lab.git.branch(&lab.repo, BRANCH).unwrap(), Name::Clashes);
        assert_eq!(lab.git.branch(&lab.repo, "x").unwrap(), Name::Clashes);
        assert_eq!(lab.git.branch(&lab.repo, "x/yz").unwrap(), Name::Free);
        assert_eq!(lab.git.branch(&lab.repo, "GANGER").unwrap(), Name::Free);
        lab.run(&["pack-refs", "--all"]);
    }
    assert!(matches!(Lab::add_with(&lab.git, &lab.tree()), Err(TreeError::Taken(_))));
    lab.run(&["config", "core.ignorecase", "true"]);
    assert_eq!(lab.git.branch(&lab.repo, "GANGER").unwrap(), Name::Taken);
    assert_eq!(lab.git.branch(&lab.repo, "X").unwrap(), Name::Clashes);
}

#[test]
fn a_tree_is_not_intact_once_it_is_gone_replaced_copied_or_orphaned() {
    let lab = Lab::new();
    let tree = lab.add();
    let intact = |path: &Path| lab.git.intact(&lab.repo, path) == Intact::Yes;
    let copy = lab.root().join("copy");
    run(&Call::new("cp", DEADLINE).args(["-r"]).args([&tree.path, &copy])).unwrap();
    assert!(intact(&tree.path) && !intact(&copy) && !intact(&lab.repo) && !intact(&lab.root().join("home")));
    let admin = lab.repo.join(".git/worktrees/12-fix");
    write(&admin.join("locked"), "initializing\n");
    assert!(!intact(&tree.path));
    std::fs::remove_file(admin.join("locked")).unwrap();
    std::fs::rename(&admin, lab.root().join("pruned")).unwrap();
    assert!(!intact(&tree.path));
}

#[test]
fn g12_git_variables_in_the_environment_have_no_effect() {
    let lab = Lab::new();
    let other = Lab::new();
    let before = other.everything();
    let call = Call::new(std::env::current_exe().unwrap(), DEADLINE)
        .args(["--exact", "git::tests::reading::adds_and_removes", "--ignored"])
        .env("LAB", lab.root())
        .env("GIT_DIR", other.repo.join(".git"))
        .env("GIT_WORK_TREE", &other.repo)
        .env("GIT_INDEX_FILE", other.repo.join(".git/index"))
        .env("GIT_OBJECT_DIRECTORY", other.repo.join(".git/objects"))
        .env("GIT_NAMESPACE", "x");
    let answer = run(&call).unwrap();
    assert!(answer.ok() && answer.text().contains("1 passed"), "{}", answer.text());
    assert_eq!(other.everything(), before);
    assert!(lab.run(&["branch"]).contains("by-another"));
}

#[test]
#[ignore = "the test before this runs it in a process with another environment"]
fn adds_and_removes() {
    let root = std::path::PathBuf::from(std::env::var_os("LAB").unwrap());
    let git = super::hermetic(super::Git::new(DEADLINE), &root);
    let repo = git.repository(&root.join("repo")).unwrap();
    assert_eq!(repo, root.join("repo"));
    let base = git.resolve(&repo, "main").unwrap();
    for branch in ["by-one", "by-another"] {
        let path = root.join(branch);
        let new = super::NewTree { repo: &repo, path: &path, branch, given: None, base: &base };
        git.add(&new, &|| true).unwrap();
        assert_eq!(git.snapshot(&repo, &path).unwrap().head.as_ref(), Some(&base));
    }
}

#[test]
fn g17_a_repository_of_another_user_is_refused_by_name() {
    // Only root can give a folder away; for others the root folder's owner is another user already.
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let lab = Lab::new();
    for path in [lab.repo.clone(), lab.repo.join(".git")] {
        nix::unistd::chown(&path, Some(nix::unistd::Uid::from_raw(12_345)), None).unwrap();
    }
    let Err(TreeError::Impossible(why)) = lab.git.repository(&lab.repo) else { panic!("opened") };
    assert!(why.contains("another user") && why.contains(lab.repo.to_str().unwrap()), "{why}");
    assert!(lab.git.resolve(&lab.repo, "HEAD").is_err());
}

#[test]
fn a_missing_git_is_the_machines_fault() {
    let lab = Lab::new();
    let git = lab.git.clone().with_program("/nowhere/git");
    assert!(matches!(Lab::add_with(&git, &lab.tree()), Err(TreeError::Missing(_))));
    let old = lab.wrapper("*' worktree '*) echo 'error: unknown option' >&2; exit 129;;");
    assert!(matches!(Lab::add_with(&old, &lab.tree()), Err(TreeError::Missing(_))));
}

#[test]
fn what_is_ignored_is_listed_whole_folders_at_once() {
    let lab = Lab::new();
    lab.write(".gitignore", "*.local\n/out/\nmixed/*.o\n");
    lab.commit_all();
    for name in ["x.local", "out/a/b", "out/c", "mixed/a.o", "mixed/a.c", "src/deep/y.local", "new"] {
        write(&lab.repo.join(name), "");
    }
    let found = lab.git.ignored(&lab.repo).unwrap();
    let expected = ["mixed/a.o", "out", "src/deep", "x.local"];
    assert_eq!(found, expected.map(std::path::PathBuf::from));
    let bare = lab.root().join("bare.git");
    lab.run(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(lab.git.ignored(&bare).unwrap(), Vec::<std::path::PathBuf>::new());
}
