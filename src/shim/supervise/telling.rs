//! What the shim tells the database, and what it is told there.

use std::rc::Rc;
use std::time::Duration;

use super::ending::Why;
use super::{LETTERS, Supervisor};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How};
use crate::domain::lifecycle::Event;
use crate::domain::state::{Phase, Who};
use crate::engine::{Fault, notice, outbox};
use crate::ports::store::{Applied, StoreError};
use crate::shim::{log, observe};
use crate::wire::exit_file;

/// How many lines of the screen are saved.
const SCREEN: u32 = 2000;
/// How long the agent's last letters are delivered for.
const LAST_LETTERS: Duration = Duration::from_secs(3);

impl Supervisor<'_> {
    /// Reads what the database wants of this attempt: where another has written since, or `anyway`. What this process has
    /// written for the agent changes no version; it is woken then. A database that can't be read is asked again later.
    pub(super) fn look(&mut self, anyway: bool) {
        self.follow();
        self.tell_started(Duration::ZERO);
        outbox::deliver(&self.engine, self.plan, LETTERS);
        let Ok(version) = self.engine.ports.store.version() else { return };
        if self.version == Some(version) && !anyway {
            return;
        }
        let Ok(Some(row)) = self.engine.ports.store.attempt(&self.plan.id) else { return };
        self.version = Some(version);
        if row.stop_requested || !row.phase.is_live() {
            self.end_because(Why::Stop);
        }
        if row.phase == Phase::Verifying && self.verifier.is_none() && self.ending.is_none() {
            self.start_verification();
        }
    }

    /// Goes over to the database that stands in the place of the one that was opened, where that was replaced: its row of this
    /// attempt, if it has one, is the one that everybody else reads.
    fn follow(&mut self) {
        if matches!(self.engine.ports.store.version(), Err(StoreError::Replaced { .. }))
            && let Some(Ok(engine)) = self.outside.map(|outside| (outside.reopen)())
        {
            log::line(&self.plan.files.log, "the database was replaced: going on with the one in its place");
            self.engine = Rc::new(engine);
            self.version = None;
        }
    }

    /// Writes down how it ended, saves the screen, tells the database.
    pub(super) fn record(&mut self, how: How, evidence: Evidence) {
        self.record_ending(how, evidence, None);
    }

    /// As [`Self::record`], where the evidence could not be looked at.
    pub(super) fn record_blind(&mut self, how: How, why: String) {
        self.record_ending(how, Evidence::Unknown, Some(why));
    }

    fn record_ending(&mut self, how: How, evidence: Evidence, unseen: Option<String>) {
        self.follow();
        let can_verify = matches!(how, How::Process(_) | How::OnlyVerified);
        let review_without_output = self.launch.review_without_output;
        let ending = Ending { how, evidence, unseen, review_without_output, can_verify };
        // Its last words count before its end does.
        outbox::deliver(&self.engine, self.plan, LAST_LETTERS);
        let at = self.engine.ports.clock.now().wall.0;
        if let Ok(bytes) = exit_file::encode(&ending, at) {
            self.engine.ports.files.write(&self.plan.files.exit, &bytes).ok();
        }
        let screen = self.save_screen();
        let failed = matches!(&ending.how, How::Process(exit) if *exit != Exit::Code(0));
        if let Some(news) = screen.filter(|_| failed).and_then(|screen| observe::last_limit(&screen, self.launch)) {
            notice::hear(&self.engine, self.plan, &news, Who::Shim).ok();
        }
        if !can_verify && let Some(mut verifier) = self.verifier.take() {
            verifier.end();
        }
        self.tell_started(Duration::ZERO);
        if self.launch.verify.is_empty() {
            self.let_go_of_tree();
        }
        self.tell(&Event::Ended(ending));
    }

    /// Its agent is gone: the tree is anybody's. Where that fails the clean-up does it.
    pub(super) fn let_go_of_tree(&self) {
        self.engine.ports.trees.release(self.plan).ok();
    }

    /// Tells that the agent runs. Nothing else will: what can't be told is told again at the next look, until it is.
    pub(super) fn tell_started(&mut self, patience: Duration) {
        if let Some(agent) = self.agent.filter(|_| !self.started) {
            let told = self.try_to_tell(&Event::AgentStarted { agent }, patience);
            self.started = told.is_some();
        }
    }

    /// Tells the database, for as long as that may take within its deadline. What it can't be told is in the exit
    /// file, for the reconciler.
    pub(super) fn tell(&mut self, event: &Event) {
        if self.try_to_tell(event, self.engine.settings.timing.database).is_none() {
            self.over = true;
        }
    }

    pub(super) fn try_to_tell(&mut self, event: &Event, patience: Duration) -> Option<Applied> {
        let stamp = self.engine.stamp(Who::Shim);
        let told = self.engine.until(patience, |_| {
            match self.engine.apply(self.plan.task, Some(&self.plan.id), event, &stamp) {
                Ok(applied) => Ok::<_, Fault>(Some(applied)),
                Err(_) => Ok(None),
            }
        });
        let told = told.ok().flatten();
        match &told {
            Some(Applied::Changed { phase: Some(Phase::Verifying), .. })
                if self.verifier.is_none() && self.ending.is_none() =>
            {
                self.start_verification();
            }
            Some(Applied::Changed { phase, .. } | Applied::Already { phase, .. } | Applied::Conflict { phase, .. }) => {
                self.over = !phase.is_some_and(Phase::is_live);
            }
            Some(Applied::Missing) => self.over = true,
            None => {}
        }
        told
    }

    pub(super) fn save_screen(&self) -> Option<String> {
        if matches!(self.ending, Some(Why::HungUp { .. })) {
            return None;
        }
        let pane = std::env::var("TMUX_PANE").ok()?;
        let screen = self.engine.ports.mux.capture(&self.plan.socket, &pane, SCREEN).ok()?;
        self.engine.ports.files.write(&self.plan.files.screen, screen.as_bytes()).ok();
        Some(screen)
    }
}
