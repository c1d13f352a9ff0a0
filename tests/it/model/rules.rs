//! What each process may do next, and what that does.

use std::time::Duration;

use ganger::domain::attempt::Exit;
use ganger::domain::completion::{Ending, Evidence, How, Vanished};
use ganger::domain::lifecycle::Event;
use ganger::domain::reconcile::{Decision, Desired, ExitFile, Lock, Observed, Pane, PlaceSeen, Probe, plan};
use ganger::domain::state::Phase;

use super::state::{ATTEMPTS, DISPATCHERS, Dispatcher, End, RECONCILERS, Reconciler, SHIMS, Shim, World, id};
use super::{Broken, Protocol, shim};

/// One step of one process, or of chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Dispatcher(usize),
    /// It gives up waiting for the agent to start.
    GiveUp(usize),
    /// Its compensation fails: the database can't be written.
    FailToUndo(usize),
    /// tmux does nothing, does it later, or does it twice.
    LoseWindow(usize),
    DelayWindow(usize),
    DoubleWindow(usize),
    OpenLateWindow(usize),
    Shim(usize),
    /// A shim that waits for a prober's lock gives up.
    ShimGivesUp(usize),
    AgentEnds(usize, End),
    /// The agent says «done», and the word is on its way.
    AgentSaysDone(usize),
    DoneArrives(usize),
    VerificationEnds(usize, bool),
    Reconciler(usize, usize),
    RequestStop,
    KillDispatcher(usize),
    KillReconciler(usize),
    KillShim(usize),
    /// Its agent lives on.
    KillShimOnly(usize),
    StopDispatcher(usize),
    StopReconciler(usize),
    StopShim(usize),
    ContinueDispatcher(usize),
    ContinueReconciler(usize),
    ContinueShim(usize),
}

/// What a reconciler is going to do about an attempt.
pub enum Verdict {
    Leave,
    Revoke,
    Record(Ending),
    Lost,
}

pub fn ending(end: End) -> Ending {
    let (how, evidence) = match end {
        End::Good => (How::Process(Exit::Code(0)), Evidence::Changed),
        End::Bad => (How::Process(Exit::Code(3)), Evidence::Unknown),
        End::Stopped => (How::Terminated, Evidence::Unknown),
    };
    Ending { how, evidence, unseen: None, review_without_output: false, can_verify: end != End::Stopped }
}

/// What the real decision function makes of what can be seen of an attempt now.
pub fn decision(model: &Protocol, world: &World, attempt: usize) -> Verdict {
    let row = world.attempt(attempt);
    let lock = world.probe(attempt, model.broken == Broken::ExclusiveProbeLock);
    judge(world, attempt, lock, if world.shim_lives(attempt) { Probe::Alive } else { Probe::Dead }, row.phase)
}

fn judge(world: &World, attempt: usize, lock: Lock, shim: Probe, phase: Phase) -> Verdict {
    let row = world.attempt(attempt);
    // Only a dispatcher that is stopped makes no progress for fifteen minutes.
    let stopped = row.saga.is_some_and(|holder| world.dispatchers[holder].1);
    let observed = Observed {
        place: PlaceSeen::Here,
        lock,
        shim,
        agent: if row.survivor { Probe::Alive } else { Probe::Dead },
        server: Probe::Alive,
        pane: Pane::Unknown,
        saga: if row.saga.is_some() { Lock::Held } else { Lock::Free },
        exit: row.exit.map_or(ExitFile::None, |end| ExitFile::Says(ending(end))),
        age: if stopped { Duration::from_hours(1) } else { Duration::ZERO },
    };
    let desired = Desired { attempt: id(attempt), phase, cleaned: false, saga_patience: Duration::from_mins(15) };
    match plan(&observed, &desired) {
        Decision::Keep | Decision::Unknown(_) | Decision::CleanUp => Verdict::Leave,
        Decision::Revoke { .. } => Verdict::Revoke,
        Decision::Record(ending) => Verdict::Record(ending),
        Decision::Lost(_) => Verdict::Lost,
    }
}

