//! `remove` destroys nothing that somebody wrote, and leaves what is not ours.

use std::path::Path;

use super::{BRANCH, DEADLINE, Lab, content, write};
use crate::domain::attempt::Tree;
use crate::domain::saga::Remains;
use crate::os::process::{Call, run};
use crate::ports::worktrees::{TreeError, Worktrees as _};

/// Ways to work in a tree, each on its own enough to keep it.
const WORK: [(&str, &str); 16] = [
    ("unstaged", "echo x >> a.txt"),
    ("staged", "echo x >> a.txt; git add a.txt"),
    ("staged and taken back", "echo x > s; git add s; rm s"),
    ("untracked", "echo x > new"),
    ("ignored", "mkdir ignored; echo x > ignored/x"),
    ("deleted", "rm a.txt"),
    ("mode", "chmod +x a.txt"),
    ("link", "rm a.txt; ln -s src/b.txt a.txt"),
    ("commit", "echo x > new; git add new; git commit -qm x"),
    ("detached commit", "git checkout -q --detach; git commit -qm x --allow-empty"),
    ("detached commit left again", "git checkout -q --detach; git commit -qm x --allow-empty; git checkout -q -"),
    ("branch moved", "git branch side; git commit -qm x --allow-empty; git checkout -q side"),
    ("hidden change", "git update-index --assume-unchanged a.txt; echo x >> a.txt"),
    ("skipped change", "git update-index --skip-worktree a.txt; echo x >> a.txt"),
    ("nested repository", "git init -q nested; echo x > nested/x"),
    ("git file in a folder", "echo x > src/.git"),
];

fn work(lab: &Lab, tree: &Tree, script: &str) {
    let mut call = Call::new("sh", DEADLINE).args(["-ec", script]).cwd(&tree.path);
    for (name, value) in super::environment(&lab.root()) {
        call = call.env(name, value);
    }
    for person in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
        call = call.env(person, "person");
    }
    let answer = run(&call).unwrap();
    assert!(answer.ok(), "{script}: {}", answer.complaint());
}

#[test]
fn g14_a_tree_that_holds_work_is_kept() {
    for (kind, script) in WORK {
        let lab = Lab::new();
        let tree = lab.add();
        work(&lab, &tree, script);
        let why = lab.kept(&tree);
        assert!(why.contains("12-fix kept: "), "{kind}: {why}");
    }
}

#[test]
fn g4_a_half_made_tree_that_holds_work_is_kept() {
    // What is only staged, or in a branch, is not lost with the folder's files.
    for (kind, script) in WORK.iter().filter(|(kind, _)| !matches!(*kind, "deleted" | "staged and taken back")) {
        for lock in ["initializing", "index.lock", "no index"] {
            let lab = Lab::new();
            let tree = lab.add();
            work(&lab, &tree, script);
            let admin = lab.repo.join(".git/worktrees/12-fix");
            match lock {
                "initializing" => write(&admin.join("locked"), "initializing\n"),
                "index.lock" => write(&admin.join("index.lock"), ""),
                _ => std::fs::remove_file(admin.join("index")).unwrap(),
            }
            let why = lab.kept(&tree);
            assert!(why.contains("12-fix kept: "), "{kind}, {lock}: {why}");
        }
    }
}

#[test]
fn a_tree_that_ran_or_is_parked_is_never_removed() {
    let lab = Lab::new();
    let tree = Tree { ran: true, ..lab.add() };
    assert!(lab.kept(&tree).contains("was worked in"));
    let tree = Tree { ran: false, parked: Some(lab.root()), ..tree };
    assert!(lab.kept(&tree).contains("is parked"));
}

#[test]
fn g13_a_file_cut_short_beside_a_stale_index_lock_is_no_work() {
    let lab = Lab::new();
    let tree = lab.add();
    write(&lab.repo.join(".git/worktrees/12-fix/index.lock"), "");
    write(&tree.path.join("a.txt"), "on");
    std::fs::remove_file(tree.path.join("src/b.txt")).unwrap();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert!(!tree.path.exists());
}

#[test]
fn a_removal_that_was_killed_is_taken_up() {
    let lab = Lab::new();
    let before = lab.everything();
    for gone in [&["a.txt"][..], &["a.txt", "src/b.txt", ".git"], &[".git"]] {
        let tree = lab.add();
        let mark = format!("ganger: making {}", tree.path.display());
        write(&lab.repo.join(".git/worktrees/12-fix/locked"), &mark);
        for file in gone {
            std::fs::remove_file(tree.path.join(file)).unwrap();
        }
        assert_eq!(lab.remove(&tree), Remains::Nothing);
        assert_eq!(lab.everything(), before);
    }
}

#[test]
fn a_lock_on_a_branch_that_a_killed_git_never_made_is_no_obstacle() {
    let lab = Lab::new();
    let lock = lab.repo.join(format!(".git/refs/heads/{BRANCH}.lock"));
    let leave = || write(&lock, "");
    // Nobody has cleaned up, and it is tried again; or the undo comes first.
    leave();
    let tree = lab.add();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    leave();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert!(!lock.exists());
}

