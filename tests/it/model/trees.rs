//! A worktree and its record, model-checked: two removals, retries that take the tree over or begin anew, and a survey
//! of the reconciler's, in every order, each killed at any step, while a person moves, deletes and unmounts what they
//! like. What a record follows is not modelled: the real `tree::follow` decides.
//!
//! What is one step here is one look at the disk, one look at the database, one write, or one rename. The repository's
//! lock is held over several steps where the program holds it so.
//!
//! That the owner is asked a second time just before the rename is no condition of these properties: whoever takes the
//! tree over waits for the lock, and finds out. It spares a claim that came during the long look before.

mod steps;

use ganger::domain::state::TreeState;
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::support::results::{record, size};
use steps::{Action, Remover, Retry, Survey, enabled, survey_once, take};

/// Attempts at one task: the first one made the tree, and is over.
const ATTEMPTS: u8 = 3;
const REMOVERS: usize = 2;

/// What is wrong with a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// A removal asks for the owner before it takes the repository's lock, and not again.
    OwnerAskedBeforeTheLock,
    /// A removal that reads the record after a claim takes the living owner for the one that it may remove from.
    OwnerMayBeLive,
    /// A claim leaves the tree to the attempt that had it.
    ClaimLeavesTheOwner,
    /// The record says `parked` before the rename, and no survey looks at such records.
    RecordedFirstAndNotSurveyed,
    UnmountedTakenForGone,
}

/// Where the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Disk {
    Path,
    /// In the trash, under the name of this attempt.
    Trash(u8),
    /// git knows it at another place.
    Elsewhere,
    Nowhere,
}

/// The tree's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Record {
    state: TreeState,
    parked: Option<u8>,
    owner: u8,
}

/// What must be seen at least once, lest the rest says nothing.
const SIGHTS: [&str; 4] =
    ["a tree is parked", "a retry runs in the tree", "a tree is gone", "a parked tree comes back"];

/// What must never happen, noted when it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Wrongs {
    /// A removal took the tree away from an attempt that was on its way into it, or in it.
    taken_away: bool,
    /// An agent started while the tree was not there, or while its rename was due.
    started_elsewhere: bool,
    /// `gone` was written while the tree was somewhere.
    lied: bool,
    /// An attempt is in the tree, and another one owns it.
    two_owners: bool,
}

/// One instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    record: Record,
    disk: Disk,
    mounted: bool,
    /// Who holds the repository's lock: a remover, or the survey.
    lock: Option<usize>,
    removers: [Remover; REMOVERS],
    survey: Survey,
    retry: Retry,
    /// The live attempt, and what it took the tree over from, if it did.
    live: Option<(u8, Option<u8>)>,
    /// How many attempts there have been.
    attempts: u8,
    /// An attempt that began anew has run: nobody goes on in this tree any more.
    superseded: bool,
    kills: u8,
    /// How often a person may still touch the tree.
    touches: u8,
    wrongs: Wrongs,
}

#[derive(Clone, Debug)]
struct Trees {
    broken: Broken,
    kills: u8,
    touches: u8,
}

impl Model for Trees {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let world = |state| World {
            record: Record { state, parked: None, owner: 0 },
            disk: Disk::Path,
            mounted: true,
            lock: None,
            removers: [Remover::Idle; REMOVERS],
            survey: Survey::Idle,
            retry: Retry::Idle,
            live: None,
            attempts: 1,
            superseded: false,
            kills: self.kills,
            touches: self.touches,
            wrongs: Wrongs::default(),
        };
        // Its dispatcher may have been killed before it wrote that it had made the tree.
        vec![world(TreeState::Present), world(TreeState::Planned)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        enabled(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        take(self.broken, &mut next, action);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no tree is taken away from its owner", |_, world: &World| !world.wrongs.taken_away),
            Property::always("agents start in their tree", |_, world: &World| !world.wrongs.started_elsewhere),
            Property::always("gone is nowhere", |_, world: &World| !world.wrongs.lied),
            Property::always("one owner", |_, world: &World| !world.wrongs.two_owners),
            Property::always("whatever is killed now, one survey suffices", |model: &Self, world: &World| {
                is_right(&settled(model, world))
            }),
            Property::always("a second survey changes nothing", |model: &Self, world: &World| {
                let once = settled(model, world);
                settled(model, &once).record == once.record
            }),
            Property::always("what is unmounted changes nothing", |model: &Self, world: &World| {
                let away = World { mounted: false, ..world.clone() };
                settled(model, &away).record == killed(&away).record
            }),
            Property::sometimes(SIGHTS[0], |_, world: &World| world.record.state == TreeState::Parked),
            Property::sometimes(SIGHTS[1], |_, world: &World| matches!(world.retry, Retry::Works(_))),
            Property::sometimes(SIGHTS[2], |_, world: &World| world.record.state == TreeState::Gone),
            Property::sometimes(SIGHTS[3], |_, world: &World| matches!(world.survey, Survey::Write { back: true, .. })),
        ]
    }
}