/// Every step that may come next.
pub fn enabled(model: &Protocol, world: &World, actions: &mut Vec<Action>) {
    for dispatcher in 0..DISPATCHERS {
        dispatch(world, dispatcher, actions);
    }
    for number in 0..SHIMS {
        if let Some(found) = &world.shims[number] {
            shim::enabled(world, number, found, actions);
        }
    }
    for attempt in 0..ATTEMPTS {
        let Some(row) = world.attempts[attempt] else { continue };
        if row.late > 0 && world.opened < SHIMS {
            actions.push(Action::OpenLateWindow(attempt));
        }
        if row.verb {
            actions.push(Action::DoneArrives(attempt));
        }
        if world.stop_requests > 0 && world.current == Some(attempt) && row.phase.is_live() {
            actions.push(Action::RequestStop);
        }
        for reconciler in 0..RECONCILERS {
            // Reading the row and deciding on it is one step: what it read is not kept. And the two are alike.
            let turn = reconciler == 0 || world.reconcilers[reconciler - 1].0 != Reconciler::Idle;
            if turn && world.reconcilers[reconciler] == (Reconciler::Idle, false) && row.phase.is_live() {
                actions.push(Action::Reconciler(reconciler, attempt));
            }
        }
    }
    for reconciler in 0..RECONCILERS {
        let (at, stopped) = world.reconcilers[reconciler];
        match at {
            Reconciler::Idle | Reconciler::Over => continue,
            Reconciler::Holds(attempt) | Reconciler::Write(attempt) | Reconciler::Probed { attempt, .. }
                if !stopped =>
            {
                actions.push(Action::Reconciler(reconciler, attempt));
            }
            _ => {}
        }
        if stopped {
            actions.push(Action::ContinueReconciler(reconciler));
        } else if world.stops > 0 {
            actions.push(Action::StopReconciler(reconciler));
        }
        if world.kills > 0 {
            actions.push(Action::KillReconciler(reconciler));
        }
    }
    // Without one there is nobody to act; the variant is about exactly that.
    if model.broken == Broken::NoReconciler {
        actions.retain(|action| !matches!(action, Action::Reconciler(..)));
    }
}

fn dispatch(world: &World, dispatcher: usize, actions: &mut Vec<Action>) {
    let (at, stopped) = world.dispatchers[dispatcher];
    if at == Dispatcher::Over {
        return;
    }
    if stopped {
        actions.push(Action::ContinueDispatcher(dispatcher));
        return;
    }
    let odd = world.oddities > 0;
    match at {
        Dispatcher::Wait(_) => actions.extend([Action::Dispatcher(dispatcher), Action::GiveUp(dispatcher)]),
        Dispatcher::Ask(_) => {
            actions.push(Action::Dispatcher(dispatcher));
            if odd {
                actions.extend([
                    Action::LoseWindow(dispatcher),
                    Action::DelayWindow(dispatcher),
                    Action::DoubleWindow(dispatcher),
                ]);
            }
        }
        Dispatcher::Compensate(_) => {
            actions.push(Action::Dispatcher(dispatcher));
            if odd {
                actions.push(Action::FailToUndo(dispatcher));
            }
        }
        // The two are alike: the second begins after the first.
        Dispatcher::Idle if dispatcher > 0 && world.dispatchers[dispatcher - 1].0 == Dispatcher::Idle => {}
        Dispatcher::Idle | Dispatcher::Tree(_) | Dispatcher::CleanUp(_) | Dispatcher::Release(_) | Dispatcher::Over => {
            actions.push(Action::Dispatcher(dispatcher));
        }
    }
    if at != Dispatcher::Idle {
        if world.kills > 0 {
            actions.push(Action::KillDispatcher(dispatcher));
        }
        if world.stops > 0 {
            actions.push(Action::StopDispatcher(dispatcher));
        }
    }
}

