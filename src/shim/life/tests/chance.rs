//! A life in a small world that answers what is asked as chance wants it.

use std::time::Duration;

use proptest::prelude::*;

use super::{SECOND, verifying};
use crate::domain::attempt::Exit;
use crate::domain::completion::Evidence;
use crate::domain::state::Phase;
use crate::shim::life::{
    Act, Answer, Ask, Commit, End, Happening, Leave, Life, News, Orders, Row, Step, Then, Told, next,
};

/// What a life is given after its last chance event before it must have ended: it looks every five seconds, and its timeouts
/// and grace are shorter.
const PATIENCE: usize = 400;

/// What chance gives where everything works and nothing is new.
const QUIET: u8 = 66;

/// A world that answers as chance wants, and what must hold of every turn in it.
struct Chance {
    orders: Orders,
    life: Life,
    now: Duration,
    committed: bool,
    /// It was said that this is to end, or it was started and has not ended.
    to_end: bool,
    agents: usize,
    foreground: Option<bool>,
    verification: bool,
    /// The agent's work was being verified at some time, with or without a command to run for it.
    verified: bool,
    exit_written: bool,
    left: Option<Leave>,
}

impl Chance {
    fn new(orders: Orders) -> Self {
        Self {
            orders,
            life: Life::new(Phase::Spawning),
            now: Duration::ZERO,
            committed: false,
            to_end: false,
            agents: 0,
            foreground: None,
            verification: false,
            verified: false,
            exit_written: false,
            left: None,
        }
    }

    /// One happening, and what follows; what is asked is answered by what `draw` gives.
    fn happens(&mut self, first: Happening, draw: &mut dyn FnMut() -> u8) -> Option<Duration> {
        let mut happening = first;
        for _ in 0..PATIENCE {
            let (life, turn) = next(&self.orders, self.life.clone(), happening, self.now);
            self.life = life;
            if self.left.is_some() {
                assert!(turn.acts.is_empty(), "acts after leaving: {turn:?}");
            }
            turn.acts.iter().for_each(|act| self.act(act));
            happening = match turn.then {
                Then::Wait(until) => {
                    assert!(until > self.now, "it would never wait");
                    assert!(self.foreground.is_some() || self.verification, "it waits for nothing");
                    return Some(until);
                }
                Then::Ask(ask) => {
                    self.now += Duration::from_millis(3);
                    Happening::Answer(self.answer(&ask, draw()))
                }
                Then::Leave(leave) => {
                    assert!(self.foreground.is_none() && !self.verification, "something is left behind");
                    self.left = Some(leave);
                    return None;
                }
            };
        }
        panic!("it asks for ever: {:?}", self.life);
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::AskToEnd => self.to_end = true,
            Act::WriteExit(_) => {
                assert_ne!(self.foreground, Some(true), "the agent has not ended");
                // A copy that does not end may have been given up.
                (self.exit_written, self.foreground) = (true, None);
            }
            Act::EndVerification => {
                assert!(self.verification, "nothing to end");
                self.verification = false;
            }
            Act::MoveIn
            | Act::RestoreTerminal
            | Act::LogFailure(_)
            | Act::InstallHooks
            | Act::Snapshot
            | Act::Continue
            | Act::Kill
            | Act::SaveScreen { .. }
            | Act::Deliver { .. }
            | Act::ReleaseTree
            | Act::NoteLeftovers
            | Act::Footer => assert!(self.committed, "{act:?} before the commit"),
            Act::GiveBack => assert!(!self.committed),
        }
    }

    fn answer(&mut self, ask: &Ask, chance: u8) -> Answer {
        let ok = !chance.is_multiple_of(8);
        let tried = if ok { Ok(()) } else { Err("no".to_owned()) };
        match ask {
            Ask::Lock => Answer::Locked(ok),
            Ask::Enter => Answer::Entered(ok),
            Ask::Commit => {
                self.committed = ok;
                Answer::Committed(match chance {
                    _ if ok => Commit::Written,
                    0..128 => Commit::Refused,
                    _ => Commit::Failed,
                })
            }
            Ask::Setup(_) | Ask::Agent => {
                assert!(self.committed && !self.to_end && self.foreground.is_none() && !self.exit_written, "{ask:?}");
                self.agents += usize::from(*ask == Ask::Agent);
                assert!(self.agents <= 1, "a second agent");
                self.foreground = ok.then_some(*ask == Ask::Agent);
                Answer::Started(tried)
            }
            Ask::Verify(_) => {
                assert!(self.committed && !self.to_end && !self.verification);
                (self.verification, self.verified) = (ok, true);
                Answer::VerificationStarted(tried)
            }
            Ask::Look { .. } => Answer::Looked(ok.then(|| Row {
                phase: [Phase::Running, Phase::Verifying, Phase::Running, Phase::Exited][usize::from(chance / 8) % 4],
                stop_requested: chance.is_multiple_of(5),
            })),
            Ask::Observe => {
                assert_eq!(self.foreground, Some(true), "there is no agent to look at");
                Answer::Observed { after: Duration::from_millis(chance.into()) * 20 }
            }
            Ask::Server => Answer::Server { alive: ok },
            Ask::Evidence => Answer::Evidence(if ok { Ok(Evidence::Changed) } else { Err("no".to_owned()) }),
            Ask::Tell { news, .. } => {
                // A verdict never leads to another verification.
                let after = if matches!(news, News::Verified(_)) { Phase::Running } else { Phase::Verifying };
                let phase = [Phase::Running, after, Phase::Exited][usize::from(chance) % 3];
                let told = match chance {
                    0..60 => Told::Unreachable,
                    60..160 => Told::Moved(Some(phase)),
                    160..240 => Told::Stands(Some(phase)),
                    _ => Told::Missing,
                };
                match news {
                    News::AgentStarted => Answer::AgentStarted(told),
                    News::Ended(_) => {
                        assert!(self.exit_written, "told before it was written down");
                        Answer::Ended(told)
                    }
                    News::Verified(_) => {
                        self.verified = true;
                        Answer::Verified(told)
                    }
                }
            }
        }
    }
}

