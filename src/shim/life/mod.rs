//! The shim's life as a pure function: what is known of it, and what happens, give what is known then and what is done
//! about it.
//!
//! [`next`] first notes what happened and then finds the first thing to do in `rules`: the order of the rules decides,
//! not the order in which things were noticed. It ends in one of three: a wait, a question that the next happening
//! answers, or the end. What can fail and matters is a question; an [`Act`] is carried out as far as that can be done.
//! The clock's reading comes with each happening, counted from the shim's start.

mod exchange;
mod orders;
mod rules;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How};
use crate::domain::lifecycle::Verdict;
use crate::domain::state::Phase;

pub use exchange::{Act, Answer, Ask, Commit, End, Happening, Leave, News, Refusal, Row, Then, Told, Turn};
pub use orders::{Orders, Step};

/// How often the screen is saved while the agent runs.
const SAVE: Duration = Duration::from_mins(1);
/// How often the database is looked at without a signal.
const LOOK: Duration = Duration::from_secs(5);
/// Between two signals to what does not end.
const KILL: Duration = Duration::from_secs(1);
/// Between two looks at the agent, at least.
const OBSERVE: Duration = Duration::from_secs(1);

/// Why the shim ends what it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Why {
    Stop,
    TimedOut,
    HungUp { server_alive: bool },
    Terminated,
}

impl Why {
    const fn how(self) -> How {
        match self {
            Self::TimedOut => How::TimedOut,
            Self::HungUp { server_alive } => How::HungUp { server_alive },
            Self::Terminated | Self::Stop => How::Terminated,
        }
    }
}

