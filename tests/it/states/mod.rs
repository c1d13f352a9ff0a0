//! Whatever state a worktree is in, and whatever is done with it: every byte is there afterwards, and everything that
//! hangs on it works.

mod build;
mod look;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ganger::domain::attempt::Tree;
use ganger::domain::id::{AttemptId, TaskId};
use ganger::domain::state::TreeState;
use ganger::git::Git;
use ganger::ports::worktrees::{NewTree, Parking, Worktrees as _};

use self::build::{Built, build, ground};
use self::look::{Looked, look};
use crate::support::{World, finish, results, until};

/// What is done with a tree.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// By the adapter alone: parked, and parked again.
    Park,
    /// By the adapter alone: parked and taken back.
    Restore,
    Remove,
    /// While its agent runs.
    RemoveRunning,
    /// Killed at some time, then done again.
    RemoveKilled,
    RemoveForced,
    /// Removed, and that undone: the task is back, and its tree.
    Undo,
    /// Removed, and given back.
    TrashRestore,
    RetryFresh,
    /// A retry that fails hands the tree back.
    Rollback,
    Archive,
    /// Merged if it can be, and left as it is where not.
    Merge,
    /// Approved and tidied up after: the same.
    Tidy,
}

const ACTS: [Act; 18] = [
    Act::Park,
    Act::Remove,
    Act::Restore,
    Act::RemoveKilled,
    Act::Park,
    Act::RetryFresh,
    Act::Restore,
    Act::RemoveRunning,
    Act::TrashRestore,
    Act::Rollback,
    Act::Park,
    Act::RemoveForced,
    Act::Restore,
    Act::Undo,
    Act::Restore,
    Act::Archive,
    Act::Merge,
    Act::Tidy,
];

struct State<'a> {
    world: &'a World,
    number: usize,
    /// How long a removal takes here.
    removal: &'a Cell<Duration>,
    random: fastrand::Rng,
}

/// What was there before an act, and where it has to be afterwards.
struct Before {
    built: Built,
    looked: Looked,
    tree: PathBuf,
}

