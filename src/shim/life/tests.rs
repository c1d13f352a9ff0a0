//! A life in a small world that answers what is asked as chance wants it, and single steps of one.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Act, Answer, Ask, Commit, End, Happening, Leave, Life, News, Orders, Refusal, Row, Step, Then, Told, Turn, next,
};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Evidence, How};
use crate::domain::lifecycle::Verdict;
use crate::domain::state::Phase;

const SECOND: Duration = Duration::from_secs(1);
/// What a life is given after its last chance event before it must have ended: it looks every five seconds, and its timeouts
/// and grace are shorter.
const PATIENCE: usize = 400;

/// What chance gives where everything works and nothing is new.
const QUIET: u8 = 66;

fn orders() -> Orders {
    Orders {
        program: "claude".to_owned(),
        setup_timeout: SECOND * 60,
        verify_timeout: SECOND * 60,
        grace: SECOND * 10,
        ..Orders::default()
    }
}

/// A life that is stepped by hand.
struct Stepped {
    orders: Orders,
    life: Life,
    now: Duration,
    turn: Turn,
}

impl Stepped {
    fn new(orders: Orders) -> Self {
        let (life, turn) = next(&orders, Life::new(Phase::Spawning), Happening::Time, Duration::ZERO);
        Self { orders, life, now: Duration::ZERO, turn }
    }

    fn happens(&mut self, happening: Happening) -> &Turn {
        (self.life, self.turn) = next(&self.orders, self.life.clone(), happening, self.now);
        &self.turn
    }

    fn answer(&mut self, answer: Answer) -> &Turn {
        assert!(matches!(self.turn.then, Then::Ask(_)), "{:?}", self.turn);
        self.happens(Happening::Answer(answer))
    }

    /// Up to the start of whatever is started first.
    fn committed(mut self) -> Self {
        self.answer(Answer::Locked(true));
        self.answer(Answer::Entered(true));
        self.answer(Answer::Committed(Commit::Written));
        self
    }

    /// With an agent that runs, in a database that has nothing new.
    fn working(self) -> Self {
        let mut stepped = self.committed();
        assert_eq!(stepped.turn.then, Then::Ask(Ask::Agent));
        stepped.answer(Answer::Started(Ok(())));
        assert_eq!(stepped.turn.then, Then::Ask(Ask::Tell { news: News::AgentStarted, wait: true }));
        stepped.answer(Answer::AgentStarted(Told::Moved(Some(Phase::Running))));
        assert_eq!(stepped.turn.then, Then::Ask(Ask::Look { anyway: false }));
        stepped.answer(Answer::Looked(None));
        assert!(matches!(stepped.turn.then, Then::Wait(_)), "{:?}", stepped.turn);
        stepped
    }

    fn then(&self) -> &Then {
        &self.turn.then
    }

    fn told_end(&self) -> &How {
        match &self.turn.then {
            Then::Ask(Ask::Tell { news: News::Ended(ending), wait: true }) => &ending.how,
            then => panic!("{then:?}"),
        }
    }
}

fn row(phase: Phase, stop_requested: bool) -> Answer {
    Answer::Looked(Some(Row { phase, stop_requested }))
}

#[test]
fn a_shim_that_is_not_awaited_leaves_at_once() {
    for phase in [Phase::Claimed, Phase::Worktree, Phase::Running, Phase::Verifying, Phase::Exited, Phase::Revoked] {
        let (_, turn) = next(&orders(), Life::new(phase), Happening::Time, Duration::ZERO);
        let leave = Then::Leave(Leave::Refused(Refusal::NotAwaited(phase)));
        assert_eq!(turn, Turn { acts: Vec::new(), then: leave });
    }
}

#[test]
fn what_is_refused_before_the_commit_starts_nothing() {
    let mut stepped = Stepped::new(orders());
    assert_eq!(*stepped.then(), Then::Ask(Ask::Lock));
    stepped.answer(Answer::Locked(false));
    assert_eq!(*stepped.then(), Then::Leave(Leave::Refused(Refusal::Fault)));

    let mut stepped = Stepped::new(orders());
    stepped.answer(Answer::Locked(true));
    let turn = stepped.answer(Answer::Entered(false));
    assert_eq!(turn.acts, [Act::GiveBack]);
    assert_eq!(turn.then, Then::Leave(Leave::Refused(Refusal::Fault)));

    for (commit, why) in [(Commit::Refused, Refusal::Revoked), (Commit::Failed, Refusal::Fault)] {
        let mut stepped = Stepped::new(orders());
        stepped.answer(Answer::Locked(true));
        stepped.answer(Answer::Entered(true));
        let turn = stepped.answer(Answer::Committed(commit));
        assert_eq!(*turn, Turn { acts: Vec::new(), then: Then::Leave(Leave::Refused(why)) });
    }
}

