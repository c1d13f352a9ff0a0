//! What each process may do next, and what that does.

use std::path::PathBuf;

use ganger::domain::state::TreeState;
use ganger::domain::tree::{Follow, Head, Recorded, Whereabouts, follow};

use super::{ATTEMPTS, Broken, Disk, REMOVERS, Record, World};

/// Where a removal is: `rm`, or that of the older tree after a retry that began anew. Each has what it read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remover {
    Idle,
    /// It has seen that no attempt lives.
    Checked,
    Listed(Record),
    /// Nobody stands in the tree: about to take the repository's lock.
    Alone(Record),
    Locked(Record),
    /// It has looked at everything, and is about to ask again whose the tree is.
    Ready(Record),
    Rename(Record),
    Moved(Record),
    /// It has let go of the lock.
    Write(Record),
    Over,
}

/// Where the reconciler's look at the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Survey {
    Idle,
    Seen { record: Record, live: bool },
    Locked { record: Record, live: bool },
    Write { seen: Record, to: Record, back: bool },
    Over,
}

/// Where a retry is, its dispatcher and then its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    Idle,
    Planned(Record),
    Claimed(u8),
    /// The tree was made again from its commits.
    Remade(u8),
    /// It has seen that the tree is whole.
    Adopted(u8),
    Works(u8),
    FreshClaimed(u8),
    FreshRuns(u8),
    /// Its dispatcher was killed before its agent started.
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Remover(usize),
    /// A retry that began anew removes the tree that it did not take.
    RemoveOlder(usize),
    Survey,
    Retry,
    BeginAnew,
    /// The reconciler gives back what a dead dispatcher had claimed.
    GiveBack,
    AgentEnds,
    KillRemover(usize),
    KillSurvey,
    KillRetry,
    Delete,
    MoveAway,
    BringBack,
    Unmount,
    Mount,
}

impl World {
    fn sees(&self, disk: Disk) -> bool {
        self.mounted && self.disk == disk
    }

    fn unlock(&mut self, who: usize) {
        if self.lock == Some(who) {
            self.lock = None;
        }
    }

    pub fn lose_remover(&mut self, remover: usize) {
        self.removers[remover] = Remover::Over;
        self.unlock(remover);
    }

    pub fn lose_survey(&mut self) {
        self.survey = Survey::Over;
        self.unlock(REMOVERS);
    }

    /// Rolls the live attempt back: the tree is again that of the attempt which it was taken over from.
    pub fn give_back(&mut self) {
        if let Some((id, Some(from))) = self.live.take()
            && self.record.owner == id
        {
            self.record.owner = from;
        }
        self.live = None;
        self.retry = Retry::Idle;
    }

    /// The attempt that is in the tree, or about to enter it.
    const fn inside(&self) -> Option<u8> {
        match self.retry {
            Retry::Adopted(id) | Retry::Works(id) => Some(id),
            _ => None,
        }
    }

    fn owns(&self, seen: Record, broken: Broken) -> bool {
        let is_over = self.live.is_none_or(|(id, _)| id != seen.owner) || broken == Broken::OwnerMayBeLive;
        is_over && self.record.owner == seen.owner && self.record.state == seen.state
    }

    fn whereabouts(&self, broken: Broken) -> Whereabouts {
        match self.disk {
            Disk::Elsewhere => Whereabouts::Elsewhere(PathBuf::from("/elsewhere")),
            _ if !self.mounted && broken != Broken::UnmountedTakenForGone => Whereabouts::Unknown("away".to_owned()),
            Disk::Path if self.mounted => Whereabouts::InPlace(Head::Branch("its".to_owned())),
            Disk::Trash(by) if self.mounted => Whereabouts::Parked(PathBuf::from(by.to_string())),
            Disk::Path | Disk::Trash(_) | Disk::Nowhere => Whereabouts::Absent { held_by: Some("its".to_owned()) },
        }
    }

    /// Whether a glance shows that the record is right.
    fn is_right_at_a_glance(&self) -> bool {
        let own = Disk::Trash(self.record.owner);
        match self.record.state {
            TreeState::Planned => false,
            TreeState::Present => self.sees(Disk::Path),
            TreeState::Parked => self.record.parked.is_some_and(|by| self.sees(Disk::Trash(by))),
            TreeState::Gone => !self.sees(Disk::Path) && !self.sees(own),
        }
    }

    /// What the real function makes of a record, if something else.
    fn followed(&self, seen: Record, live: bool, broken: Broken) -> Option<Record> {
        let parked = seen.parked.map(|by| PathBuf::from(by.to_string()));
        let recorded = Recorded { state: seen.state, parked, branch: "its".to_owned(), live };
        let (state, parked) = match follow(&recorded, &self.whereabouts(broken)) {
            Follow::Keep | Follow::Say | Follow::Unknown => return None,
            Follow::Present => (TreeState::Present, None),
            Follow::Gone => (TreeState::Gone, None),
            Follow::Parked(at) => (TreeState::Parked, at.to_string_lossy().parse().ok()),
        };
        Some(Record { state, parked, ..seen })
    }

