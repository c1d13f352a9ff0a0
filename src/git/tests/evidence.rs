//! What counts as a change of a tree, and that to look for one runs nothing of what is found there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{DEADLINE, Lab, attempt, content, write};
use crate::domain::attempt::Tree;
use crate::domain::diff::Part;
use crate::os::process::{Call, run};
use crate::ports::worktrees::{Parking, Snapshot, Worktrees as _};

fn snapshot(lab: &Lab, tree: &Tree) -> Snapshot {
    lab.git.snapshot(&lab.repo, &tree.path).unwrap()
}

/// Whether it changed, asked in a way that leaves tree and git directory alone.
fn changed(lab: &Lab, tree: &Tree, since: &Snapshot) -> bool {
    let look = || (content(&lab.repo.join(".git")), content(&tree.path));
    let before = look();
    let changed = lab.git.changed(&lab.repo, &tree.path, since).unwrap();
    assert!(look() == before, "a look left traces");
    assert_eq!(std::fs::read_dir(lab.root().join("views")).unwrap().count(), 0, "a look left its files");
    changed
}

/// Writes a file of the same bytes anew, with another time.
fn touch(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
    let old = std::fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
    std::fs::File::options().write(true).open(path).unwrap().set_times(old).unwrap();
}

#[test]
fn a_tree_has_changed_when_work_was_done_and_not_before() {
    let lab = Lab::new();
    let tree = lab.add();
    let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
    assert_eq!(fresh, snapshot(&lab, &tree));
    assert_eq!(fresh.head.as_ref(), Some(&tree.base));
    write(&tree.path.join("ignored/x"), "x");
    assert!(!changed(&lab, &tree, &fresh));
    write(&tree.path.join("new.txt"), "x");
    assert!(changed(&lab, &tree, &fresh));
    // What was there when an attempt began is not its work; what it makes of it is.
    let adopted = snapshot(&lab, &tree);
    assert!(!changed(&lab, &tree, &adopted));
    write(&tree.path.join("new.txt"), "y");
    assert!(changed(&lab, &tree, &adopted));
    std::fs::remove_file(tree.path.join("new.txt")).unwrap();
    assert!(changed(&lab, &tree, &adopted) && !changed(&lab, &tree, &fresh));
    write(&tree.path.join("a.txt"), "two\n");
    assert!(changed(&lab, &tree, &fresh));
    lab.run_in(&tree.path, &["add", "--all"]);
    assert!(changed(&lab, &tree, &fresh));
    let staged = snapshot(&lab, &tree);
    lab.run_in(&tree.path, &["reset", "--quiet"]);
    assert!(!changed(&lab, &tree, &staged), "staged or not is the same");
    std::fs::remove_file(tree.path.join("a.txt")).unwrap();
    std::os::unix::fs::symlink("src", tree.path.join("a.txt")).unwrap();
    assert!(changed(&lab, &tree, &staged));
}

#[test]
fn a_commit_is_a_change_wherever_head_is_afterwards() {
    let lab = Lab::new();
    let tree = lab.add();
    let fresh = snapshot(&lab, &tree);
    lab.run_in(&tree.path, &["commit", "--quiet", "--allow-empty", "--message=y"]);
    assert!(changed(&lab, &tree, &fresh));
    lab.run_in(&tree.path, &["checkout", "--quiet", "--detach", &tree.base]);
    assert!(changed(&lab, &tree, &fresh), "it is on the branch");
    lab.run_in(&tree.path, &["checkout", "--quiet", &tree.branch]);
    lab.run_in(&tree.path, &["reset", "--quiet", "--hard", &tree.base]);
    assert!(!changed(&lab, &tree, &fresh));
    lab.run_in(&tree.path, &["branch", "--move", "another-name"]);
    assert!(!changed(&lab, &tree, &fresh), "a name is no work");
    lab.run_in(&tree.path, &["checkout", "--quiet", "--orphan", "none"]);
    assert!(changed(&lab, &tree, &fresh));
}

/// A repository whose files differ on the disk from what git stores, for every reason that git has.
fn converting() -> Lab {
    let lab = Lab::new();
    lab.write("crlf.txt", "a\r\n");
    lab.write("up.up", "LOUD\n");
    lab.write("id.id", "$Id$\n");
    lab.write("wide.wide", "wide\n");
    lab.write("dos.bat", "one\n");
    lab.write("run.sh", "#!/bin/sh\n");
    lab.commit_all();
    let attributes =
        "*.txt text eol=lf\n*.up filter=up\n*.id ident\n*.wide working-tree-encoding=UTF-16\n*.bat eol=crlf\n";
    lab.write(".gitattributes", attributes);
    lab.run(&["config", "filter.up.smudge", "tr A-Z a-z"]);
    lab.run(&["config", "filter.up.clean", "tr a-z A-Z"]);
    lab.run(&["add", ".gitattributes"]);
    lab.run(&["commit", "--quiet", "--message=attributes"]);
    lab
}