#[test]
fn an_agent_that_ends_with_work_is_told_after_its_exit_file() {
    let mut stepped = Stepped::new(orders()).working();
    stepped.happens(Happening::Ended(End::Process(Exit::Code(0))));
    assert_eq!(*stepped.then(), Then::Ask(Ask::Evidence));
    let turn = stepped.answer(Answer::Evidence(Ok(Evidence::Changed))).clone();
    assert!(matches!(
        &turn.acts[..],
        [Act::Deliver { last: true }, Act::WriteExit(_), Act::SaveScreen { limit: false }, Act::ReleaseTree]
    ));
    assert_eq!(*stepped.told_end(), How::Process(Exit::Code(0)));
    let turn = stepped.answer(Answer::Ended(Told::Moved(Some(Phase::Exited))));
    assert_eq!(turn.acts, [Act::ReleaseTree, Act::NoteLeftovers, Act::Footer]);
    assert_eq!(turn.then, Then::Leave(Leave::Ended(0)));
}

#[test]
fn evidence_that_can_not_be_seen_is_unknown_and_says_why() {
    let mut stepped = Stepped::new(orders()).working();
    stepped.happens(Happening::Ended(End::Process(Exit::Code(0))));
    let turn = stepped.answer(Answer::Evidence(Err("no tree".to_owned())));
    let Then::Ask(Ask::Tell { news: News::Ended(ending), .. }) = &turn.then else { panic!("{turn:?}") };
    assert_eq!((ending.evidence, ending.unseen.as_deref()), (Evidence::Unknown, Some("no tree")));
}

#[test]
fn the_code_is_the_agents() {
    let ends = [(Exit::Code(3), 3), (Exit::Signal(9), 137), (Exit::Code(300), 1)];
    for (exit, code) in ends {
        let mut stepped = Stepped::new(orders()).working();
        stepped.happens(Happening::Ended(End::Process(exit)));
        assert!(stepped.turn.acts.contains(&Act::SaveScreen { limit: true }), "{:?}", stepped.turn);
        stepped.answer(Answer::Ended(Told::Unreachable));
        assert_eq!(*stepped.then(), Then::Leave(Leave::Ended(code)));
    }
    let mut stepped = Stepped::new(orders()).committed();
    stepped.answer(Answer::Started(Err("not found".to_owned())));
    assert_eq!(*stepped.told_end(), How::NotStarted("claude: not found".to_owned()));
    stepped.answer(Answer::Ended(Told::Moved(Some(Phase::Exited))));
    assert_eq!(*stepped.then(), Then::Leave(Leave::Ended(127)));
}

#[test]
fn a_hang_up_counts_before_the_end_that_it_brings() {
    let mut stepped = Stepped::new(orders()).working();
    stepped.happens(Happening::HungUp);
    assert_eq!(*stepped.then(), Then::Ask(Ask::Server));
    stepped.answer(Answer::Server { alive: true });
    assert_eq!(stepped.turn.acts, [Act::AskToEnd]);
    stepped.happens(Happening::Ended(End::Process(Exit::Code(1))));
    assert_eq!(*stepped.told_end(), How::HungUp { server_alive: true });
    let saves = |act: &Act| matches!(act, Act::SaveScreen { .. });
    assert!(!stepped.turn.acts.iter().any(saves), "the pane is gone");
}

#[test]
fn a_stop_asks_then_kills_until_it_has_ended() {
    let mut stepped = Stepped::new(orders()).working();
    stepped.happens(Happening::Terminated);
    assert_eq!(*stepped.then(), Then::Ask(Ask::Look { anyway: true }), "the database may know why");
    stepped.answer(row(Phase::Running, true));
    assert_eq!(stepped.turn.acts, [Act::AskToEnd]);
    for _ in 0..3 {
        let Then::Wait(until) = *stepped.then() else { panic!("{:?}", stepped.turn) };
        assert!(until > stepped.now);
        stepped.now = stepped.now.max(until);
        while !stepped.turn.acts.contains(&Act::Kill) {
            let happening = match stepped.then() {
                Then::Wait(until) => {
                    stepped.now = *until;
                    Happening::Time
                }
                _ => Happening::Answer(Answer::Looked(None)),
            };
            stepped.happens(happening);
        }
        stepped.happens(Happening::Time);
    }
    stepped.happens(Happening::Ended(End::Process(Exit::Signal(9))));
    assert_eq!(*stepped.told_end(), How::Terminated);
}