    /// What a survey looks at: not what its owner is making just now.
    fn surveyed(&self, broken: Broken) -> Option<(Record, bool)> {
        let owned = self.live.is_some_and(|(id, _)| id == self.record.owner);
        let live = owned && matches!(self.retry, Retry::Works(_));
        let blind = broken == Broken::RecordedFirstAndNotSurveyed && self.record.state == TreeState::Parked;
        (!blind && !self.is_right_at_a_glance() && (live || !owned)).then_some((self.record, live))
    }
}

/// A whole survey, with nobody else moving.
pub fn survey_once(broken: Broken, world: &mut World) {
    let Some((seen, live)) = world.surveyed(broken) else { return };
    if let Some(to) = world.followed(seen, live, broken) {
        world.record = to;
    }
}

pub fn enabled(world: &World, actions: &mut Vec<Action>) {
    for remover in 0..REMOVERS {
        // Two that have not begun are alike.
        let turn = remover == 0 || world.removers[remover - 1] != Remover::Idle;
        match world.removers[remover] {
            Remover::Over => continue,
            Remover::Idle if turn && matches!(world.retry, Retry::FreshRuns(_)) => {
                actions.push(Action::RemoveOlder(remover));
            }
            Remover::Idle if turn && world.live.is_none() => actions.push(Action::Remover(remover)),
            Remover::Idle => {}
            Remover::Alone(_) if world.lock.is_some() => {}
            _ => actions.push(Action::Remover(remover)),
        }
        if world.kills > 0 && world.removers[remover] != Remover::Idle {
            actions.push(Action::KillRemover(remover));
        }
    }
    match world.survey {
        Survey::Seen { .. } if world.lock.is_some() => {}
        Survey::Over => {}
        _ => actions.push(Action::Survey),
    }
    if world.kills > 0 && !matches!(world.survey, Survey::Idle | Survey::Over) {
        actions.push(Action::KillSurvey);
    }
    retry(world, actions);
    if world.touches > 0 {
        actions.extend([Action::Delete, Action::MoveAway, Action::BringBack, Action::Unmount]);
    }
    if !world.mounted {
        actions.push(Action::Mount);
    }
}

fn retry(world: &World, actions: &mut Vec<Action>) {
    match world.retry {
        Retry::Idle if world.attempts < ATTEMPTS => {
            actions.push(Action::BeginAnew);
            if !world.superseded {
                actions.push(Action::Retry);
            }
        }
        Retry::Idle => {}
        // Its look at the tree is one step under the lock.
        Retry::Claimed(_) if world.lock.is_some() => {}
        Retry::Works(_) | Retry::FreshRuns(_) => actions.push(Action::AgentEnds),
        Retry::Dead => actions.push(Action::GiveBack),
        _ => actions.push(Action::Retry),
    }
    if world.kills > 0 && !matches!(world.retry, Retry::Idle | Retry::Works(_) | Retry::FreshRuns(_) | Retry::Dead) {
        actions.push(Action::KillRetry);
    }
}

pub fn take(broken: Broken, world: &mut World, action: Action) {
    match action {
        Action::Remover(remover) => remove(broken, world, remover),
        Action::RemoveOlder(remover) => {
            let wanted = world.record.state == TreeState::Present;
            world.removers[remover] = if wanted { Remover::Listed(world.record) } else { Remover::Over };
        }
        Action::Survey => survey(broken, world),
        Action::Retry => go_on(broken, world),
        Action::BeginAnew => {
            let id = world.attempts;
            world.attempts += 1;
            (world.live, world.retry) = (Some((id, None)), Retry::FreshClaimed(id));
        }
        Action::GiveBack => world.give_back(),
        Action::AgentEnds => (world.live, world.retry) = (None, Retry::Idle),
        Action::KillRemover(remover) => {
            world.kills -= 1;
            world.lose_remover(remover);
        }
        Action::KillSurvey => {
            world.kills -= 1;
            world.lose_survey();
        }
        Action::KillRetry => {
            world.kills -= 1;
            world.retry = if world.live.is_some() { Retry::Dead } else { Retry::Idle };
        }
        Action::Mount => world.mounted = true,
        Action::Delete | Action::MoveAway | Action::BringBack | Action::Unmount => touch(world, action),
    }
}

/// What a person does.
fn touch(world: &mut World, action: Action) {
    if !world.mounted {
        return;
    }
    world.touches -= 1;
    match (action, world.disk) {
        (Action::Unmount, _) => world.mounted = false,
        (Action::Delete, _) => world.disk = Disk::Nowhere,
        (Action::MoveAway, Disk::Path | Disk::Trash(_)) => world.disk = Disk::Elsewhere,
        (Action::BringBack, Disk::Elsewhere | Disk::Trash(_)) => world.disk = Disk::Path,
        _ => world.touches += 1,
    }
}