fn happening() -> impl Strategy<Value = Option<Happening>> {
    let exit = prop_oneof![(0..4).prop_map(Exit::Code), (1..16).prop_map(Exit::Signal)];
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Happening::HungUp)),
        1 => Just(Some(Happening::Terminated)),
        2 => Just(Some(Happening::Woken)),
        1 => (1..30).prop_map(|signal| Some(Happening::Suspended(signal))),
        3 => exit.clone().prop_map(|exit| Some(Happening::Ended(End::Process(exit)))),
        3 => exit.prop_map(|exit| Some(Happening::VerificationEnded(Ok(exit)))),
    ]
}

fn any_orders() -> impl Strategy<Value = Orders> {
    let command = Step::Command("make".to_owned());
    let setup =
        prop::collection::vec(prop_oneof![Just(Step::Copy), Just(Step::Link), Just(Step::Hook), Just(command)], 0..3);
    (setup, 0_usize..3, any::<bool>()).prop_map(|(setup, verify, verify_only)| Orders {
        setup,
        verify_only,
        timeout: Some(SECOND * 100),
        ..verifying(&["a", "b"][..verify])
    })
}

proptest! {
    /// Whatever happens in whatever order, and whatever fails: nothing is started before the commit or after a request to
    /// end, the exit file comes before the news, nothing is done after leaving, and time alone brings it to an end.
    #[test]
    fn whatever_happens_it_keeps_its_rules_and_ends(
        orders in any_orders(),
        happenings in prop::collection::vec(happening(), 0..40),
        draws in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let mut world = Chance::new(orders);
        let mut drawn = draws.iter().cycle().copied();
        let mut draw = || drawn.next().unwrap_or(1);
        let mut until = world.happens(Happening::Time, &mut draw);
        for happening in happenings {
            let happening = match (happening, until) {
                (None, Some(at)) => {
                    world.now = at;
                    Happening::Time
                }
                (Some(Happening::Ended(_)), _) if world.foreground.is_none() => continue,
                (Some(Happening::VerificationEnded(_)), _) if !world.verification => continue,
                (Some(Happening::Ended(end)), _) => {
                    world.foreground = None;
                    Happening::Ended(end)
                }
                (Some(ended @ Happening::VerificationEnded(_)), _) => {
                    world.verification = false;
                    ended
                }
                (happening, _) => happening.unwrap_or(Happening::Time),
            };
            until = world.happens(happening, &mut draw);
        }
        // From here on the database has nothing new, everything works, and only what is asked to end ends. An agent
        // that has reported done has all the time that it wants, until it is stopped.
        let mut quiet = || QUIET;
        if world.verified && until.is_some() {
            until = world.happens(Happening::Terminated, &mut quiet);
        }
        for _ in 0..PATIENCE {
            let Some(at) = until else { break };
            world.now = at;
            let ended = world.to_end && world.foreground.take().is_some();
            let happening = if ended { Happening::Ended(End::Process(Exit::Signal(9))) } else { Happening::Time };
            until = world.happens(happening, &mut quiet);
        }
        prop_assert!(world.left.is_some(), "{:?}", world.life);
        // Whatever comes now, nothing is done any more.
        world.happens(Happening::Terminated, &mut || 1);
        world.happens(Happening::Answer(Answer::Committed(Commit::Written)), &mut || 1);
        prop_assert_eq!(matches!(world.left, Some(Leave::Ended(_))), world.committed);
        prop_assert_eq!(world.exit_written, world.committed);
    }
}