#[test]
fn g4_every_state_between_the_writes_of_an_add_is_cleaned_up() {
    let lab = Lab::new();
    let before = lab.everything();
    // In the order in which git writes them: what is missing when it was killed before.
    let writes = ["locked", "folder", "gitdir", ".git", "HEAD"];
    for count in 1..=writes.len() {
        let path = lab.path();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        lab.run(&[
            "-c",
            "core.logAllRefUpdates=true",
            "-c",
            "user.name=x",
            "update-ref",
            "--create-reflog",
            &format!("refs/heads/{BRANCH}"),
            "HEAD",
        ]);
        let log = lab.repo.join(".git/logs/refs/heads").join(BRANCH);
        let text = std::fs::read_to_string(&log).unwrap().replace("person <person>", "ganger <add@ganger.invalid>");
        std::fs::write(&log, text).unwrap();
        let admin = lab.repo.join(".git/worktrees/12-fix");
        for name in &writes[..count] {
            match *name {
                "locked" => write(&admin.join("locked"), &format!("ganger: making {}\n", path.display())),
                "folder" => std::fs::create_dir_all(&path).unwrap(),
                "gitdir" => write(&admin.join("gitdir"), &format!("{}/.git\n", path.display())),
                ".git" => write(&path.join(".git"), &format!("gitdir: {}\n", admin.display())),
                _ => write(&admin.join("HEAD"), "ref: refs/heads/.invalid\n"),
            }
        }
        assert_eq!(lab.remove(&lab.tree()), Remains::Nothing, "{count}");
        assert!(!path.exists());
        assert_eq!(lab.everything(), before, "{count}");
    }
}

#[test]
fn g7_a_record_whose_folder_is_gone_is_forgotten_unless_its_volume_may_be() {
    let lab = Lab::new();
    let before = lab.everything();
    let tree = lab.add();
    std::fs::rename(lab.root().join("trees"), lab.root().join("unmounted")).unwrap();
    let Remains::Kept(why) = lab.remove(&tree) else { panic!("forgotten") };
    assert!(why.contains("not mounted"), "{why}");
    std::fs::create_dir_all(tree.path.parent().unwrap()).unwrap();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn g9_trees_branches_and_records_of_others_are_left() {
    let lab = Lab::new();
    let other = lab.root().join("other");
    lab.run(&["worktree", "add", "--quiet", "-b", "other", other.to_str().unwrap()]);
    std::fs::rename(&other, lab.root().join("moved")).unwrap();
    let before = lab.run(&["worktree", "list", "--porcelain"]);
    let tree = lab.add();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.run(&["worktree", "list", "--porcelain"]), before);

    // A person's tree at our path, on a branch of our name.
    lab.run(&["worktree", "add", "--quiet", "-b", BRANCH, tree.path.to_str().unwrap()]);
    assert!(lab.kept(&tree).contains("another process"));
    let locked = Tree { path: lab.root().join("l"), branch: "ganger/l".to_owned(), ..lab.tree() };
    Lab::add_with(&lab.git, &locked).unwrap();
    lab.run(&["worktree", "lock", "--reason", "mine", locked.path.to_str().unwrap()]);
    assert!(lab.kept(&locked).contains("locked: mine"));
}

#[test]
fn g15_a_branch_in_use_elsewhere_or_moved_is_kept_when_its_tree_is_gone() {
    let lab = Lab::new();
    let tree = lab.add();
    std::fs::remove_dir_all(&tree.path).unwrap();
    std::fs::remove_dir_all(lab.repo.join(".git/worktrees")).unwrap();
    lab.run(&["checkout", "--quiet", BRANCH]);
    assert!(lab.kept(&tree).contains("checked out at"));
    lab.run(&["commit", "--quiet", "--allow-empty", "--message=x"]);
    lab.run(&["checkout", "--quiet", "main"]);
    assert!(lab.kept(&tree).contains("moved"));
    lab.run(&["branch", "--force", BRANCH, "main"]);
    assert!(lab.kept(&tree).contains("elsewhere meanwhile"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_tree_that_a_process_stands_in_is_busy() {
    let lab = Lab::new();
    let tree = lab.add();
    let fifo = lab.root().join("fifo");
    run(&Call::new("mkfifo", DEADLINE).args([&fifo])).unwrap();
    std::thread::scope(|scope| {
        let stands = scope.spawn(|| {
            run(&Call::new("sh", DEADLINE).args(["-c", "echo in > \"$0\"; cat \"$0\""]).args([&fifo]).cwd(&tree.path))
        });
        assert_eq!(std::fs::read_to_string(&fifo).unwrap(), "in\n");
        let refused = lab.git.remove(&tree, &|| true);
        let parked = lab.park(&tree, &tree.owner, Path::new("/nowhere"));
        std::fs::write(&fifo, "go").unwrap();
        stands.join().unwrap().unwrap();
        for refused in [refused.map(drop), parked.map(drop)] {
            assert!(matches!(&refused, Err(TreeError::Busy(who)) if who.contains("stands in")), "{refused:?}");
        }
    });
    assert!(!content(&tree.path).is_empty());
    assert_eq!(lab.remove(&tree), Remains::Nothing);
}

#[test]
fn g11_a_submodules_files_are_somebodys() {
    let lab = Lab::new();
    let other = Lab::new();
    let file = "protocol.file.allow=always";
    lab.run(&["-c", file, "submodule", "--quiet", "add", other.repo.to_str().unwrap(), "sub"]);
    lab.commit_all();
    let tree = lab.add();
    lab.run_in(&tree.path, &["-c", file, "submodule", "--quiet", "update", "--init"]);
    assert!(lab.kept(&tree).contains("modules"));
}