fn remove(broken: Broken, world: &mut World, remover: usize) {
    let early = broken == Broken::OwnerAskedBeforeTheLock;
    let next = match world.removers[remover] {
        Remover::Idle => Remover::Checked,
        Remover::Checked if matches!(world.record.state, TreeState::Planned | TreeState::Present) => {
            Remover::Listed(world.record)
        }
        Remover::Listed(seen) => {
            let stands_in = matches!(world.retry, Retry::Works(_)) && world.disk == Disk::Path;
            if stands_in || (early && !world.owns(seen, broken)) { Remover::Over } else { Remover::Alone(seen) }
        }
        Remover::Alone(seen) => {
            world.lock = Some(remover);
            Remover::Locked(seen)
        }
        Remover::Locked(seen) if early || world.owns(seen, broken) => {
            if world.sees(Disk::Path) {
                Remover::Ready(seen)
            } else if world.sees(Disk::Trash(seen.owner)) {
                Remover::Moved(seen)
            } else {
                Remover::Over
            }
        }
        Remover::Ready(seen) if early || world.owns(seen, broken) => {
            if broken == Broken::RecordedFirstAndNotSurveyed {
                world.record = parked(seen);
            }
            Remover::Rename(seen)
        }
        Remover::Rename(seen) if world.sees(Disk::Path) => {
            world.wrongs.taken_away |= world.inside().is_some();
            world.disk = Disk::Trash(seen.owner);
            Remover::Moved(seen)
        }
        Remover::Moved(seen) => {
            world.unlock(remover);
            Remover::Write(seen)
        }
        Remover::Write(seen) => {
            if world.record.owner == seen.owner {
                world.record = parked(seen);
            }
            Remover::Over
        }
        Remover::Checked | Remover::Locked(_) | Remover::Ready(_) | Remover::Rename(_) | Remover::Over => Remover::Over,
    };
    if next == Remover::Over {
        world.unlock(remover);
    }
    world.removers[remover] = next;
}

const fn parked(seen: Record) -> Record {
    Record { state: TreeState::Parked, parked: Some(seen.owner), ..seen }
}

fn survey(broken: Broken, world: &mut World) {
    let next = match world.survey {
        Survey::Idle => match world.surveyed(broken) {
            Some((record, live)) if world.followed(record, live, broken).is_some() => Survey::Seen { record, live },
            _ => Survey::Over,
        },
        Survey::Seen { record, live } => {
            world.lock = Some(REMOVERS);
            Survey::Locked { record, live }
        }
        Survey::Locked { record, live } => match world.followed(record, live, broken) {
            Some(to) if world.record == record => {
                let back = (record.state, to.state) == (TreeState::Parked, TreeState::Present);
                Survey::Write { seen: record, to, back }
            }
            _ => Survey::Over,
        },
        Survey::Write { seen, to, .. } => {
            if world.record.owner == seen.owner {
                world.wrongs.lied |= to.state == TreeState::Gone && world.disk != Disk::Nowhere;
                world.record = to;
            }
            Survey::Over
        }
        Survey::Over => Survey::Over,
    };
    if next == Survey::Over {
        world.unlock(REMOVERS);
    }
    world.survey = next;
}

fn go_on(broken: Broken, world: &mut World) {
    match world.retry {
        Retry::Idle => {
            // What can be taken over: one in its place, or one whose commits are somewhere.
            let found = world.whereabouts(Broken::Nothing);
            if matches!(found, Whereabouts::InPlace(_) | Whereabouts::Absent { .. }) {
                world.retry = Retry::Planned(world.record);
            }
        }
        Retry::Planned(seen) => claim(broken, world, seen),
        Retry::Claimed(id) => match world.whereabouts(Broken::Nothing) {
            Whereabouts::InPlace(_) => enter(world, id),
            Whereabouts::Absent { .. } => {
                world.disk = Disk::Path;
                world.retry = Retry::Remade(id);
            }
            _ => {
                if let Some(to) = world.followed(world.record, false, broken) {
                    world.record = to;
                }
                world.retry = Retry::Dead;
            }
        },
        Retry::Remade(id) => enter(world, id),
        Retry::Adopted(id) if world.sees(Disk::Path) => {
            world.wrongs.started_elsewhere |= world.removers.iter().any(|at| matches!(at, Remover::Rename(_)));
            world.retry = Retry::Works(id);
        }
        // Its shim can't enter the tree: that attempt has failed.
        Retry::Adopted(_) => (world.live, world.retry) = (None, Retry::Idle),
        Retry::FreshClaimed(id) => {
            world.superseded = true;
            world.retry = Retry::FreshRuns(id);
        }
        Retry::Works(_) | Retry::FreshRuns(_) | Retry::Dead => {}
    }
}

fn claim(broken: Broken, world: &mut World, seen: Record) {
    let stale = world.record.owner != seen.owner || world.record.state == TreeState::Parked;
    if stale || world.live.is_some() {
        world.retry = Retry::Idle;
        return;
    }
    let id = world.attempts;
    world.attempts += 1;
    (world.live, world.retry) = (Some((id, Some(seen.owner))), Retry::Claimed(id));
    if broken != Broken::ClaimLeavesTheOwner {
        world.record.owner = id;
    }
}

/// The tree is whole, and that is written down.
fn enter(world: &mut World, id: u8) {
    world.wrongs.two_owners |= world.record.owner != id;
    world.record = Record { state: TreeState::Present, parked: None, ..world.record };
    world.retry = Retry::Adopted(id);
}