/// Takes a step.
pub fn take(model: &Protocol, world: &mut World, action: Action) {
    match action {
        Action::Dispatcher(dispatcher) => saga(model, world, dispatcher),
        Action::GiveUp(dispatcher) => {
            if let (Dispatcher::Wait(attempt), _) = world.dispatchers[dispatcher] {
                world.dispatchers[dispatcher].0 = Dispatcher::Compensate(attempt);
            }
        }
        Action::FailToUndo(dispatcher) => {
            if let (Dispatcher::Compensate(attempt), _) = world.dispatchers[dispatcher] {
                world.oddities -= 1;
                world.dispatchers[dispatcher].0 = Dispatcher::Release(attempt);
            }
        }
        Action::LoseWindow(dispatcher) | Action::DelayWindow(dispatcher) | Action::DoubleWindow(dispatcher) => {
            if let (Dispatcher::Ask(attempt), _) = world.dispatchers[dispatcher] {
                world.oddities -= 1;
                let spawning = world.write(attempt, &Event::Spawning, true);
                match action {
                    Action::DelayWindow(_) if spawning => world.at(attempt).late += 1,
                    Action::DoubleWindow(_) if spawning => world.at(attempt).late += 2,
                    _ => {}
                }
                world.dispatchers[dispatcher].0 =
                    if spawning { Dispatcher::Wait(attempt) } else { Dispatcher::Compensate(attempt) };
            }
        }
        Action::OpenLateWindow(attempt) => {
            world.at(attempt).late -= 1;
            open(world, attempt);
        }
        Action::Shim(number) => shim::step(model, world, number),
        Action::ShimGivesUp(shim) => world.lose_shim(shim, false),
        Action::AgentEnds(number, end) => shim::agent_ends(model, world, number, end),
        Action::AgentSaysDone(shim) => {
            if let Some(attempt) = world.shims[shim].as_ref().map(|found| found.attempt) {
                world.verbs -= 1;
                world.at(attempt).verb = true;
            }
        }
        Action::DoneArrives(attempt) => {
            world.at(attempt).verb = false;
            world.write(attempt, &Event::Done, model.broken != Broken::DoneWithoutGuard);
        }
        Action::VerificationEnds(number, passed) => shim::verification_ends(model, world, number, passed),
        Action::Reconciler(reconciler, attempt) => reconcile(model, world, reconciler, attempt),
        Action::RequestStop => {
            if let Some(current) = world.current {
                world.stop_requests -= 1;
                world.write(current, &Event::StopRequested, true);
            }
        }
        Action::KillDispatcher(dispatcher) => {
            world.kills -= 1;
            world.lose_dispatcher(dispatcher);
        }
        Action::KillReconciler(reconciler) => {
            world.kills -= 1;
            world.lose_reconciler(reconciler);
        }
        Action::KillShim(shim) | Action::KillShimOnly(shim) => {
            world.kills -= 1;
            world.lose_shim(shim, action == Action::KillShimOnly(shim));
        }
        Action::StopDispatcher(dispatcher) => {
            world.stops -= 1;
            world.dispatchers[dispatcher].1 = true;
        }
        Action::StopReconciler(reconciler) => {
            world.stops -= 1;
            world.reconcilers[reconciler].1 = true;
        }
        Action::StopShim(shim) => {
            world.stops -= 1;
            if let Some(found) = &mut world.shims[shim] {
                found.stopped = true;
            }
        }
        Action::ContinueDispatcher(dispatcher) => world.dispatchers[dispatcher].1 = false,
        Action::ContinueReconciler(reconciler) => world.reconcilers[reconciler].1 = false,
        Action::ContinueShim(shim) => {
            if let Some(found) = &mut world.shims[shim] {
                found.stopped = false;
            }
        }
    }
}

fn open(world: &mut World, attempt: usize) {
    // No window has the number of another one: a process is never taken for another.
    if world.opened < SHIMS {
        world.shims[world.opened] =
            Some(Shim { attempt, lived: None, agent: false, verifies: false, asked: false, stopped: false });
        world.opened += 1;
    }
}

fn saga(model: &Protocol, world: &mut World, dispatcher: usize) {
    let at = world.dispatchers[dispatcher].0;
    let next = match at {
        Dispatcher::Idle => match world.claim(dispatcher) {
            Some(attempt) => Dispatcher::Tree(attempt),
            None => Dispatcher::Over,
        },
        Dispatcher::Tree(attempt) => {
            // Asked under the repository's lock: only for who still owns the tree.
            if world.owner == Some(attempt) {
                world.tree = true;
            }
            // Refused, it was revoked meanwhile: it touches nothing more than what is its own.
            if world.write(attempt, &Event::TreeMade, true) {
                Dispatcher::Ask(attempt)
            } else {
                Dispatcher::Compensate(attempt)
            }
        }
        Dispatcher::Ask(attempt) => {
            if world.write(attempt, &Event::Spawning, true) {
                open(world, attempt);
                Dispatcher::Wait(attempt)
            } else {
                Dispatcher::Compensate(attempt)
            }
        }
        Dispatcher::Wait(attempt) => match world.attempt(attempt).phase {
            Phase::Running | Phase::Verifying | Phase::Exited => Dispatcher::Release(attempt),
            Phase::Revoked => Dispatcher::CleanUp(attempt),
            Phase::Claimed | Phase::Worktree | Phase::Spawning => Dispatcher::Wait(attempt),
        },
        Dispatcher::Compensate(attempt) => {
            world.write(attempt, &World::rolled_back(), true);
            let revoked = world.attempt(attempt).phase == Phase::Revoked;
            if revoked { Dispatcher::CleanUp(attempt) } else { Dispatcher::Release(attempt) }
        }
        Dispatcher::CleanUp(attempt) => {
            clean_up(world, attempt);
            Dispatcher::Release(attempt)
        }
        Dispatcher::Release(attempt) => {
            if model.broken != Broken::DispatcherLockPerProcess {
                world.at(attempt).saga = None;
            }
            Dispatcher::Over
        }
        Dispatcher::Over => Dispatcher::Over,
    };
    world.dispatchers[dispatcher].0 = next;
}

