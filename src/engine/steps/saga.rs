//! A dispatch under way: what its steps share.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::attempt::Plan;
use crate::domain::lifecycle::Event;
use crate::domain::profile::Profile;
use crate::domain::saga::{Failure, StepName};
use crate::domain::settings::Settings;
use crate::domain::state::{Cause, Who};
use crate::domain::task::Task;
use crate::engine::{Engine, Fault};
use crate::ports::store::{Amendment, Applied};

/// A dispatch under way.
pub struct Saga<'a> {
    pub engine: &'a Engine,
    /// Those of the task's repository.
    pub settings: Arc<Settings>,
    pub task: Task,
    pub profile: Profile,
    pub plan: Plan,
    /// No agent is started.
    pub verify_only: bool,
    /// What tmux said when it was asked for the session, if that was not "done".
    pub asked: Option<String>,
}

impl Saga<'_> {
    pub(super) fn advance(&self, step: StepName, event: &Event) -> Result<(), Failure> {
        let stamp = self.engine.stamp(Who::Dispatcher);
        let refused = |why: String| Failure { step, cause: Cause::Spawn, lasting: false, why };
        match self.engine.apply(self.task.id, Some(&self.plan.id), event, &stamp) {
            Ok(Applied::Changed { .. }) => Ok(()),
            Ok(Applied::Conflict { why, .. }) => Err(refused(why)),
            Ok(Applied::Already { .. } | Applied::Missing) => Err(refused("the attempt was revoked".to_owned())),
            Err(fault) => Err(refused(fault.message)),
        }
    }

    pub(super) fn rename(&mut self, branch: String, worktree: PathBuf, session: String) -> Result<bool, Fault> {
        let amendment = Amendment::Rename {
            attempt: self.plan.id.clone(),
            branch: branch.clone(),
            worktree: worktree.clone(),
            session: session.clone(),
        };
        let renamed = self.engine.ports.store.amend(&amendment, &self.engine.stamp(Who::Dispatcher))?;
        if renamed {
            self.plan.branch = branch;
            self.plan.worktree = worktree;
            self.plan.session = session;
        }
        Ok(renamed)
    }
}