impl State<'_> {
    fn build(&mut self, tree: &Path) -> Before {
        let built = build(self.world, tree, &mut self.random);
        Before { looked: look(self.world, tree, &built), built, tree: tree.to_owned() }
    }

    fn same(&self, act: Act, before: &Before, at: &Path) {
        assert!(at == before.tree || !before.tree.exists(), "{act:?}: it is in two places");
        let after = look(self.world, at, &before.built);
        let differ = before.looked.differences(&after);
        assert!(
            differ.is_empty(),
            "state {}, {act:?} of {:?}:\n{}",
            self.number,
            before.built.parts,
            differ.join("\n")
        );
    }

    /// A prune and a collection in every repository, as impatient as can be.
    fn collect(&self) {
        for repo in [self.world.repo(), self.world.path("library")] {
            for args in [&["worktree", "prune", "--expire=now"][..], &["gc", "-q", "--prune=now"]] {
                self.world.run("git", args, &repo);
            }
        }
    }

    fn run(&mut self, act: Act, collected: bool) {
        match act {
            Act::Park | Act::Restore => self.by_the_adapter(act, collected),
            Act::Remove
            | Act::RemoveRunning
            | Act::RemoveKilled
            | Act::RemoveForced
            | Act::Undo
            | Act::TrashRestore
            | Act::RetryFresh
            | Act::Rollback
            | Act::Merge
            | Act::Tidy
            | Act::Archive => self.by_a_command(act, collected),
        }
    }

    fn by_the_adapter(&mut self, act: Act, collected: bool) {
        let git = Git::new(Duration::from_mins(1)).with_env("GIT_CONFIG_GLOBAL", self.world.path("home/.gitconfig"));
        let repo = self.world.repo();
        let path = self.world.path(&format!("trees/repo/state-{}", self.number));
        let tree = Tree {
            branch: format!("state/{}", self.number),
            base: git.resolve(&repo, "main").unwrap(),
            owner: AttemptId::parse(&format!("01980000-0000-7000-8000-{:012x}", self.number)).unwrap(),
            task: TaskId(1),
            state: TreeState::Present,
            given: false,
            ran: true,
            parked: None,
            path: path.clone(),
            repo,
        };
        let new = NewTree {
            repo: &tree.repo,
            path: &path,
            branch: &tree.branch,
            given: tree.given.then_some(&[]),
            base: &tree.base,
        };
        git.add(&new, &|| true).unwrap();
        let before = self.build(&path);
        let trash = tree.trash();
        let parking = Parking { by: &tree.owner, trash: &trash, force: false };
        let park = || git.park(&tree, &parking, &|| true).unwrap().unwrap();
        let parked = park();
        assert_eq!(parked.said, Vec::<String>::new(), "{:?}", before.built.parts);
        self.same(act, &before, &parked.path);
        if collected {
            self.collect();
            self.same(act, &before, &parked.path);
        }
        assert_eq!(park().path, parked.path);
        self.same(act, &before, &parked.path);
        if let Act::Restore = act {
            let back = git.restore(&tree, &|| true).unwrap();
            assert_eq!((back.path, back.said), (path.clone(), Vec::new()));
            self.same(act, &before, &path);
        }
    }

    fn by_a_command(&mut self, act: Act, collected: bool) {
        let world = self.world;
        let id = if let Act::RemoveRunning = act {
            let id = world.dispatch("exec sleep 1000000");
            world.phase(id, "running");
            id
        } else if let Act::Merge | Act::Tidy = act {
            let id = world.dispatch("git commit -q --allow-empty -m work");
            world.settled(id, "review");
            id
        } else {
            let id = world.dispatch("exit 1");
            world.settled(id, "failed");
            id
        };
        let attempt = world.task(id)["attempt"].clone();
        let before = self.build(Path::new(attempt["worktree"].as_str().unwrap()));
        let parked = world.path("data/ganger/worktrees/.trash").join(attempt["id"].as_str().unwrap());
        let name = id.to_string();
        match act {
            Act::Remove => {
                let started = Instant::now();
                world.ok(&["rm", &name]);
                self.removal.set(started.elapsed());
            }
            Act::RemoveForced => drop(world.ok(&["rm", &name, "--force"])),
            Act::RemoveRunning => drop(world.ok(&["rm", &name, "--stop"])),
            Act::RemoveKilled => self.killed(&name),
            Act::Undo => {
                world.ok(&["rm", &name]);
                world.ok(&["undo"]);
            }
            Act::TrashRestore => {
                world.ok(&["rm", &name]);
                self.same(act, &before, &parked);
                world.ok(&["trash", "restore", &name]);
            }
            Act::RetryFresh => drop(world.ok(&["retry", &name, "--fresh"])),
            Act::Archive => drop(world.ok(&["archive", &name])),
            Act::Rollback => {
                world.wrap("tmux", "case \"$*\" in *__agent*) exit 1;; esac; real \"$@\"; exit $?");
                world.fails(5, &["retry", &name]);
                world.unwrap("tmux");
            }
            Act::Merge => drop(world.ganger(&["merge", &name])),
            Act::Tidy => {
                world.ok(&["approve", &name]);
                world.ok(&["tidy"]);
            }
            Act::Park | Act::Restore => {}
        }
        let stays = match act {
            Act::Archive | Act::Rollback | Act::Undo | Act::TrashRestore => true,
            Act::Merge | Act::Tidy => before.tree.exists(),
            _ => false,
        };
        let at = if stays { &before.tree } else { &parked };
        self.same(act, &before, at);
        if collected {
            self.collect();
            self.same(act, &before, at);
        }
    }

    /// A removal that is killed at some time is finished by the next, if it was not over.
    fn killed(&mut self, name: &str) {
        let world = self.world;
        let mut child = world.start(&["rm", name]);
        let (started, delay) = (Instant::now(), self.removal.get().mul_f64(self.random.f64()));
        until("its time", || (started.elapsed() >= delay).then_some(()));
        child.kill().unwrap();
        finish(child);
        until("removed", || matches!(world.ganger(&["rm", name]).code, Some(0 | 3)).then_some(()));
    }
}

/// How many states share a world. Each look takes as long as the repository has trees and objects.
const IN_A_WORLD: usize = 24;

/// Some states in a world of their own, by number.
fn sweep(seed: u64, numbers: std::ops::Range<usize>) {
    let world = World::new();
    ground(&world);
    let removal = Cell::new(Duration::from_millis(100));
    for number in numbers {
        let seed = seed.wrapping_add(number as u64);
        // Each can be made again without those before it.
        let mut state = State { world: &world, number, removal: &removal, random: fastrand::Rng::with_seed(seed) };
        // To collect takes as long as everything else.
        state.run(ACTS[number % ACTS.len()], number % 4 == 1);
    }
    world.audited();
    fs::remove_dir_all(world.path("trees")).ok();
}

#[test]
fn g42_whatever_state_a_tree_is_in_every_byte_and_all_that_hangs_on_it_is_kept() {
    let (seed, states) = (results::seed(), results::size(24, 1000, 5000));
    println!("GANGER_SEED={seed}");
    for first in (0..states).step_by(IN_A_WORLD) {
        sweep(seed, first..states.min(first + IN_A_WORLD));
    }
    let again = format!("GANGER_SEED={seed} make torture");
    let acts = "park, restore, rm, rm --stop, rm --force, rm killed, retry --fresh, rollback, archive, undo, trash restore, \
         merge, tidy";
    results::record(
        "states of a worktree",
        &format!("{states} states: {acts}"),
        "0 bytes lost, 0 repositories broken",
        &again,
    );
}
