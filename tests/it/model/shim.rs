//! The shims: each lives the real life of `shim::life`, and the model's world answers what it asks and carries out what it
//! does. Its clock stands still; what only time brings is left out.
//!
//! What no other process can see or hinder is one step with what comes before it: a process that is started, a look at
//! the tree, what it tells of its agent's start, a verdict.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ganger::domain::attempt::Exit;
use ganger::domain::completion::{Evidence, How};
use ganger::domain::id::Process;
use ganger::domain::lifecycle::{Event, Step};
use ganger::domain::state::Phase;
use ganger::shim::life::{self, Act, Answer, Ask, Commit, Happening, Life, News, Orders, Row, Then, Told};

use super::rules::{Action, ending};
use super::state::{End, Lived, Shim, World};
use super::{Broken, Protocol};

/// More time than there is.
const TIME: Duration = Duration::from_secs(1);

/// Every attempt has something to verify.
static ORDERS: LazyLock<Orders> = LazyLock::new(|| Orders {
    verify: vec!["test".to_owned()],
    setup_timeout: TIME,
    verify_timeout: TIME,
    grace: TIME,
    ..Orders::default()
});

/// What a shim may do next, or what may happen to it.
pub fn enabled(world: &World, shim: usize, found: &Shim, actions: &mut Vec<Action>) {
    if world.kills > 0 {
        actions.push(Action::KillShim(shim));
        if found.agent {
            actions.push(Action::KillShimOnly(shim));
        }
    }
    if found.stopped {
        actions.push(Action::ContinueShim(shim));
        return;
    }
    if world.stops > 0 {
        actions.push(Action::StopShim(shim));
    }
    let row = world.attempt(found.attempt);
    match &found.lived {
        None if row.probers != 0 || row.lock.is_some() => actions.push(Action::ShimGivesUp(shim)),
        Some(lived) if lived.waits() => {
            if found.agent {
                actions.push(Action::AgentEnds(shim, End::Bad));
                // However one ends that was asked to, it was stopped.
                if !found.asked {
                    actions.push(Action::AgentEnds(shim, End::Good));
                }
                if world.verbs > 0 {
                    actions.push(Action::AgentSaysDone(shim));
                }
            }
            if found.verifies {
                actions.extend([Action::VerificationEnds(shim, true), Action::VerificationEnds(shim, false)]);
            }
            // It looks every few seconds; only what it finds new makes a difference.
            if row.stop || row.phase == Phase::Verifying || !row.phase.is_live() {
                actions.push(Action::Shim(shim));
            }
        }
        None | Some(_) => actions.push(Action::Shim(shim)),
    }
}

/// A step of its own.
pub fn step(model: &Protocol, world: &mut World, shim: usize) {
    let Some(found) = &world.shims[shim] else { return };
    let attempt = found.attempt;
    let Some(lived) = found.lived.clone() else {
        let awaited = model.broken == Broken::ShimStartsWithoutItsCommit;
        let life = Life::new(if awaited { Phase::Spawning } else { world.attempt(attempt).phase });
        return happens(model, world, shim, life, Happening::Time);
    };
    let mut lived = Arc::unwrap_or_clone(lived);
    if let Some(end) = lived.exit.take() {
        world.at(attempt).exit = Some(end);
        world.shim(shim).lived = Some(Arc::new(lived));
        return;
    }
    let happening = match lived.then {
        Then::Ask(ask) => Happening::Answer(answer(model, world, shim, ask)),
        Then::Wait(_) | Then::Leave(_) => Happening::Woken,
    };
    happens(model, world, shim, lived.life, happening);
}

/// The life of a shim that has begun.
fn life_of(world: &World, shim: usize) -> Option<Life> {
    world.shims[shim].as_ref()?.lived.as_ref().map(|lived| lived.life.clone())
}

pub fn agent_ends(model: &Protocol, world: &mut World, shim: usize, end: End) {
    let exit = if end == End::Good { Exit::Code(0) } else { Exit::Code(3) };
    if let Some(life) = life_of(world, shim) {
        (world.shim(shim).agent, world.shim(shim).asked) = (false, false);
        happens(model, world, shim, life, Happening::Ended(life::End::Process(exit)));
    }
}

pub fn verification_ends(model: &Protocol, world: &mut World, shim: usize, passed: bool) {
    if let Some(life) = life_of(world, shim) {
        world.shim(shim).verifies = false;
        happens(model, world, shim, life, Happening::VerificationEnded(Ok(Exit::Code(i32::from(!passed)))));
    }
}