/// How far the life has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Locking,
    Entering,
    Committing,
    SettingUp(usize),
    Agent,
    /// The agent has ended with status 0: is there anything to show for it?
    Weighing {
        how: How,
        code: u8,
    },
    /// The end is written down, and the database has not been told yet that the agent had started: that is tried once.
    CatchingUp {
        ending: Ending,
        code: u8,
    },
    /// The end is written down and is to be told.
    Telling {
        ending: Ending,
        code: u8,
    },
    /// Until a verification, if there is one, is over.
    Verifying {
        code: u8,
    },
    Left(Leave),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Foreground {
    Empty,
    Runs,
    Ended(End),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Started {
    NotYet,
    /// Just now.
    ToTell,
    /// The database could not be told, or it is being told.
    Untold,
    Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Look {
    Later,
    Due,
    /// What was to be told before was told, or was tried to.
    Ready,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Verification {
    at: Command,
    deadline: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Command {
    ToStart(usize),
    Runs(usize),
    None(Verdict),
}

/// What is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Life {
    stage: Stage,
    /// Signals that nothing was done about yet.
    hung_up: bool,
    terminated: bool,
    /// Whether the database is to be looked at, and whatever its version.
    look: Look,
    anyway: bool,
    /// The agent, or a step of the setup before it.
    foreground: Foreground,
    started: Started,
    ending: Option<Why>,
    verification: Option<Verification>,
    /// The attempt is over in the database, or that can't be told.
    over: bool,
    /// When what runs in the foreground has had its time.
    deadline: Option<Duration>,
    kill_at: Option<Duration>,
    look_at: Duration,
    save_at: Duration,
    observe_at: Duration,
}

impl Life {
    /// A life that begins, where the attempt's row shows this phase.
    #[must_use]
    pub const fn new(phase: Phase) -> Self {
        let stage = match phase {
            Phase::Spawning => Stage::Locking,
            Phase::Claimed | Phase::Worktree | Phase::Running | Phase::Verifying | Phase::Exited | Phase::Revoked => {
                Stage::Left(Leave::Refused(Refusal::NotAwaited(phase)))
            }
        };
        Self {
            stage,
            hung_up: false,
            terminated: false,
            look: Look::Later,
            anyway: false,
            foreground: Foreground::Empty,
            started: Started::NotYet,
            ending: None,
            verification: None,
            over: false,
            deadline: None,
            kill_at: None,
            look_at: Duration::ZERO,
            save_at: SAVE,
            observe_at: Duration::ZERO,
        }
    }
}

/// What follows from a happening.
#[must_use]
pub fn next(orders: &Orders, mut life: Life, happening: Happening, now: Duration) -> (Life, Turn) {
    if let Stage::Left(leave) = life.stage {
        return (life, Turn { acts: Vec::new(), then: Then::Leave(leave) });
    }
    let mut living = Living { orders, now, life: &mut life, acts: Vec::new() };
    living.note(happening);
    let then = living.then();
    let acts = living.acts;
    (life, Turn { acts, then })
}

/// A life at one moment, and what is done in it.
struct Living<'a> {
    orders: &'a Orders,
    now: Duration,
    life: &'a mut Life,
    acts: Vec<Act>,
}

impl Living<'_> {
    fn note(&mut self, happening: Happening) {
        let life = &mut *self.life;
        match happening {
            Happening::HungUp => life.hung_up = true,
            Happening::Terminated => (life.terminated, life.look, life.anyway) = (true, Look::Due, true),
            Happening::Woken => (life.look, life.anyway) = (Look::Due, true),
            Happening::Suspended(signal) => self.suspended(signal),
            Happening::Ended(end) if life.foreground == Foreground::Runs => life.foreground = Foreground::Ended(end),
            // An end of what was given up before is none.
            Happening::Time | Happening::Ended(_) => {}
            Happening::VerificationEnded(result) => self.verification_ended(result),
            Happening::Answer(answer) => self.answered(answer),
        }
    }

    /// There is no shell that would ever continue it. SIGSTOP is the user's, and left alone.
    fn suspended(&mut self, signal: i32) {
        use nix::sys::signal::Signal::{SIGTSTP, SIGTTIN, SIGTTOU};
        if [SIGTSTP, SIGTTIN, SIGTTOU].map(|signal| signal as i32).contains(&signal) {
            self.acts.push(Act::Continue);
        }
    }

    fn answered(&mut self, answer: Answer) {
        match answer {
            Answer::Locked(true) => self.life.stage = Stage::Entering,
            Answer::Entered(true) => self.life.stage = Stage::Committing,
            Answer::Locked(false) | Answer::Committed(Commit::Failed) => self.refused(Refusal::Fault),
            Answer::Entered(false) => {
                self.acts.push(Act::GiveBack);
                self.refused(Refusal::Fault);
            }
            Answer::Committed(Commit::Refused) => self.refused(Refusal::Revoked),
            Answer::Committed(Commit::Written) => {
                self.acts.push(Act::MoveIn);
                self.life.stage = Stage::SettingUp(0);
                self.life.deadline = Some(self.now + self.orders.setup_timeout);
            }
            Answer::Started(result) => self.started(result),
            Answer::VerificationStarted(result) => self.verification_started(result),
            Answer::Looked(row) => self.looked(row),
            Answer::Observed { after } => self.life.observe_at = self.now + after.max(OBSERVE),
            Answer::Server { alive } => {
                self.end_because(Why::HungUp { server_alive: alive });
            }
            Answer::Evidence(found) => {
                if let Stage::Weighing { how, code } = self.life.stage.clone() {
                    let (evidence, unseen) = match found {
                        Ok(evidence) => (evidence, None),
                        Err(why) => (Evidence::Unknown, Some(why)),
                    };
                    self.end(how, evidence, unseen, code);
                }
            }
            Answer::AgentStarted(told) => {
                if told != Told::Unreachable {
                    self.life.started = Started::Told;
                }
                if let Stage::CatchingUp { ending, code } = self.life.stage.clone() {
                    self.life.stage = Stage::Telling { ending, code };
                }
                self.heard(told);
            }
            Answer::Ended(told) => {
                if let Stage::Telling { code, .. } = self.life.stage {
                    self.life.stage = Stage::Verifying { code };
                }
                self.heard(told);
                // What it can't be told is in the exit file, for the reconciler.
                self.life.over |= told == Told::Unreachable;
            }
            Answer::Verified(told) => {
                self.heard(told);
                self.life.over |= told == Told::Unreachable;
            }
        }
    }

    fn refused(&mut self, why: Refusal) {
        self.life.stage = Stage::Left(Leave::Refused(why));
    }

    fn started(&mut self, result: Result<(), String>) {
        match (&self.life.stage, result) {
            (Stage::SettingUp(_), Ok(())) => self.life.foreground = Foreground::Runs,
            (Stage::SettingUp(at), Err(why)) => self.setup_failed(*at, &why),
            (Stage::Agent, Ok(())) => {
                let life = &mut *self.life;
                (life.foreground, life.started) = (Foreground::Runs, Started::ToTell);
                life.deadline = self.orders.timeout.map(|limit| self.now + limit);
                life.observe_at = self.now + OBSERVE;
            }
            (_, Err(why)) => {
                let how = How::NotStarted(format!("{}: {why}", self.orders.program));
                self.end(how, Evidence::Unknown, None, 127);
            }
            (_, Ok(())) => {}
        }
    }

    fn looked(&mut self, row: Option<Row>) {
        let Some(row) = row else { return };
        if row.stop_requested || !row.phase.is_live() {
            self.end_because(Why::Stop);
        }
        if row.phase == Phase::Verifying {
            self.start_verification();
        }
    }

    fn heard(&mut self, told: Told) {
        match told {
            Told::Moved(Some(Phase::Verifying)) => {
                self.life.over = false;
                self.start_verification();
            }
            Told::Moved(phase) | Told::Stands(phase) => self.life.over = !phase.is_some_and(Phase::is_live),
            Told::Missing => self.life.over = true,
            Told::Unreachable => {}
        }
    }

    fn start_verification(&mut self) {
        let life = &mut *self.life;
        if life.verification.is_none() && life.ending.is_none() {
            if !matches!(life.stage, Stage::SettingUp(_)) {
                // The agent has done its work in its time; the verification has a limit of its own.
                life.deadline = None;
            }
            let deadline = self.now + self.orders.verify_timeout;
            life.verification = Some(Verification { at: Command::ToStart(0), deadline });
        }
    }

    fn verification_started(&mut self, result: Result<(), String>) {
        if let Some(Verification { at: at @ Command::ToStart(_), .. }) = &mut self.life.verification
            && let Command::ToStart(index) = *at
        {
            *at = match result {
                Ok(()) => Command::Runs(index),
                Err(why) => Command::None(self.orders.not_verified(index, &why)),
            };
        }
    }

    fn verification_ended(&mut self, result: Result<Exit, String>) {
        if let Some(verification) = &mut self.life.verification
            && let Command::Runs(index) = verification.at
        {
            let failed = |how: &str| Command::None(self.orders.not_verified(index, how));
            verification.at = match result {
                Ok(Exit::Code(0)) => Command::ToStart(index + 1),
                Ok(exit) => failed(&exit.described()),
                Err(why) => failed(&why),
            };
        }
    }

    /// Only the first reason counts.
    fn end_because(&mut self, why: Why) {
        let life = &mut *self.life;
        if life.ending.is_none() {
            life.ending = Some(why);
            if life.foreground == Foreground::Runs {
                self.acts.push(Act::AskToEnd);
                life.kill_at = Some(self.now + self.orders.grace);
            }
        }
    }

    fn setup_failed(&mut self, at: usize, how: &str) {
        if let Some(step) = self.orders.setup.get(at) {
            if step.is_command() {
                self.acts.push(Act::LogFailure(how.to_owned()));
            }
            self.end(step.failed(how), Evidence::Unknown, None, 1);
        }
    }

    /// Writes the end down; it is told next.
    fn end(&mut self, how: How, evidence: Evidence, unseen: Option<String>, code: u8) {
        let can_verify = matches!(how, How::Process(_) | How::OnlyVerified);
        let failed = matches!(&how, How::Process(exit) if *exit != Exit::Code(0));
        let review_without_output = self.orders.review_without_output;
        let ending = Ending { how, evidence, unseen, review_without_output, can_verify };
        // The agent's last words count before its end does.
        self.acts.extend([Act::Deliver { last: true }, Act::WriteExit(ending.clone())]);
        self.save_screen(failed);
        if !can_verify {
            self.end_verification();
        }
        let life = &mut *self.life;
        (life.foreground, life.kill_at, life.deadline) = (Foreground::Empty, None, None);
        life.stage = if life.started == Started::Untold {
            Stage::CatchingUp { ending, code }
        } else {
            Stage::Telling { ending, code }
        };
    }

    fn save_screen(&mut self, limit: bool) {
        // The pane is gone.
        if !matches!(self.life.ending, Some(Why::HungUp { .. })) {
            self.acts.push(Act::SaveScreen { limit });
        }
    }

    fn end_verification(&mut self) {
        if let Some(verification) = self.life.verification.take()
            && matches!(verification.at, Command::Runs(_))
        {
            self.acts.push(Act::EndVerification);
        }
    }
}