#[test]
fn an_agent_past_its_timeout_is_ended_for_that() {
    let mut stepped = Stepped::new(Orders { timeout: Some(SECOND), ..orders() }).working();
    assert_eq!(*stepped.then(), Then::Wait(SECOND));
    stepped.now = SECOND;
    stepped.happens(Happening::Time);
    assert!(stepped.turn.acts.contains(&Act::AskToEnd), "{:?}", stepped.turn);
    while let Then::Ask(ask) = stepped.then().clone() {
        stepped.answer(if ask == Ask::Observe { Answer::Observed { after: SECOND } } else { Answer::Looked(None) });
    }
    stepped.happens(Happening::Ended(End::Process(Exit::Code(3))));
    assert_eq!(*stepped.told_end(), How::TimedOut);
}

#[test]
fn that_the_agent_started_is_told_until_it_is_heard() {
    let mut stepped = Stepped::new(orders()).committed();
    stepped.answer(Answer::Started(Ok(())));
    for wait in [true, false] {
        assert_eq!(*stepped.then(), Then::Ask(Ask::Tell { news: News::AgentStarted, wait }));
        stepped.answer(Answer::AgentStarted(Told::Unreachable));
    }
    assert_eq!(*stepped.then(), Then::Ask(Ask::Look { anyway: false }));
    stepped.answer(Answer::Looked(None));
    stepped.happens(Happening::Ended(End::Process(Exit::Code(3))));
    assert_eq!(*stepped.then(), Then::Ask(Ask::Tell { news: News::AgentStarted, wait: false }));
    stepped.answer(Answer::AgentStarted(Told::Moved(Some(Phase::Running))));
    assert_eq!(*stepped.told_end(), How::Process(Exit::Code(3)));
}

#[test]
fn only_the_terminals_stops_are_undone() {
    use nix::sys::signal::Signal;
    for (signal, acts) in [(Signal::SIGTSTP, vec![Act::Continue]), (Signal::SIGSTOP, Vec::new())] {
        let mut stepped = Stepped::new(orders()).working();
        assert_eq!(stepped.happens(Happening::Suspended(signal as i32)).acts, acts);
    }
}

fn two_steps() -> Orders {
    Orders { setup: vec![Step::Copy, Step::Command("make".to_owned())], ..orders() }
}

#[test]
fn setup_goes_step_by_step() {
    let mut stepped = Stepped::new(two_steps()).committed();
    assert_eq!(stepped.turn, Turn { acts: vec![Act::MoveIn], then: Then::Ask(Ask::Setup(0)) });
    stepped.answer(Answer::Started(Ok(())));
    stepped.answer(Answer::Looked(None));
    stepped.happens(Happening::Ended(End::Brought(Ok(()))));
    assert_eq!(stepped.turn, Turn { acts: Vec::new(), then: Then::Ask(Ask::Setup(1)) });
    stepped.answer(Answer::Started(Ok(())));
    stepped.happens(Happening::Ended(End::Process(Exit::Code(0))));
    assert_eq!(stepped.turn.acts, [Act::RestoreTerminal, Act::InstallHooks, Act::Snapshot]);
    assert_eq!(*stepped.then(), Then::Ask(Ask::Agent));
}

#[test]
fn a_step_that_fails_ends_it() {
    let mut stepped = Stepped::new(two_steps()).committed();
    stepped.answer(Answer::Started(Err("a pattern is wrong".to_owned())));
    assert_eq!(*stepped.told_end(), How::SetupFailed("worktrees.copy: a pattern is wrong".to_owned()));
    let mut stepped = Stepped::new(Orders { setup: vec![Step::Command("make".to_owned())], ..orders() }).committed();
    stepped.answer(Answer::Started(Ok(())));
    stepped.answer(Answer::Looked(None));
    stepped.happens(Happening::Ended(End::Process(Exit::Code(2))));
    assert_eq!(stepped.turn.acts[..2], [Act::RestoreTerminal, Act::LogFailure("exit status 2".to_owned())]);
    assert_eq!(*stepped.told_end(), How::SetupFailed("`make`: exit status 2".to_owned()));
    stepped.answer(Answer::Ended(Told::Moved(Some(Phase::Exited))));
    assert_eq!(*stepped.then(), Then::Leave(Leave::Ended(1)));
}

#[test]
fn a_stop_as_the_last_file_is_copied_starts_nothing_more() {
    let mut stepped = Stepped::new(two_steps()).committed();
    stepped.answer(Answer::Started(Ok(())));
    stepped.answer(row(Phase::Running, true));
    assert_eq!(stepped.turn.acts, [Act::AskToEnd]);
    stepped.happens(Happening::Ended(End::Brought(Ok(()))));
    assert_eq!(*stepped.told_end(), How::Terminated);
}

