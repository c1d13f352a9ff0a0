//! What comes next, as rules in their order: the first that has something to do decides.

use std::time::Duration;

use super::{
    Act, Ask, Command, End, Foreground, KILL, LOOK, Leave, Living, Look, News, SAVE, Stage, Started, Step, Then, Why,
};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How};
use crate::domain::lifecycle::Verdict;

/// What a rule found to do.
enum Found {
    Nothing,
    /// Something is known now that earlier rules may have to do with.
    Changed,
    Ask(Ask),
}

impl Living<'_> {
    pub(super) fn then(&mut self) -> Then {
        loop {
            let then = match (&self.life.stage, &self.life.foreground) {
                (Stage::Locking, _) => Some(Then::Ask(Ask::Lock)),
                (Stage::Entering, _) => Some(Then::Ask(Ask::Enter)),
                (Stage::Committing, _) => Some(Then::Ask(Ask::Commit)),
                (Stage::SettingUp(at), Foreground::Empty) => self.set_up(*at),
                (Stage::Agent, Foreground::Empty) => {
                    self.acts.push(Act::Snapshot);
                    Some(Then::Ask(Ask::Agent))
                }
                (Stage::Weighing { .. }, _) => Some(Then::Ask(Ask::Evidence)),
                (Stage::CatchingUp { .. }, _) => Some(Then::Ask(Ask::Tell { news: News::AgentStarted, wait: false })),
                (Stage::Telling { ending, .. }, _) => Some(self.tell_end(ending.clone())),
                (Stage::Verifying { code }, _) if self.life.over || self.life.verification.is_none() => {
                    self.leave(*code)
                }
                (Stage::SettingUp(_) | Stage::Agent | Stage::Verifying { .. }, _) => self.attend(),
                (Stage::Left(leave), _) => Some(Then::Leave(*leave)),
            };
            if let Some(then) = then {
                return then;
            }
        }
    }

    /// The next step of the setup; after the last one, what comes then.
    fn set_up(&mut self, at: usize) -> Option<Then> {
        if at < self.orders.setup.len() {
            return Some(Then::Ask(Ask::Setup(at)));
        }
        // After what was brought along: what is written to the same files is added to it.
        self.acts.push(Act::InstallHooks);
        self.life.deadline = None;
        if self.orders.verify_only {
            self.end(How::OnlyVerified, Evidence::Changed, None, 0);
        } else {
            self.life.stage = Stage::Agent;
        }
        None
    }

    fn tell_end(&mut self, ending: Ending) -> Then {
        if self.orders.verify.is_empty() {
            self.acts.push(Act::ReleaseTree);
        }
        Then::Ask(Ask::Tell { news: News::Ended(ending), wait: true })
    }

    fn leave(&mut self, code: u8) -> Option<Then> {
        self.end_verification();
        self.acts.extend([Act::ReleaseTree, Act::NoteLeftovers, Act::Footer]);
        self.life.stage = Stage::Left(Leave::Ended(code));
        None
    }

    /// While something runs: nobody's end goes unseen, what is asked comes before what is due, the agent is watched last.
    fn attend(&mut self) -> Option<Then> {
        let rules = [
            Self::tell_start,
            Self::weigh_hang_up,
            Self::take_end,
            Self::look,
            Self::end_what_runs,
            Self::save,
            Self::verify,
            Self::observe,
        ];
        for rule in rules {
            match rule(self) {
                Found::Nothing => {}
                Found::Changed => return None,
                Found::Ask(ask) => return Some(Then::Ask(ask)),
            }
        }
        Some(self.wait())
    }

    fn tell_start(&mut self) -> Found {
        if self.life.started != Started::ToTell {
            return Found::Nothing;
        }
        self.life.started = Started::Untold;
        Found::Ask(Ask::Tell { news: News::AgentStarted, wait: true })
    }

    /// An agent may exit because of a hang-up: that comes before its end.
    fn weigh_hang_up(&mut self) -> Found {
        let hung_up = std::mem::take(&mut self.life.hung_up);
        if hung_up && self.life.ending.is_none() { Found::Ask(Ask::Server) } else { Found::Nothing }
    }

    fn take_end(&mut self) -> Found {
        if !matches!(self.life.foreground, Foreground::Ended(_)) {
            return Found::Nothing;
        }
        if let Foreground::Ended(end) = std::mem::replace(&mut self.life.foreground, Foreground::Empty) {
            self.ended(end);
        }
        Found::Changed
    }

    fn end_what_runs(&mut self) -> Found {
        if std::mem::take(&mut self.life.terminated) {
            self.end_because(Why::Terminated);
        }
        if self.passed(self.life.deadline) {
            self.life.deadline = None;
            self.end_because(Why::TimedOut);
        }
        if !self.passed(self.life.kill_at) {
            return Found::Nothing;
        }
        self.life.kill_at = Some(self.now + KILL);
        if self.brings() {
            // A file system that does not answer holds nothing up.
            self.life.foreground = Foreground::Ended(End::Brought(Ok(())));
            return Found::Changed;
        }
        self.acts.push(Act::Kill);
        Found::Nothing
    }

    /// Whether what runs in the foreground copies or links files.
    fn brings(&self) -> bool {
        matches!(self.life.stage, Stage::SettingUp(at) if self.orders.setup.get(at).is_some_and(|step| !step.is_command()))
    }

    fn save(&mut self) -> Found {
        if self.now >= self.life.save_at {
            self.life.save_at = self.now + SAVE;
            self.save_screen(false);
        }
        Found::Nothing
    }

    fn observe(&mut self) -> Found {
        if !self.passed(self.observe_at()) {
            return Found::Nothing;
        }
        self.acts.push(Act::Deliver { last: false });
        Found::Ask(Ask::Observe)
    }

    fn passed(&self, at: Option<Duration>) -> bool {
        at.is_some_and(|at| self.now >= at)
    }

    /// What ran in the foreground has ended.
    fn ended(&mut self, end: End) {
        self.life.kill_at = None;
        match (&self.life.stage, end) {
            (Stage::SettingUp(at), end) => self.step_ended(*at, &end),
            (_, End::Process(exit)) => {
                let how = self.life.ending.map_or(How::Process(exit), Why::how);
                let code = match exit {
                    Exit::Code(code) => u8::try_from(code).unwrap_or(1),
                    Exit::Signal(signal) => u8::try_from(128 + signal).unwrap_or(1),
                };
                if exit == Exit::Code(0) {
                    self.life.stage = Stage::Weighing { how, code };
                } else {
                    self.end(how, Evidence::Unknown, None, code);
                }
            }
            // The agent brings nothing: it still runs.
            (_, End::Brought(_)) => self.life.foreground = Foreground::Runs,
        }
    }

    /// Nothing but success lets the setup go on, and nothing is started once it is to end.
    fn step_ended(&mut self, at: usize, end: &End) {
        if self.orders.setup.get(at).is_some_and(Step::is_command) {
            self.acts.push(Act::RestoreTerminal);
        }
        match (self.life.ending, end) {
            (Some(Why::TimedOut), _) => self.setup_failed(at, "ran past setup_timeout"),
            (Some(why), _) => self.end(why.how(), Evidence::Unknown, None, 1),
            (None, End::Process(Exit::Code(0)) | End::Brought(Ok(()))) => self.life.stage = Stage::SettingUp(at + 1),
            (None, End::Process(exit)) => self.setup_failed(at, &exit.described()),
            (None, End::Brought(Err(why))) => self.setup_failed(at, why),
        }
    }

    /// Looks at the database, when that is due. What it could not be told before is told first: nothing else does.
    fn look(&mut self) -> Found {
        let life = &mut *self.life;
        if life.look == Look::Later && self.now >= life.look_at {
            life.look = Look::Due;
        }
        if life.look == Look::Due {
            (life.look, life.look_at) = (Look::Ready, self.now + LOOK);
            if life.started == Started::Untold {
                return Found::Ask(Ask::Tell { news: News::AgentStarted, wait: false });
            }
        }
        if life.look == Look::Later {
            return Found::Nothing;
        }
        life.look = Look::Later;
        self.acts.push(Act::Deliver { last: false });
        Found::Ask(Ask::Look { anyway: std::mem::take(&mut life.anyway) })
    }

    fn verify(&mut self) -> Found {
        let Some(verification) = &mut self.life.verification else { return Found::Nothing };
        match (&verification.at, &self.life.stage, self.life.ending) {
            (Command::None(verdict), stage, _) => {
                let news = News::Verified(verdict.clone());
                if matches!(stage, Stage::Verifying { .. }) {
                    self.acts.push(Act::ReleaseTree);
                }
                self.life.verification = None;
                Found::Ask(Ask::Tell { news, wait: true })
            }
            (_, Stage::Verifying { code }, Some(why)) => {
                let code = *code;
                self.end_verification();
                if why == Why::Stop {
                    self.end(How::Terminated, Evidence::Unknown, None, code);
                    return Found::Changed;
                }
                Found::Ask(Ask::Tell { news: News::Verified(Verdict::Interrupted), wait: true })
            }
            (Command::ToStart(index), _, _) if *index >= self.orders.verify.len() => {
                verification.at = Command::None(Verdict::Passed);
                Found::Changed
            }
            (Command::ToStart(index), _, None) => Found::Ask(Ask::Verify(*index)),
            (Command::Runs(index), _, _) if self.now >= verification.deadline => {
                let how = format!("ran past verify_timeout ({:?})", self.orders.verify_timeout);
                verification.at = Command::None(self.orders.not_verified(*index, &how));
                self.acts.push(Act::EndVerification);
                Found::Changed
            }
            // Nothing is started any more for what is to end.
            (Command::ToStart(_), _, Some(_)) | (Command::Runs(_), _, _) => Found::Nothing,
        }
    }

    /// When the agent is to be looked at, as long as there is something to see of it.
    fn observe_at(&self) -> Option<Duration> {
        let runs = self.life.stage == Stage::Agent && self.life.foreground == Foreground::Runs;
        (runs && self.life.ending.is_none()).then_some(self.life.observe_at)
    }

    fn wait(&self) -> Then {
        let life = &*self.life;
        let running = life.verification.as_ref().filter(|verification| matches!(verification.at, Command::Runs(_)));
        let verification = running.map(|verification| verification.deadline);
        let first = [life.kill_at, life.deadline, verification, self.observe_at()].into_iter().flatten().min();
        let regular = life.look_at.min(life.save_at);
        Then::Wait(first.map_or(regular, |first| first.min(regular)))
    }
}