/// The undos of a revoked attempt: its pane, and its tree if nobody ever ran there.
fn clean_up(world: &mut World, attempt: usize) {
    for shim in 0..SHIMS {
        if world.shims[shim].as_ref().is_some_and(|found| found.attempt == attempt) {
            world.lose_shim(shim, false);
        }
    }
    if world.owner == Some(attempt) && world.tree && !world.ran {
        world.tree = false;
    }
}

fn reconcile(model: &Protocol, world: &mut World, reconciler: usize, attempt: usize) {
    let exclusive = model.broken == Broken::ExclusiveProbeLock;
    let bit = 1 << reconciler;
    let next = match world.reconcilers[reconciler].0 {
        Reconciler::Idle if model.broken == Broken::ProbeBeforeReadingTheRow => {
            let free = world.probe(attempt, false) == Lock::Free && !world.shim_lives(attempt);
            Reconciler::Probed { attempt, free }
        }
        Reconciler::Probed { attempt, free } => {
            // It believes what it saw before it read the row, and holds nothing.
            let (lock, shim) = if free { (Lock::Free, Probe::Dead) } else { (Lock::Held, Probe::Alive) };
            if let Verdict::Lost = judge(world, attempt, lock, shim, world.attempt(attempt).phase) {
                lost(model, world, attempt);
            }
            Reconciler::Over
        }
        Reconciler::Idle => match decision(model, world, attempt) {
            Verdict::Leave => Reconciler::Over,
            Verdict::Revoke => {
                if world.write(attempt, &World::rolled_back(), true) && world.attempt(attempt).saga.is_none() {
                    clean_up(world, attempt);
                }
                Reconciler::Over
            }
            Verdict::Record(_) | Verdict::Lost => {
                let row = world.attempt(attempt);
                if row.lock.is_some() || (exclusive && row.probers != 0) {
                    Reconciler::Over
                } else {
                    world.at(attempt).probers |= bit;
                    Reconciler::Holds(attempt)
                }
            }
        },
        Reconciler::Holds(attempt) => {
            // Its own lock does not hinder its second look.
            world.at(attempt).probers &= !bit;
            let verdict =
                if world.attempt(attempt).phase.is_live() { decision(model, world, attempt) } else { Verdict::Leave };
            match verdict {
                Verdict::Leave | Verdict::Revoke => Reconciler::Over,
                Verdict::Record(ending) => {
                    note_false_kill(world, attempt);
                    world.write(attempt, &Event::Ended(ending), true);
                    Reconciler::Over
                }
                Verdict::Lost => {
                    if model.broken != Broken::SurvivorsNotEnded {
                        world.at(attempt).survivor = false;
                    }
                    world.at(attempt).probers |= bit;
                    Reconciler::Write(attempt)
                }
            }
        }
        Reconciler::Write(attempt) => {
            note_false_kill(world, attempt);
            world.write(attempt, &Event::Ended(Ending::vanished(Vanished::Shim)), true);
            world.at(attempt).probers &= !bit;
            Reconciler::Over
        }
        Reconciler::Over => Reconciler::Over,
    };
    world.reconcilers[reconciler].0 = next;
}

fn lost(model: &Protocol, world: &mut World, attempt: usize) {
    note_false_kill(world, attempt);
    if model.broken != Broken::SurvivorsNotEnded {
        world.at(attempt).survivor = false;
    }
    world.write(attempt, &Event::Ended(Ending::vanished(Vanished::Shim)), true);
}

fn note_false_kill(world: &mut World, attempt: usize) {
    let live = world.attempt(attempt).phase.is_live() && world.current == Some(attempt);
    world.wrongs.false_kill |= live && world.shim_lives(attempt);
}
