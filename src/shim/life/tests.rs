//! Single steps of a life.

mod chance;

use std::time::Duration;

use super::{
    Act, Answer, Ask, Commit, End, Happening, Leave, Life, News, Orders, Refusal, Row, Step, Then, Told, Turn, next,
};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Evidence, How};
use crate::domain::lifecycle::Verdict;
use crate::domain::state::Phase;

const SECOND: Duration = Duration::from_secs(1);

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
