//! Whatever is killed, wherever: `remove` cleans up, and the same names can be used at once.

use std::time::{Duration, Instant};

use super::{DEADLINE, Lab, write};
use crate::domain::saga::Remains;
use crate::git::repo_lock::pause;
use crate::os::process::{Call, CallError, run};
use crate::ports::worktrees::{Intact, Worktrees as _};

const FILES: usize = 3_000;

fn large() -> Lab {
    let lab = Lab::empty("repo");
    for number in 0..FILES {
        // Some are long enough to be killed in.
        let text = format!("line {number}\n").repeat(if number % 100 == 7 { 40_000 } else { 10 });
        write(&lab.repo.join(format!("f{}/{number:04}", number / 100)), &text);
    }
    lab.commit_all();
    lab
}

#[test]
fn g1_a_killed_checkout_is_cleaned_up_and_tried_again_at_once() {
    let lab = large();
    let before = lab.everything();
    // Killed as soon as a given file is there.
    let killed = lab.wrapper(
        "*' --reset '*) git \"$@\" & pid=$!
         until [ -e \"$KILL_AT\" ] || ! kill -0 $pid 2>/dev/null; do :; done
         kill -9 $pid 2>/dev/null; wait $pid; exit 137;;",
    );
    let mut torn = 0;
    for round in 0..30 {
        let tree = lab.tree();
        let at = (round * 101 + 7) % FILES;
        let git = killed.clone().with_env("KILL_AT", format!("f{}/{at:04}", at / 100));
        // It may have ended before it could be killed.
        if Lab::add_with(&git, &tree).is_err() {
            torn += 1;
            assert!(matches!(lab.git.intact(&lab.repo, &tree.path), Intact::No(_)));
        }
        assert_eq!(lab.remove(&tree), Remains::Nothing, "round {round}");
        assert!(!tree.path.exists());
    }
    assert!(torn > 10, "only {torn} checkouts were killed half-way");
    let tree = lab.add();
    assert_eq!(lab.remove(&tree), Remains::Nothing);
    assert_eq!(lab.everything(), before);
}

#[test]
fn g1_a_dispatcher_killed_at_any_time_leaves_nothing_that_stays() {
    let lab = large();
    let before = lab.everything();
    let mut ended = 0;
    for round in 0..40 {
        let after = Duration::from_millis(15 + round * 7);
        let call = Call::new(std::env::current_exe().unwrap(), after)
            .args(["--exact", "git::tests::crashing::adds_and_removes_for_ever", "--ignored"])
            .env("LAB", lab.root());
        let tree = lab.tree();
        match run(&call) {
            Err(CallError::Deadline { .. }) => {}
            other => panic!("{other:?}"),
        }
        ended += usize::from(tree.path.exists());
        assert_eq!(lab.remove(&tree), Remains::Nothing, "round {round}");
        Lab::add_with(&lab.git, &tree).unwrap();
        assert_eq!(lab.remove(&tree), Remains::Nothing, "round {round}");
    }
    assert!(ended > 5, "only {ended} were killed at work");
    // A git whose caller was killed lives on, may begin once more, and takes back what it can't finish.
    let began = Instant::now();
    while lab.everything() != before {
        assert!(began.elapsed() < DEADLINE, "something stays: {}", lab.run(&["worktree", "list", "--porcelain"]));
        pause(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "the test before this runs it in a process that it kills"]
fn adds_and_removes_for_ever() {
    let root = std::path::PathBuf::from(std::env::var_os("LAB").unwrap());
    let git = super::hermetic(super::Git::new(DEADLINE), &root);
    let repo = root.join("repo");
    let base = git.resolve(&repo, "main").unwrap();
    let tree = super::tree_at(&root, repo, base);
    loop {
        git.add(&super::new(&tree), &|| true).unwrap();
        git.remove(&tree, &|| true).unwrap();
    }
}