#[test]
fn a_copy_that_a_file_system_holds_up_is_given_up() {
    let mut stepped = Stepped::new(two_steps()).committed();
    stepped.answer(Answer::Started(Ok(())));
    stepped.answer(row(Phase::Running, true));
    while let Then::Wait(until) = *stepped.then() {
        stepped.now = until;
        stepped.happens(Happening::Time);
        if matches!(stepped.then(), Then::Ask(Ask::Look { .. })) {
            stepped.answer(Answer::Looked(None));
        }
    }
    assert_eq!(*stepped.told_end(), How::Terminated);
    assert!(stepped.now >= SECOND * 10);
}

fn verifying(commands: &[&str]) -> Orders {
    Orders { verify: commands.iter().map(|&command| command.to_owned()).collect(), ..orders() }
}

#[test]
fn a_verification_beside_the_agent_goes_on_after_it() {
    let mut stepped = Stepped::new(verifying(&["a", "b"])).working();
    stepped.happens(Happening::Woken);
    stepped.answer(row(Phase::Verifying, false));
    assert_eq!(*stepped.then(), Then::Ask(Ask::Verify(0)));
    stepped.answer(Answer::VerificationStarted(Ok(())));
    stepped.happens(Happening::Ended(End::Process(Exit::Code(1))));
    assert!(!stepped.turn.acts.contains(&Act::EndVerification) && !stepped.turn.acts.contains(&Act::ReleaseTree));
    stepped.answer(Answer::Ended(Told::Moved(Some(Phase::Verifying))));
    assert!(matches!(stepped.then(), Then::Wait(_)));
    stepped.happens(Happening::VerificationEnded(Ok(Exit::Code(0))));
    assert_eq!(*stepped.then(), Then::Ask(Ask::Verify(1)));
    stepped.answer(Answer::VerificationStarted(Ok(())));
    stepped.happens(Happening::VerificationEnded(Ok(Exit::Code(2))));
    assert_eq!(stepped.turn.acts, [Act::ReleaseTree]);
    let verdict = Verdict::Failed("`b`: exit status 2".to_owned());
    assert_eq!(*stepped.then(), Then::Ask(Ask::Tell { news: News::Verified(verdict), wait: true }));
    stepped.answer(Answer::Verified(Told::Moved(Some(Phase::Exited))));
    assert_eq!(*stepped.then(), Then::Leave(Leave::Ended(1)));
}

#[test]
fn a_verification_that_is_interrupted_says_so_and_a_stopped_one_ends() {
    let interrupted = |happening: Happening, answer: Answer| {
        let mut stepped = Stepped::new(Orders { verify_only: true, ..verifying(&["a"]) }).committed();
        assert_eq!(*stepped.told_end(), How::OnlyVerified);
        stepped.answer(Answer::Ended(Told::Moved(Some(Phase::Verifying))));
        stepped.answer(Answer::VerificationStarted(Ok(())));
        if matches!(stepped.then(), Then::Ask(Ask::Look { .. })) {
            stepped.answer(Answer::Looked(None));
        }
        stepped.happens(happening);
        stepped.answer(answer);
        assert!(stepped.turn.acts.contains(&Act::EndVerification), "{:?}", stepped.turn);
        stepped
    };
    let news = News::Verified(Verdict::Interrupted);
    let mut stepped = interrupted(Happening::HungUp, Answer::Server { alive: false });
    assert_eq!(*stepped.then(), Then::Ask(Ask::Tell { news, wait: true }));
    stepped.answer(Answer::Verified(Told::Unreachable));
    assert_eq!(*stepped.then(), Then::Leave(Leave::Ended(0)));
    let stepped = interrupted(Happening::Woken, row(Phase::Verifying, true));
    assert_eq!(*stepped.told_end(), How::Terminated);
}

#[test]
fn a_verification_past_its_time_is_killed() {
    let mut stepped = Stepped::new(verifying(&["a"])).working();
    stepped.happens(Happening::Woken);
    stepped.answer(row(Phase::Verifying, false));
    stepped.answer(Answer::VerificationStarted(Ok(())));
    stepped.now = SECOND * 60;
    stepped.happens(Happening::Time);
    stepped.answer(Answer::Looked(None));
    let verdict = Verdict::Failed("`a`: ran past verify_timeout (60s)".to_owned());
    assert!(stepped.turn.acts.contains(&Act::EndVerification));
    assert_eq!(*stepped.then(), Then::Ask(Ask::Tell { news: News::Verified(verdict), wait: true }));
}

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