const CONVERTED: [&str; 6] = ["crlf.txt", "up.up", "id.id", "wide.wide", "dos.bat", "run.sh"];

#[test]
fn g20_what_only_line_endings_filters_modes_or_the_index_show_as_modified_is_no_change() {
    let lab = converting();
    let tree = lab.add();
    assert_eq!(std::fs::read_to_string(tree.path.join("up.up")).unwrap(), "loud\n");
    assert_eq!(std::fs::read(tree.path.join("dos.bat")).unwrap(), b"one\r\n");
    let index = lab.repo.join(".git/worktrees/12-fix/index");
    let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
    let look = |what: &str| assert!(!changed(&lab, &tree, &fresh), "{what}");
    look("nothing was done");
    for file in CONVERTED {
        touch(&tree.path.join(file));
    }
    look("other times");
    lab.run_in(&tree.path, &["status"]);
    look("git looked itself");
    assert!(lab.run_in(&tree.path, &["status", "--porcelain"]).contains("crlf.txt"), "git shows a change that is none");
    let changed_files = super::comparing::counted(&lab, &tree, Part::Whole);
    assert!(!changed_files.contains_key("crlf.txt"), "{changed_files:?}");
    std::fs::set_permissions(tree.path.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    look("a mode");
    lab.run_in(&tree.path, &["add", "--renormalize", "."]);
    look("staged, normalised");
    lab.run_in(&tree.path, &["update-index", "--assume-unchanged", "a.txt"]);
    look("a flag");
    std::fs::write(&index, "broken").unwrap();
    look("an index that can't be read");
    std::fs::remove_file(&index).unwrap();
    look("no index");
    lab.run(&["config", "core.autocrlf", "true"]);
    look("another setting");
}

#[test]
fn g20_a_change_of_bytes_counts_whatever_hides_it() {
    for hide in [
        &["update-index", "--assume-unchanged"][..],
        &["update-index", "--skip-worktree"],
        &["-c", "core.ignoreStat=true", "add"],
    ] {
        let lab = converting();
        let tree = lab.add();
        let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
        for file in CONVERTED.into_iter().chain(["a.txt"]) {
            let path = tree.path.join(file);
            let before = std::fs::read(&path).unwrap();
            lab.run_in(&tree.path, &[hide, &[file]].concat());
            write(&path, "other\n");
            assert!(changed(&lab, &tree, &fresh), "{hide:?} {file}");
            std::fs::write(&path, before).unwrap();
            assert!(!changed(&lab, &tree, &fresh), "{hide:?} {file}");
        }
    }
}

#[test]
fn g20_in_a_repository_of_crlf_files_only_new_bytes_count() {
    let lab = Lab::new();
    lab.run(&["config", "core.autocrlf", "true"]);
    let tree = lab.add();
    assert_eq!(std::fs::read(tree.path.join("a.txt")).unwrap(), b"one\r\n");
    let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
    touch(&tree.path.join("a.txt"));
    assert!(!changed(&lab, &tree, &fresh));
    write(&tree.path.join("a.txt"), "one\n");
    assert!(changed(&lab, &tree, &fresh));
}

#[test]
fn a_sparse_checkout_is_no_deletion() {
    let lab = Lab::new();
    lab.write("far/away.txt", "away\n");
    lab.commit_all();
    lab.run(&["sparse-checkout", "set", "--sparse-index", "src"]);
    let tree = lab.add();
    let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
    assert!(!tree.path.join("far").exists() && !changed(&lab, &tree, &fresh));
    write(&tree.path.join("far/away.txt"), "work\n");
    assert!(changed(&lab, &tree, &fresh));
}

/// Every way that git knows to run a program, each leading to one that tells: in the repository's configuration,
/// in its hooks and attributes, and in a git directory of the agent's own that the tree's `.git` leads to.
fn boobytrap(lab: &Lab, tree: &Tree) {
    let canary = lab.root().join("ran");
    let script = lab.root().join("trap");
    let text =
        format!("#!/bin/sh\necho \"$0 $*: $(tr '\\0' ' ' < /proc/$PPID/cmdline)\" >> '{}'\ncat\n", canary.display());
    let call = Call::new("sh", DEADLINE).args(["-c", "cat > \"$0\"; chmod +x \"$0\""]).args([&script]);
    assert!(run(&call.stdin(text.into_bytes())).unwrap().ok());
    let trap = script.to_str().unwrap();
    let settings = [
        "filter.e.clean",
        "filter.e.smudge",
        "filter.e.process",
        "diff.e.textconv",
        "diff.e.command",
        "diff.external",
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "merge.e.driver",
        "credential.helper",
        "gpg.program",
        "alias.status",
    ];
    let traps = settings.map(|name| format!("git config {name} {trap}")).join("\n");
    let hooks = "pre-commit post-checkout post-index-change reference-transaction pre-auto-gc fsmonitor-watchman";
    let script = format!(
        "set -e; cd '{}'; {traps}
        git config commit.gpgSign true; git config filter.e.required true
        common=$(git rev-parse --path-format=absolute --git-common-dir); own=$(git rev-parse --absolute-git-dir)
        git config include.path \"$common/more\"; printf '[core]\\nfsmonitor = {trap}\\n' > \"$common/more\"
        mkdir -p \"$common/info\" \"$common/hooks\"; echo '* filter=e diff=e merge=e' > \"$common/info/attributes\"
        for hook in {hooks}; do cp {trap} \"$common/hooks/$hook\"; done
        echo '* filter=e diff=e' > .gitattributes; echo x > x.e; echo y >> a.txt
        mkdir .e; cp -r \"$common\" .e/git; cp \"$own/HEAD\" \"$own/index\" .e/git/
        git config -f .e/git/config core.worktree \"$PWD\"",
        tree.path.display()
    );
    let answer = run(&Call::new("sh", DEADLINE).args(["-c", &script]).env("GIT_CONFIG_NOSYSTEM", "1")).unwrap();
    assert!(answer.ok(), "{}", answer.complaint());
    std::fs::remove_file(&canary).ok();
    lab.try_in(&tree.path, &["status"]);
    std::fs::remove_file(&canary).expect("anybody else's git runs it");
}

#[test]
fn s20_no_look_at_a_tree_runs_what_an_agent_configured() {
    for redirected in [false, true] {
        let lab = Lab::new();
        let tree = Tree { ran: true, ..lab.add() };
        let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
        boobytrap(&lab, &tree);
        if redirected {
            write(&tree.path.join(".git"), &format!("gitdir: {}\n", tree.path.join(".e/git").display()));
        }
        assert!(lab.git.changed(&lab.repo, &tree.path, &fresh).unwrap());
        let adopted = lab.git.snapshot(&lab.repo, &tree.path).unwrap();
        assert!(!lab.git.changed(&lab.repo, &tree.path, &adopted).unwrap());
        let files = super::comparing::counted(&lab, &tree, Part::Whole);
        assert!(files.contains_key("x.e") && files.contains_key("a.txt"), "{files:?}");
        lab.git.intact(&lab.repo, &tree.path);
        lab.git.adopt(&lab.repo, &tree.path).ok();
        lab.git.commits(&lab.repo, &tree.branch, &tree.base).unwrap();
        // Whether it can be parked is another matter.
        let parking = Parking { by: &attempt(1), trash: &lab.root().join("trash"), force: redirected };
        lab.git.park(&tree, &parking, &|| true).ok();
        let ran = std::fs::read_to_string(lab.root().join("ran")).unwrap_or_default();
        assert_eq!(ran, "", "redirected: {redirected}");
    }
}

#[test]
fn s20_a_record_names_the_tree_not_the_file_in_it() {
    let lab = Lab::new();
    let tree = lab.add();
    let fresh = lab.git.fresh(&lab.repo, &tree.path, &tree.base).unwrap();
    std::fs::remove_file(tree.path.join(".git")).unwrap();
    assert!(!changed(&lab, &tree, &fresh));
    lab.run_in(&tree.path, &["init", "--quiet", "."]);
    assert!(!changed(&lab, &tree, &fresh));
    write(&tree.path.join("a.txt"), "work\n");
    assert!(changed(&lab, &tree, &fresh));
    std::fs::remove_dir_all(&tree.path).unwrap();
    assert!(lab.git.changed(&lab.repo, &tree.path, &fresh).is_err(), "what is gone can't be looked at");
}
