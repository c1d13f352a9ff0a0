//! Work comes home as git would bring it, and nothing else of the user's changes.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Lab, content, write};
use crate::domain::merge::{Built, Contained, Home, Method, Target};
use crate::ports::merges::{Build, Merges as _, Moved};
use crate::ports::worktrees::TreeError;

const TOPIC: &str = "ganger/12-fix";

impl Lab {
    /// A repository whose user is known, with a branch of work that has one more commit.
    fn with_work() -> Self {
        let lab = Self::new();
        lab.run(&["config", "user.name", "Ann"]);
        lab.run(&["config", "user.email", "ann@example.org"]);
        lab.run(&["branch", TOPIC]);
        lab.work("work.txt", "work\n");
        lab
    }

    /// Commits a file on the branch of the work, without touching the checkout.
    fn work(&self, file: &str, text: &str) {
        self.commit_on(TOPIC, file, Some(text));
    }

    fn commit_on(&self, branch: &str, file: &str, text: Option<&str>) {
        let aside = self.root().join("aside");
        self.run(&["worktree", "add", "--quiet", aside.to_str().unwrap(), branch]);
        match text {
            Some(text) => write(&aside.join(file), text),
            None => std::fs::remove_file(aside.join(file)).unwrap(),
        }
        self.run_in(&aside, &["add", "--all", "--force"]);
        self.run_in(&aside, &["commit", "--quiet", "--allow-empty", "--message", &format!("{branch}: {file}")]);
        self.run(&["worktree", "remove", "--force", aside.to_str().unwrap()]);
    }

    fn tip(&self, branch: &str) -> String {
        self.run(&["rev-parse", branch])
    }

    fn target(&self, branch: &str) -> Target {
        self.git.target(&self.repo, branch).unwrap().unwrap()
    }

    fn build(&self, method: Method) -> Built {
        self.build_on(&self.target("main"), method)
    }

    fn build_on(&self, target: &Target, method: Method) -> Built {
        let work = self.tip(TOPIC);
        let build =
            Build { repo: &self.repo, target, work: &work, since: None, method, message: "Bring it home", hooks: true };
        self.git.build(&build, None).unwrap()
    }

    fn made(&self, method: Method) -> String {
        let Built::Made { commit, in_the_way } = self.build(method) else { panic!("not made") };
        assert_eq!(in_the_way, [""; 0]);
        commit
    }

    /// Everything of the user's: files, index, HEAD, stash, configuration, references. Not objects, nor our locks.
    fn users(&self) -> (BTreeMap<PathBuf, String>, String) {
        let is_locks =
            |path: &Path| path.file_name().is_some_and(|name| name == "ganger.lock" || name == "ganger-merge.lock");
        let files = content(&self.repo).into_iter();
        let files = files.filter(|(path, _)| !path.starts_with(".git/objects") && !is_locks(path));
        let files = files.map(|(path, bytes)| (path, bytes.escape_ascii().to_string()));
        (files.collect(), self.run(&["worktree", "list", "--porcelain"]))
    }

