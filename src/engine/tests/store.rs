//! The real store, with a gate before each call.

use std::path::Path;

use super::world::{Lie, Party, Then};
use crate::domain::attempt::{Attempt, Tree};
use crate::domain::comment::Comment;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::task::{Draft, Task};
use crate::ports::repositories::Supplied;
use crate::ports::store::{
    Amendment, Applied, Claim, Claimed, Commented, Deed, Filter, Heard, Import, Listing, News, Record, Result, Reverse,
    Stamp, Store, StoreError, Which,
};
use crate::sqlite::Sqlite;

pub struct Gated {
    pub party: Party,
    pub store: Sqlite,
}

fn error(_: Then) -> StoreError {
    StoreError::Failed { doing: "asking the store".to_owned(), why: "as scripted".to_owned() }
}

fn lied<T>(mut told: T, lie: Option<Lie<T>>) -> T {
    if let Some(lie) = lie {
        lie(&mut told);
    }
    told
}

impl Gated {
    fn through<T>(&self, call: &'static str, act: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        self.party.gate(call, error, || act(&self.store))
    }
}

impl Store for Gated {
    fn task(&self, id: TaskId) -> Result<Option<Task>> {
        self.through("store.task", |store| store.task(id))
    }

    fn tasks(&self, filter: &Filter) -> Result<Listing> {
        let told = self.through("store.tasks", |store| store.tasks(filter))?;
        Ok(lied(told, self.party.world.lock().lies.tasks.clone()))
    }

    fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>> {
        self.through("store.attempt", |store| store.attempt(id))
    }

    fn attempts(&self, which: &Which) -> Result<Vec<Attempt>> {
        let told = self.through("store.attempts", |store| store.attempts(which))?;
        Ok(lied(told, self.party.world.lock().lies.attempts.clone()))
    }

    fn trees(&self, task: TaskId) -> Result<Vec<Tree>> {
        self.through("store.trees", |store| store.trees(task))
    }

    fn all_trees(&self, task: Option<TaskId>) -> Result<Vec<Tree>> {
        self.through("store.all-trees", |store| store.all_trees(task))
    }

    fn timeline(&self, task: Option<TaskId>, after: i64, limit: u32) -> Result<Vec<Record>> {
        let told = self.through("store.timeline", |store| store.timeline(task, after, limit))?;
        Ok(lied(told, self.party.world.lock().lies.timeline.clone()))
    }

    fn add(&self, drafts: &[Draft], stamp: &Stamp) -> Result<Vec<TaskId>> {
        self.through("store.add", |store| store.add(drafts, stamp))
    }

    fn import(&self, entries: &[Import], stamp: &Stamp) -> Result<Vec<TaskId>> {
        self.through("store.import", |store| store.import(entries, stamp))
    }

    fn claim(&self, claim: &Claim, stamp: &Stamp) -> Result<Claimed> {
        self.through("store.claim", |store| store.claim(claim, stamp))
    }

    fn apply(
        &self,
        task: TaskId,
        attempt: Option<&AttemptId>,
        event: &Event,
        limits: Limits,
        stamp: &Stamp,
    ) -> Result<Applied> {
        let call = match event {
            Event::TreeMade => "store.tree-made",
            Event::Spawning => "store.spawning",
            Event::RolledBack { .. } => "store.rolled-back",
            Event::Ended(_) => "store.ended",
            Event::Started { .. }
            | Event::AgentStarted { .. }
            | Event::PreflightFailed { .. }
            | Event::Done
            | Event::Failed { .. }
            | Event::Verified(_)
            | Event::StopRequested
            | Event::Requeued
            | Event::Bounced { .. }
            | Event::NotBounced { .. }
            | Event::Unqueued { .. }
            | Event::Approved
            | Event::Reopened { .. } => "store.apply",
        };
        self.through(call, |store| store.apply(task, attempt, event, limits, stamp))
    }

    fn amend(&self, amendment: &Amendment, stamp: &Stamp) -> Result<bool> {
        self.through("store.amend", |store| store.amend(amendment, stamp))
    }

    fn hear(&self, attempt: &AttemptId, news: &News, stamp: &Stamp) -> Result<Heard> {
        self.through("store.hear", |store| store.hear(attempt, news, stamp))
    }

    fn comments(&self, task: TaskId) -> Result<Vec<Comment>> {
        self.through("store.comments", |store| store.comments(task))
    }

    fn seen(&self, task: TaskId) -> Result<Vec<String>> {
        self.through("store.seen", |store| store.seen(task))
    }

    fn comment(&self, task: TaskId, act: &Commented, stamp: &Stamp) -> Result<bool> {
        self.through("store.comment", |store| store.comment(task, act, stamp))
    }

    fn deeds(&self, repo: Option<&Path>, limit: u32) -> Result<Vec<Deed>> {
        self.through("store.deeds", |store| store.deeds(repo, limit))
    }

    fn undo(&self, deed: &Deed, reverse: &Reverse, stamp: &Stamp) -> Result<bool> {
        self.through("store.undo", |store| store.undo(deed, reverse, stamp))
    }

    fn history(&self, repo: &Path, after: i64, limit: u32) -> Result<Vec<Record>> {
        self.through("store.history", |store| store.history(repo, after, limit))
    }

    fn trusted(&self, repo: &Path) -> Result<Vec<String>> {
        self.through("store.trusted", |store| store.trusted(repo))
    }

    fn trust(&self, repo: &Path, supplied: &Supplied, stamp: &Stamp) -> Result<()> {
        self.through("store.trust", |store| store.trust(repo, supplied, stamp))
    }

    fn trusted_before(&self, repo: &Path) -> Result<Option<Vec<u8>>> {
        self.through("store.trusted_before", |store| store.trusted_before(repo))
    }

    fn distrust(&self, repo: &Path) -> Result<usize> {
        self.through("store.distrust", |store| store.distrust(repo))
    }

    fn doubt(&self) -> Result<Option<String>> {
        self.through("store.doubt", Store::doubt)
    }

    fn believe(&self) -> Result<()> {
        self.through("store.believe", Store::believe)
    }

    fn version(&self) -> Result<i64> {
        self.through("store.version", Sqlite::version)
    }
}
