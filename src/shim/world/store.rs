//! What the shim tells the database, and what it reads there.

use std::rc::Rc;
use std::time::Duration;

use super::World;
use crate::domain::lifecycle::Event;
use crate::domain::state::Who;
use crate::engine::Fault;
use crate::ports::store::{Applied, StoreError};
use crate::shim::life::{Answer, News, Row, Told};
use crate::shim::log;

impl World<'_> {
    /// What the database says of this attempt: where another process has written since, or `anyway`. What this one has
    /// written for the agent changes no version; it is woken then.
    pub(super) fn look(&mut self, anyway: bool) -> Option<Row> {
        self.follow();
        let version = self.engine.ports.store.version().ok()?;
        if self.version == Some(version) && !anyway {
            return None;
        }
        let row = self.engine.ports.store.attempt(&self.plan.id).ok().flatten()?;
        self.version = Some(version);
        Some(Row { phase: row.phase, stop_requested: row.stop_requested })
    }

    /// Goes over to the database that stands in the place of the one that was opened, where that was replaced: its row of this
    /// attempt, if it has one, is the one that everybody else reads.
    pub(super) fn follow(&mut self) {
        if matches!(self.engine.ports.store.version(), Err(StoreError::Replaced { .. }))
            && let Ok(engine) = (self.outside.reopen)()
        {
            log::line(&self.plan.files.log, "the database was replaced: going on with the one in its place");
            self.engine = Rc::new(engine);
            self.version = None;
        }
    }

    /// Tells the database, once or for as long as that may take within its deadline.
    pub(super) fn tell(&mut self, news: News, wait: bool) -> Answer {
        let patience = if wait { self.engine.settings.timing.database } else { Duration::ZERO };
        match news {
            News::AgentStarted => Answer::AgentStarted(
                self.agent.map_or(Told::Unreachable, |agent| self.apply(&Event::AgentStarted { agent }, patience)),
            ),
            News::Ended(ending) => Answer::Ended(self.apply(&Event::Ended(ending), patience)),
            News::Verified(verdict) => Answer::Verified(self.apply(&Event::Verified(verdict), patience)),
        }
    }

    fn apply(&self, event: &Event, patience: Duration) -> Told {
        let stamp = self.engine.stamp(Who::Shim);
        let told = self.engine.until(patience, |_| {
            match self.engine.apply(self.plan.task, Some(&self.plan.id), event, &stamp) {
                Ok(applied) => Ok::<_, Fault>(Some(applied)),
                Err(_) => Ok(None),
            }
        });
        match told.ok().flatten() {
            Some(Applied::Changed { phase, .. }) => Told::Moved(phase),
            Some(Applied::Already { phase, .. } | Applied::Conflict { phase, .. }) => Told::Stands(phase),
            Some(Applied::Missing) => Told::Missing,
            None => Told::Unreachable,
        }
    }
}