/// Every process of ours is gone, agents excepted. What a killed dispatcher had claimed is given back.
fn killed(world: &World) -> World {
    let mut world = world.clone();
    (0..REMOVERS).for_each(|remover| world.lose_remover(remover));
    world.lose_survey();
    if !matches!(world.retry, Retry::Works(_)) {
        world.give_back();
    }
    world
}

/// The world after a whole survey with nobody else moving.
fn settled(model: &Trees, world: &World) -> World {
    let mut world = killed(world);
    survey_once(model.broken, &mut world);
    world
}

/// The record says where the tree is, as far as that can be looked at.
fn is_right(world: &World) -> bool {
    let at_work = matches!(world.retry, Retry::Works(_));
    let Record { state, parked, .. } = world.record;
    match world.disk {
        _ if !world.mounted => true,
        Disk::Path => state == TreeState::Present,
        Disk::Trash(by) => (state, parked) == (TreeState::Parked, Some(by)),
        // It is said, and a person decides.
        Disk::Elsewhere => true,
        Disk::Nowhere => at_work || state == TreeState::Gone,
    }
}

fn check(broken: Broken, (kills, touches): (u8, u8), until: HasDiscoveries) -> impl stateright::Checker<Trees> {
    Trees { broken, kills, touches }.checker().threads(2).finish_when(until).spawn_bfs().join()
}

#[test]
fn records_and_trees_agree_in_every_state_within_the_bound() {
    let bounds: &[(u8, u8)] = size(&[(1, 0), (0, 1)], &[(1, 1), (0, 2)], &[(2, 1), (1, 2)]);
    for (kills, touches) in bounds {
        let checker = check(Broken::Nothing, (*kills, *touches), HasDiscoveries::AnyFailures);
        let wrong = checker.discoveries().into_iter().find(|(name, _)| !SIGHTS.contains(name));
        if let Some((name, path)) = wrong {
            panic!("{name}: {:#?}", path.into_actions());
        }
        // Without a person's touch nothing is deleted, and nothing brought back.
        for sight in SIGHTS.iter().take(if *touches > 0 { SIGHTS.len() } else { 2 }) {
            assert!(checker.discovery(sight).is_some(), "never seen: {sight}");
        }
        let states = checker.unique_state_count();
        assert!(states > 1_000, "{states}");
        record(
            "model checking of the worktrees' records",
            &format!("{states} states: {kills} kills, {touches} touches by a person"),
            "no tree taken away, no agent beside its tree, nothing gone that is somewhere, records right after one survey",
            "cargo test --test it model",
        );
    }
}

fn caught(broken: Broken, budget: (u8, u8), by: &'static str) {
    let checker = check(broken, budget, HasDiscoveries::AllOf(std::collections::BTreeSet::from([by])));
    let path = checker.discovery(by).map(stateright::Path::into_actions);
    let steps = path.unwrap_or_else(|| panic!("{broken:?} was not caught by «{by}»")).len();
    let found = format!("caught by «{by}» after {steps} steps");
    record("broken variant of the worktrees' records", &format!("{broken:?}"), &found, "cargo test --test it model");
}

#[test]
fn an_owner_that_is_asked_before_the_lock_is_caught() {
    caught(Broken::OwnerAskedBeforeTheLock, (0, 0), "no tree is taken away from its owner");
}

#[test]
fn a_removal_from_a_living_owner_is_caught() {
    caught(Broken::OwnerMayBeLive, (0, 0), "no tree is taken away from its owner");
}

#[test]
fn a_claim_that_leaves_the_owner_is_caught() {
    caught(Broken::ClaimLeavesTheOwner, (0, 0), "one owner");
}

#[test]
fn a_record_that_is_written_first_and_never_looked_at_again_is_caught() {
    caught(Broken::RecordedFirstAndNotSurveyed, (1, 0), "whatever is killed now, one survey suffices");
}

#[test]
fn unmounted_taken_for_gone_is_caught() {
    caught(Broken::UnmountedTakenForGone, (0, 1), "gone is nowhere");
    caught(Broken::UnmountedTakenForGone, (0, 0), "what is unmounted changes nothing");
}