/// What follows, up to what another process may see or come between.
fn happens(model: &Protocol, world: &mut World, shim: usize, mut life: Life, mut happening: Happening) {
    let attempt = world.shim(shim).attempt;
    let mut exit = None;
    loop {
        let (lived, turn) = life::next(&ORDERS, life, happening, Duration::ZERO);
        life = lived;
        for act in turn.acts {
            match act {
                Act::WriteExit(ending) => exit = Some(End::of(&ending.how)),
                Act::GiveBack => drop(world.write(attempt, &World::rolled_back(), true)),
                Act::EndVerification => world.shim(shim).verifies = false,
                // What is asked to end, or killed, does so in its own time: `AgentEnds`. The rest no other process sees.
                Act::AskToEnd => world.shim(shim).asked = true,
                Act::Kill
                | Act::Continue
                | Act::MoveIn
                | Act::RestoreTerminal
                | Act::LogFailure(_)
                | Act::InstallHooks
                | Act::Snapshot
                | Act::SaveScreen { .. }
                | Act::Deliver { .. }
                | Act::ReleaseTree
                | Act::NoteLeftovers
                | Act::Footer => {}
            }
        }
        match turn.then {
            Then::Ask(ask) if exit.is_none() && is_seen_by_none(&ask) => {
                happening = Happening::Answer(answer(model, world, shim, ask));
            }
            Then::Leave(_) => return world.lose_shim(shim, false),
            then => {
                world.shim(shim).lived = Some(Arc::new(Lived { life, exit, then }));
                return;
            }
        }
    }
}

/// Whether it makes no difference when this is answered. The lock is taken where a window has just begun.
fn is_seen_by_none(ask: &Ask) -> bool {
    match ask {
        Ask::Lock
        | Ask::Enter
        | Ask::Setup(_)
        | Ask::Verify(_)
        | Ask::Look { .. }
        | Ask::Observe
        | Ask::Server
        | Ask::Evidence
        | Ask::Tell { news: News::AgentStarted | News::Verified(_), .. } => true,
        Ask::Commit | Ask::Agent | Ask::Tell { news: News::Ended(_), .. } => false,
    }
}

fn answer(model: &Protocol, world: &mut World, shim: usize, ask: Ask) -> Answer {
    let attempt = world.shim(shim).attempt;
    match ask {
        Ask::Lock => {
            world.at(attempt).lock = Some(shim);
            Answer::Locked(true)
        }
        Ask::Enter => Answer::Entered(world.tree),
        Ask::Commit => {
            let written = world.write(attempt, &World::started(shim), true);
            if written {
                world.at(attempt).shim = Some(shim);
            }
            let believed = written || model.broken == Broken::ShimStartsWithoutItsCommit;
            Answer::Committed(if believed { Commit::Written } else { Commit::Refused })
        }
        Ask::Agent => {
            let owned = world.current == Some(attempt) && world.attempt(attempt).phase == Phase::Running;
            world.wrongs.unowned |= !owned;
            world.wrongs.work_lost |= !world.tree;
            world.ran = true;
            world.shim(shim).agent = true;
            Answer::Started(Ok(()))
        }
        Ask::Setup(_) => Answer::Started(Ok(())),
        Ask::Verify(_) => {
            world.shim(shim).verifies = true;
            Answer::VerificationStarted(Ok(()))
        }
        Ask::Look { .. } => {
            let row = world.attempt(attempt);
            Answer::Looked(Some(Row { phase: row.phase, stop_requested: row.stop }))
        }
        Ask::Observe => Answer::Observed { after: Duration::ZERO },
        Ask::Server => Answer::Server { alive: true },
        Ask::Evidence => Answer::Evidence(Ok(Evidence::Changed)),
        Ask::Tell { news: News::AgentStarted, .. } => {
            let agent = Event::AgentStarted { agent: Process { pid: 100, start: 1 } };
            Answer::AgentStarted(tell(world, attempt, &agent))
        }
        Ask::Tell { news: News::Ended(told), .. } => {
            Answer::Ended(tell(world, attempt, &Event::Ended(ending(End::of(&told.how)))))
        }
        Ask::Tell { news: News::Verified(verdict), .. } => {
            Answer::Verified(tell(world, attempt, &Event::Verified(verdict)))
        }
    }
}

/// What the database answers: whether it has written that, and where the task's attempt is now.
fn tell(world: &mut World, attempt: usize, event: &Event) -> Told {
    let moves = matches!(world.decide(attempt, event), Step::Change(_));
    world.write(attempt, event, true);
    let phase = world.current.map(|current| world.attempt(current).phase);
    if moves { Told::Moved(phase) } else { Told::Stands(phase) }
}

impl End {
    /// How the agent's end is written down.
    fn of(how: &How) -> Self {
        match how {
            How::Process(Exit::Code(0)) => Self::Good,
            How::Terminated => Self::Stopped,
            How::Process(_)
            | How::OnlyVerified
            | How::NotStarted(_)
            | How::SetupFailed(_)
            | How::TimedOut
            | How::HungUp { .. }
            | How::Vanished(_) => Self::Bad,
        }
    }
}