    fn hook(&self, name: &str, script: &str) {
        let path = self.repo.join(".git/hooks").join(name);
        write(&path, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn advance(lab: &Lab, target: &Target, to: &str) -> Moved {
    lab.git.advance(&lab.repo, target, to, "merge it").unwrap()
}

#[test]
fn building_changes_nothing_of_the_users() {
    let lab = Lab::with_work();
    lab.commit_on("main~0", "x", Some("x")); // a detached commit, for objects that nobody refers to
    lab.write("a.txt", "dirty\n");
    lab.write("untracked", "mine\n");
    lab.run(&["add", "untracked"]);
    let before = lab.users();
    for method in Method::ALL {
        assert!(matches!(lab.build(*method), Built::Made { .. }), "{method}");
        assert_eq!(lab.users(), before, "{method}");
    }
    let left: Vec<_> = std::fs::read_dir(lab.root().join("views")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_branch_that_is_checked_out_nowhere_moves_alone() {
    let lab = Lab::with_work();
    lab.run(&["checkout", "--quiet", "-b", "elsewhere"]);
    let target = lab.target("main");
    assert_eq!(target.home, Home::Nowhere);
    let Built::Made { commit, .. } = lab.build_on(&target, Method::Squash) else { panic!("not made") };
    let (files, _) = lab.users();
    assert_eq!(advance(&lab, &target, &commit), Moved::Yes);
    assert_eq!(lab.tip("main"), commit);
    let (mut after, mut before) = (lab.users().0, files);
    for name in [".git/refs/heads/main", ".git/logs/refs/heads/main"] {
        assert_ne!(after.remove(Path::new(name)), before.remove(Path::new(name)));
    }
    assert_eq!(after, before);
    assert_eq!(lab.run(&["log", "-1", "--format=%an <%ae> %s", "main"]), "Ann <ann@example.org> Bring it home");
    // From where it was seen, and from nowhere else.
    assert_eq!(advance(&lab, &target, &lab.tip(TOPIC)), Moved::Elsewhere);
    assert_eq!(lab.tip("main"), commit);
}

#[test]
fn a_clean_checkout_follows_and_what_is_dirty_beside_stays() {
    let lab = Lab::with_work();
    lab.write("src/b.txt", "mine\n");
    lab.write("staged", "mine\n");
    lab.run(&["add", "staged"]);
    let commit = lab.made(Method::Merge);
    assert_eq!(advance(&lab, &lab.target("main"), &commit), Moved::Yes);
    assert_eq!(lab.head(), commit);
    assert_eq!(lab.run(&["status", "--porcelain"]), " M src/b.txt\nA  staged");
    assert_eq!(std::fs::read_to_string(lab.repo.join("work.txt")).unwrap(), "work\n");
}

#[test]
fn g65_what_would_be_overwritten_is_named_and_nothing_moves() {
    for (name, prepare) in [
        ("a.txt", Box::new(|lab: &Lab| lab.write("a.txt", "mine\n")) as Box<dyn Fn(&Lab)>),
        (
            "staged",
            Box::new(|lab| {
                lab.write("staged", "mine\n");
                lab.run(&["add", "staged"]);
            }),
        ),
        ("untracked", Box::new(|lab| lab.write("untracked", "mine\n"))),
        ("ignored/file", Box::new(|lab| lab.write("ignored/file", "mine\n"))),
        ("deep/file", Box::new(|lab| lab.write("deep", "mine\n"))),
    ] {
        let lab = Lab::with_work();
        lab.work(name, "theirs\n");
        let commit = lab.made(Method::Merge);
        let target = lab.target("main");
        prepare(&lab);
        let before = lab.users();
        let Built::Made { in_the_way, .. } = lab.build(Method::Merge) else { panic!("not made") };
        assert_eq!(in_the_way, [name]);
        // Written after it was built.
        assert_eq!(advance(&lab, &target, &commit), Moved::InTheWay(vec![name.to_owned()]));
        assert_eq!(lab.users(), before, "{name}");
    }
}

#[test]
fn g65_what_is_written_at_the_very_moment_is_not_overwritten() {
    for (file, write) in
        [("a.txt", "echo mine >a.txt"), ("work.txt", "echo mine >work.txt"), ("x.log", "echo mine >x.log")]
    {
        let lab = Lab::with_work();
        lab.work(file, "theirs\n");
        let commit = lab.made(Method::Merge);
        let target = lab.target("main");
        let git = lab.wrapper(&format!("*' --ff-only '*) {write};;"));
        let moved = git.advance(&lab.repo, &target, &commit, "merge it").unwrap();
        assert_eq!(moved, Moved::InTheWay(vec![file.to_owned()]));
        assert_eq!(lab.tip("main"), target.tip);
        assert_eq!(std::fs::read_to_string(lab.repo.join(file)).unwrap(), "mine\n");
        lab.run(&["checkout", "--quiet", "--", "."]);
        std::fs::remove_file(lab.repo.join(file)).ok();
        lab.run(&["checkout", "--quiet", "--", "."]);
        assert_eq!(advance(&lab, &target, &commit), Moved::Yes, "a second try works");
    }
}

#[test]
fn g61_a_checkout_that_stopped_half_way_is_taken_back() {
    let lab = Lab::with_work();
    for (file, text) in [("a.txt", Some("theirs\n")), ("src/b.txt", Some("theirs\n")), (".gitignore", None)] {
        lab.commit_on(TOPIC, file, text);
    }
    lab.work("new/deep/file", "theirs, and long\n");
    lab.write("mine", "mine\n");
    let commit = lab.made(Method::Merge);
    let (target, before) = (lab.target("main"), lab.users());
    // What a git has done by the time that the disk is full.
    let half = "printf 'theirs\\n' >a.txt; rm src/b.txt .gitignore; mkdir -p new/deep; printf thei >new/deep/file";
    let git = lab.wrapper(&format!("*' --ff-only '*) {half}; echo disk full >&2; exit 128;;"));
    let moved = git.advance(&lab.repo, &target, &commit, "merge it").unwrap();
    assert_eq!(moved, Moved::No("disk full".to_owned()));
    let (mut after, mut before) = (lab.users(), before);
    // The index knows when the files were written.
    for users in [&mut after, &mut before] {
        users.0.remove(Path::new(".git/index"));
    }
    assert_eq!(after, before);
    assert_eq!(lab.run(&["status", "--porcelain"]), "?? mine");
    assert_eq!(advance(&lab, &target, &commit), Moved::Yes, "a second try works");
}

/// A branch that can't be moved after its checkout was: `hinder` and what takes the hindrance away.
fn moves_back_and_then_forth(hinder: &dyn Fn(&Lab), free: &dyn Fn(&Lab)) {
    let lab = Lab::with_work();
    lab.work("new/file", "theirs\n");
    lab.work("a.txt", "theirs\n");
    lab.commit_on(TOPIC, ".gitignore", None);
    lab.write("src/b.txt", "mine\n");
    lab.write("staged", "mine\n");
    lab.run(&["add", "staged"]);
    let (target, commit) = (lab.target("main"), lab.made(Method::Merge));
    let show = |lab: &Lab| (lab.run(&["status", "--porcelain"]), lab.run(&["diff", "HEAD"]), lab.tip("main"));
    let before = show(&lab);
    hinder(&lab);
    let moved = advance(&lab, &target, &commit);
    assert!(matches!(&moved, Moved::No(why) if !why.contains("half-way")), "{moved:?}");
    free(&lab);
    assert_eq!(show(&lab), before);
    assert!(!lab.repo.join("new").exists());
    assert_eq!(advance(&lab, &target, &commit), Moved::Yes, "a second try works");
    assert_eq!(std::fs::read_to_string(lab.repo.join("src/b.txt")).unwrap(), "mine\n");
}

#[test]
fn g63_a_hook_that_refuses_the_move_itself_undoes_everything() {
    let refuses = "while read -r old new name; do [ $1-$name != prepared-refs/heads/main ] || exit 1; done";
    let hook = |lab: &Lab| lab.hook("reference-transaction", refuses);
    moves_back_and_then_forth(&hook, &|lab| {
        std::fs::remove_file(lab.repo.join(".git/hooks/reference-transaction")).unwrap();
    });
}

#[test]
fn g64_a_branch_that_is_locked_is_told_and_nothing_is_half_done() {
    let lock = ".git/refs/heads/main.lock";
    moves_back_and_then_forth(&|lab| lab.write(lock, ""), &|lab| std::fs::remove_file(lab.repo.join(lock)).unwrap());
    let lab = Lab::with_work();
    lab.run(&["checkout", "--quiet", "--detach"]);
    lab.write(lock, "");
    let (target, commit) = (lab.target("main"), lab.made(Method::Merge));
    let moved = advance(&lab, &target, &commit);
    assert!(matches!(&moved, Moved::No(why) if why.contains("main.lock")), "{moved:?}");
}

#[test]
fn what_somebody_wrote_where_it_stopped_half_way_is_kept_and_named() {
    let lab = Lab::with_work();
    lab.work("a.txt", "theirs\n");
    let commit = lab.made(Method::Merge);
    let git = lab.wrapper("*' --ff-only '*) echo mine >a.txt; echo disk full >&2; exit 128;;");
    let moved = git.advance(&lab.repo, &lab.target("main"), &commit, "merge it").unwrap();
    assert_eq!(moved, Moved::No("disk full; it was left half-way in a.txt".to_owned()));
    assert_eq!(std::fs::read_to_string(lab.repo.join("a.txt")).unwrap(), "mine\n");
}

#[test]
fn g66_conflicts_are_found_before_anything_changes_and_named() {
    let lab = Lab::with_work();
    lab.work("a.txt", "theirs\n");
    lab.work("src/b.txt", "theirs\n");
    lab.write("a.txt", "ours\n");
    lab.run(&["rm", "--quiet", "src/b.txt"]);
    lab.commit_all();
    let before = lab.users();
    for method in [Method::Merge, Method::Squash] {
        assert_eq!(lab.build(method), Built::Conflicts(vec!["a.txt".to_owned(), "src/b.txt".to_owned()]), "{method}");
    }
    // One commit after the other: the first in which there is one.
    assert_eq!(lab.build(Method::Rebase), Built::Conflicts(vec!["a.txt".to_owned()]));
    assert_eq!(lab.build(Method::FastForward), Built::Diverged);
    assert_eq!(lab.users(), before);
}

#[test]
fn g64_a_branch_in_use_is_told_with_the_reason() {
    let lab = Lab::with_work();
    let busy = |lab: &Lab| match lab.target("main").home {
        Home::Busy(_, why) => why,
        home => panic!("{home:?}"),
    };
    lab.work("a.txt", "theirs\n");
    lab.write("a.txt", "ours\n");
    lab.commit_all();
    lab.try_in(&lab.repo, &["merge", TOPIC]);
    assert_eq!(busy(&lab), "a merge is under way");
    lab.run(&["merge", "--abort"]);
    lab.try_in(&lab.repo, &["rebase", TOPIC]);
    assert_eq!(busy(&lab), "a rebase is under way");
    lab.run(&["rebase", "--abort"]);
    lab.try_in(&lab.repo, &["cherry-pick", &format!("main..{TOPIC}")]);
    assert_eq!(busy(&lab), "a cherry-pick is under way");
    lab.run(&["cherry-pick", "--abort"]);
    lab.run(&["bisect", "start"]);
    assert!(matches!(lab.target("main").home, Home::At(_)));
    lab.run(&["bisect", "reset"]);
    let second = lab.root().join("second");
    lab.run(&["worktree", "add", "--quiet", "--force", second.to_str().unwrap(), "main"]);
    assert_eq!(lab.target("main").home, Home::Several(vec![lab.repo.clone(), second.clone()]));
    lab.run(&["checkout", "--quiet", "--detach"]);
    assert_eq!(lab.target("main").home, Home::At(second.clone()));
    std::fs::remove_dir_all(&second).unwrap();
    assert_eq!(busy(&lab), "that folder is gone (git worktree prune)");
}

#[test]
fn g62_a_checkout_that_moved_meanwhile_is_told() {
    let lab = Lab::with_work();
    let (target, commit) = (lab.target("main"), lab.made(Method::Merge));
    lab.write("b", "b");
    lab.commit_all();
    assert_eq!(advance(&lab, &target, &commit), Moved::Elsewhere);
    // Back where it was, but on another branch, which is nobody's to move.
    lab.run(&["checkout", "--quiet", "-b", "other", "main~1"]);
    lab.run(&["branch", "--force", "main", "main~1"]);
    assert_eq!(advance(&lab, &target, &commit), Moved::Elsewhere);
    assert_eq!(lab.tip("other"), target.tip);
}

#[test]
fn g63_hooks_that_refuse_undo_everything_and_what_they_said_is_told() {
    for (hook, method) in [
        ("pre-merge-commit", Method::Merge),
        ("prepare-commit-msg", Method::Merge),
        ("commit-msg", Method::Merge),
        ("pre-commit", Method::Squash),
        ("commit-msg", Method::Squash),
        ("pre-rebase", Method::Rebase),
    ] {
        let lab = Lab::with_work();
        lab.write("b", "b");
        lab.commit_all();
        lab.hook(hook, "echo no ticket >&2; exit 1");
        let before = lab.users();
        let Built::Hook { name, said } = lab.build(method) else { panic!("{hook} of {method} was not asked") };
        assert_eq!(name, hook);
        assert!(said.starts_with("no ticket"), "{said}");
        assert_eq!(lab.users(), before);
        lab.hook(hook, "exit 0");
        lab.made(method);
    }
}

#[test]
fn hooks_see_the_result_and_are_those_of_the_checkout() {
    let lab = Lab::with_work();
    // What the work brings along is no hook of the user's.
    lab.run(&["config", "core.hooksPath", "hooks"]);
    lab.work("hooks/pre-merge-commit", "#!/bin/sh\nexit 1\n");
    lab.write("b", "b");
    lab.commit_all();
    let seen = lab.root().join("seen");
    let lists = format!("ls >{}; cat \"$0\" >/dev/null", seen.display());
    write(&lab.repo.join("hooks/commit-msg"), &format!("#!/bin/sh\n{lists}\necho Ticket: 7 >>\"$1\"\n"));
    let path = lab.repo.join("hooks/commit-msg");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let commit = lab.made(Method::Merge);
    assert!(std::fs::read_to_string(seen).unwrap().lines().any(|name| name == "work.txt"));
    assert!(lab.run(&["log", "-1", "--format=%B", &commit]).contains("Ticket: 7"));
}

#[test]
fn a_hook_after_the_merge_runs_once_where_the_branch_is_checked_out() {
    let lab = Lab::with_work();
    lab.write("b", "b");
    lab.commit_all();
    lab.hook("post-merge", "pwd >>../post-merge");
    let commit = lab.made(Method::Merge);
    assert_eq!(advance(&lab, &lab.target("main"), &commit), Moved::Yes);
    let ran = std::fs::read_to_string(lab.root().join("post-merge")).unwrap();
    assert_eq!(ran.trim_end(), lab.repo.to_str().unwrap());
}

#[test]
fn a_check_looks_at_the_merged_files() {
    let lab = Lab::with_work();
    lab.write("b", "b");
    lab.commit_all();
    let (target, work) = (lab.target("main"), lab.tip(TOPIC));
    for method in Method::ALL.iter().copied().filter(|method| *method != Method::FastForward) {
        let message = "x";
        let build = Build { repo: &lab.repo, target: &target, work: &work, since: None, method, message, hooks: false };
        let mut seen = Vec::new();
        let mut check = |path: &Path| {
            seen.extend(["b", "work.txt", "a.txt"].map(|name| path.join(name).exists()));
            Err("no".to_owned())
        };
        assert_eq!(lab.git.build(&build, Some(&mut check)).unwrap(), Built::Unverified("no".to_owned()));
        assert_eq!(seen, [true; 3]);
    }
}

#[test]
fn a_merge_follows_the_users_settings() {
    let lab = Lab::with_work();
    assert_eq!(lab.made(Method::Merge), lab.tip(TOPIC));
    lab.run(&["config", "merge.ff", "false"]);
    assert_ne!(lab.made(Method::Merge), lab.tip(TOPIC));
    lab.run(&["config", "merge.ff", "true"]);
    // A stash is the user's, too.
    lab.run(&["config", "merge.autoStash", "true"]);
    lab.work("a.txt", "theirs\n");
    let commit = lab.made(Method::Merge);
    lab.write("a.txt", "mine\n");
    assert_eq!(advance(&lab, &lab.target("main"), &commit), Moved::InTheWay(vec!["a.txt".to_owned()]));
    assert_eq!(lab.run(&["stash", "list"]), "");
    // A key that is not there: git's own refusal.
    lab.run(&["config", "commit.gpgSign", "true"]);
    lab.run(&["config", "gpg.program", "/bin/false"]);
    let (target, work) = (lab.target("main"), lab.tip(TOPIC));
    let build = Build {
        repo: &lab.repo,
        target: &target,
        work: &work,
        since: None,
        method: Method::Squash,
        message: "x",
        hooks: true,
    };
    let Err(TreeError::Failed { why, .. }) = lab.git.build(&build, None) else { panic!("signed") };
    assert!(why.contains("gpg failed to sign"), "{why}");
}

#[test]
fn g60_what_a_killed_merge_left_is_removed_by_the_next() {
    let lab = Lab::with_work();
    let left = lab.root().join("views/merge-1-0");
    let words = ["worktree", "add", "--quiet", "--detach", "--lock", "--reason", "ganger: merging"];
    lab.run(&[words.as_slice(), &[left.to_str().unwrap(), TOPIC]].concat());
    // A half-made one has no path yet.
    let half = lab.repo.join(".git/worktrees/merge-2-0");
    write(&half.join("locked"), "ganger: merging\n");
    // Its scripts, of a process that can't be; and those of one that lives.
    let (dead, alive) = (
        lab.root().join("views/merge-2147483646-1"),
        lab.root().join(format!("views/merge-{}-77", nix::unistd::getpid())),
    );
    write(&dead.join("commit-msg"), "");
    write(&alive.join("commit-msg"), "");
    lab.made(Method::Squash);
    assert!(!left.exists() && !half.exists() && !dead.exists() && alive.exists());
    assert!(!lab.run(&["worktree", "list"]).contains("merge-"));
}

#[test]
fn two_merges_at_once_wait_for_each_other() {
    let lab = Lab::with_work();
    let (target, work) = (lab.target("main"), lab.tip(TOPIC));
    let build = Build {
        repo: &lab.repo,
        target: &target,
        work: &work,
        since: None,
        method: Method::Squash,
        message: "x",
        hooks: true,
    };
    let mut refused = None;
    let hasty = lab.git.clone().with_patience(std::time::Duration::from_millis(20));
    let mut check = |_: &Path| {
        refused = Some(hasty.build(&build, None).unwrap_err());
        Ok(())
    };
    assert!(matches!(lab.git.build(&build, Some(&mut check)).unwrap(), Built::Made { .. }));
    assert!(matches!(refused, Some(TreeError::Busy(_))), "{refused:?}");
}

#[test]
fn a_branch_is_deleted_only_where_it_is_ours_and_where_it_was() {
    let lab = Lab::new();
    let mut tree = lab.add();
    let tip = lab.tip(TOPIC);
    let delete = |tip: &str, parked: Option<&Path>| lab.git.delete_branch(&lab.repo, TOPIC, tip, parked).unwrap();
    assert!(!delete(&tip, None), "it is HEAD of its tree");
    tree.ran = true;
    let trash = tree.trash();
    let parked = lab.park(&tree, &super::attempt(1), &trash).unwrap().unwrap();
    assert!(!delete(&lab.tip("main~0").replace(|_: char| true, "1"), Some(&parked)), "it is elsewhere");
    assert!(delete(&tip, Some(&parked)));
    assert_eq!(lab.run(&["branch", "--list", TOPIC]), "");
    assert_eq!(lab.run_in(&parked, &["rev-parse", "HEAD"]), tip);
    lab.run(&["branch", "mine"]);
    assert!(!lab.git.delete_branch(&lab.repo, "mine", &tip, None).unwrap(), "it is somebody's");
}

#[test]
fn uncommitted_work_is_named_and_committed_on_request() {
    let lab = Lab::new();
    lab.run(&["config", "user.name", "Ann"]);
    lab.run(&["config", "user.email", "ann@example.org"]);
    lab.write("gone.txt", "x");
    lab.commit_all();
    let tree = lab.add();
    let names = || lab.git.uncommitted(&lab.repo, &tree.path).unwrap();
    assert_eq!(names(), [""; 0]);
    write(&tree.path.join("a.txt"), "changed\n");
    write(&tree.path.join("new/file"), "new\n");
    write(&tree.path.join("ignored/file"), "new\n");
    std::fs::remove_file(tree.path.join("gone.txt")).unwrap();
    // Looks unchanged, and is not.
    lab.run_in(&tree.path, &["update-index", "--assume-unchanged", "src/b.txt"]);
    write(&tree.path.join("src/b.txt"), "hidden\n");
    assert_eq!(names(), ["a.txt", "gone.txt", "new/file", "src/b.txt"]);
    lab.run_in(&tree.path, &["update-index", "--no-assume-unchanged", "src/b.txt"]);
    lab.git.commit_all(&lab.repo, &tree.path, "Fix it").unwrap();
    assert_eq!(names(), [""; 0]);
    assert_eq!(lab.run(&["log", "-1", "--format=%an %s", TOPIC]), "Ann Fix it");
    assert!(tree.path.join("ignored/file").exists());
}

fn contained(lab: &Lab) -> Option<Contained> {
    lab.git.contained(&lab.repo, &lab.tip(TOPIC), &lab.tip("main")).unwrap()
}

#[test]
fn merged_work_is_recognised_however_it_was_merged() {
    let merge = |words: &[&str]| {
        let lab = Lab::with_work();
        lab.work("more.txt", "more\n");
        lab.write("b", "b");
        lab.commit_all();
        assert_eq!(contained(&lab), None);
        lab.run(words);
        lab
    };
    assert_eq!(contained(&merge(&["reset", "--quiet", "--hard", TOPIC])), Some(Contained::Same));
    let by_commit = merge(&["merge", "--quiet", "--no-edit", TOPIC]);
    assert_eq!(contained(&by_commit), Some(Contained::Ancestor));
    let squashed = merge(&["merge", "--quiet", "--squash", TOPIC]);
    squashed.commit_all();
    assert_eq!(contained(&squashed), Some(Contained::AddsNothing));
    let picked = merge(&["cherry-pick", &format!("main..{TOPIC}")]);
    assert_eq!(contained(&picked), Some(Contained::AddsNothing));
    // Then the same files go on to change.
    for lab in [squashed, picked] {
        lab.write("work.txt", "something else\n");
        lab.commit_all();
        assert_eq!(contained(&lab), Some(Contained::SamePatch));
    }
    let lab = Lab::with_work();
    lab.commit_on(TOPIC, "work.txt", None);
    assert_eq!(contained(&lab), Some(Contained::NoChange));
    let lab = Lab::with_work();
    lab.write("work.txt", "work\n");
    lab.commit_all();
    assert_eq!(contained(&lab), Some(Contained::SameTree));
}

#[test]
fn work_that_only_looks_like_merged_work_is_not_merged() {
    let lab = Lab::with_work();
    // White space is a change, and so is what is in a binary file.
    lab.commit_on(TOPIC, "a.txt", Some("one\n\tindented\n"));
    lab.write("a.txt", "one\nindented\n");
    lab.commit_all();
    assert_eq!(contained(&lab), None);
    let lab = Lab::with_work();
    lab.commit_on(TOPIC, "binary", Some("\0one"));
    lab.write("work.txt", "work\n");
    lab.commit_all();
    lab.write("binary", "\0two");
    lab.commit_all();
    assert_eq!(contained(&lab), None);
    // Unrelated histories have nothing in common.
    lab.run(&["checkout", "--quiet", "--orphan", "alone"]);
    lab.commit_all();
    lab.run(&["branch", "--force", "main", "alone"]);
    assert_eq!(contained(&lab), None);
}

/// A change on one of the branches.
#[derive(Clone, Debug)]
enum Change {
    Write(usize, String),
    Remove(usize),
    Rename(usize, usize),
}

const FILES: [&str; 4] = ["a.txt", "src/b.txt", "c", "d e/f"];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0..4_usize, "[xy\n]{0,6}").prop_map(|(file, text)| Change::Write(file, text)),
        1 => (0..4_usize).prop_map(Change::Remove),
        1 => (0..4_usize, 0..4_usize).prop_map(|(from, to)| Change::Rename(from, to)),
    ]
}

impl Change {
    fn make(&self, root: &Path) {
        let at = |file: usize| root.join(FILES[file]);
        match self {
            Self::Write(file, text) => write(&at(*file), text),
            Self::Remove(file) => drop(std::fs::remove_file(at(*file))),
            Self::Rename(from, to) => {
                std::fs::create_dir_all(at(*to).parent().unwrap()).unwrap();
                drop(std::fs::rename(at(*from), at(*to)));
            }
        }
    }
}

/// What git itself makes of it in a clone: the commit, or none where it stops.
fn plainly(lab: &Lab, clone: &Path, method: Method) -> Option<Vec<String>> {
    let run = |words: &[&str]| lab.try_in(clone, words).ok();
    let topic = &format!("origin/{TOPIC}");
    let (start, other) =
        if method == Method::Rebase { (topic.as_str(), "origin/main") } else { ("origin/main", topic.as_str()) };
    lab.run_in(clone, &["checkout", "--quiet", "--force", "-B", "run", start]);
    let ok = match method {
        Method::Merge => run(&["merge", "--quiet", "--no-edit", other]),
        Method::FastForward => run(&["merge", "--quiet", "--ff-only", other]),
        Method::Squash => {
            run(&["merge", "--quiet", "--squash", other]) && run(&["commit", "--quiet", "-m", "squashed"])
        }
        Method::Rebase => run(&["rebase", "--quiet", other]),
    };
    let commit = ok.then(|| shape(lab, clone, "HEAD", method));
    run(&["rebase", "--abort"]);
    lab.run_in(clone, &["reset", "--quiet", "--hard"]);
    commit
}

/// What there is to compare of a commit: its tree and parents, or for commits that were made anew trees and messages.
fn shape(lab: &Lab, at: &Path, commit: &str, method: Method) -> Vec<String> {
    let format = if method == Method::Rebase { "%T %an %ad %s" } else { "%T %P" };
    let most = if method == Method::Rebase { "--max-count=20" } else { "--max-count=1" };
    let text = lab.run_in(at, &["log", most, &format!("--format={format}"), commit, "--"]);
    text.lines().map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_is_what_git_makes_of_it(
        ours in proptest::collection::vec(change(), 0..4),
        theirs in proptest::collection::vec(change(), 1..4),
    ) {
        let lab = Lab::new();
        lab.run(&["config", "user.name", "person"]);
        lab.run(&["config", "user.email", "person"]);
        for (branch, changes) in [(TOPIC, &theirs), ("main", &ours)] {
            if branch == TOPIC {
                lab.run(&["checkout", "--quiet", "-b", branch]);
            } else {
                lab.run(&["checkout", "--quiet", branch]);
            }
            for (number, change) in changes.iter().enumerate() {
                change.make(&lab.repo);
                lab.run(&["add", "--all"]);
                lab.run(&["commit", "--quiet", "--allow-empty", "--message", &format!("{branch} {number}")]);
            }
        }
        let before = lab.users();
        let clone = lab.root().join("clone");
        lab.run(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
        let (merged, work, target) = (contained(&lab).is_some(), lab.tip(TOPIC), lab.target("main"));
        for method in Method::ALL.iter().copied() {
            let expected = plainly(&lab, &clone, method);
            let build = Build { repo: &lab.repo, target: &target, work: &work, since: None, method, message: "x", hooks: true };
            // What is merged is not built.
            let built = if merged { None } else { Some(lab.git.build(&build, None).unwrap()) };
            match (&expected, built) {
                (Some(expected), Some(Built::Made { commit, .. })) => {
                    prop_assert_eq!(&shape(&lab, &lab.repo, &commit, method), expected, "{}", method);
                }
                (None, Some(Built::Conflicts(_) | Built::Diverged)) | (_, None) => {}
                (expected, built) => prop_assert!(false, "{}: git {:?}, here {:?}", method, expected, built),
            }
        }
        prop_assert_eq!(lab.users(), before);
    }
}
