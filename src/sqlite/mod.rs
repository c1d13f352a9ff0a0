//! The store in SQLite: one file that several processes write at once.
//!
//! It owns the schema, the transactions and the strict reading of rows. It decides nothing: what an event makes of
//! a task is [`lifecycle::step`](crate::domain::lifecycle::step), called on what the write transaction has read.
//! It must never hold a transaction across a call, never write a whole row from a snapshot, and never put an
//! empty board in the place of one that it can't read.

mod amend;
mod apply;
mod attempts;
mod claim;
mod comments;
mod disk;
mod edit;
mod events;
mod hear;
mod height;
mod import;
mod mark;
mod open;
mod rows;
mod shelf;
mod tasks;
mod trouble;
mod trust;
mod undo;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::domain::attempt::{Attempt, Tree};
use crate::domain::comment::Comment;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::state::Status;
use crate::domain::task::{Draft, Task};
use crate::ports::repositories::Supplied;
use crate::ports::store::{
    Amendment, Applied, Claim, Claimed, Commented, Deed, Filter, Heard, Import, Listing, News, Record, Result, Reverse,
    Stamp, Store, Which,
};

/// How long other writers are waited for with what an agent says or is seen to do: a shim has signals to attend to, and what
/// is not written now is left as a letter, or seen again.
const HEARING: Duration = Duration::from_secs(1);

/// A connection to a board. `Send`, not `Sync`: each thread opens its own.
#[derive(Debug)]
pub struct Sqlite {
    conn: Connection,
    /// The database's absolute path.
    db: PathBuf,
    state_dir: PathBuf,
    /// How long another program's lock is waited for.
    busy: Duration,
    read_only: bool,
    /// The files that were opened; absent while they still are being, and for a glance.
    files: Option<open::Files>,
}

impl Sqlite {
    /// The state directory that belongs to this database, as recorded in it.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// How many tasks of the board are in progress, in review and failed, in this order; archived ones left out.
    pub fn tallies(&self) -> Result<[(Status, u32); 3]> {
        tasks::tallies(self)
    }

    /// Looks through the whole database for damage: 20 ms at 100,000 events.
    pub fn check(&self) -> Result<()> {
        open::check(self)
    }
}

impl Store for Sqlite {
    fn task(&self, id: TaskId) -> Result<Option<Task>> {
        self.read("reading a task", |conn| tasks::task(conn, id))
    }

    fn tasks(&self, filter: &Filter) -> Result<Listing> {
        self.read("listing tasks", |conn| tasks::listing(conn, filter))
    }

    fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>> {
        self.read("reading an attempt", |conn| attempts::attempt(conn, id))
    }

    fn attempts(&self, which: &Which) -> Result<Vec<Attempt>> {
        self.read("listing attempts", |conn| attempts::attempts(conn, which))
    }

    fn trees(&self, task: TaskId) -> Result<Vec<Tree>> {
        self.read("listing worktrees", |conn| attempts::trees(conn, task))
    }

    fn all_trees(&self, task: Option<TaskId>) -> Result<Vec<Tree>> {
        self.read("listing worktrees", |conn| attempts::all_trees(conn, task))
    }

    fn timeline(&self, task: Option<TaskId>, after: i64, limit: u32) -> Result<Vec<Record>> {
        self.read("reading the timeline", |conn| events::timeline(conn, task, after, limit))
    }

    fn add(&self, drafts: &[Draft], stamp: &Stamp) -> Result<Vec<TaskId>> {
        self.write("adding tasks", |conn| tasks::add(conn, drafts, stamp))
    }

    fn import(&self, entries: &[Import], stamp: &Stamp) -> Result<Vec<TaskId>> {
        self.write("importing tasks", |conn| import::import(conn, entries, stamp))
    }

    fn claim(&self, claim: &Claim, stamp: &Stamp) -> Result<Claimed> {
        self.write("claiming a task", |conn| claim::claim(conn, claim, stamp))
    }

    fn apply(
        &self,
        task: TaskId,
        attempt: Option<&AttemptId>,
        event: &Event,
        limits: Limits,
        stamp: &Stamp,
    ) -> Result<Applied> {
        self.write("recording an event", |conn| apply::apply(conn, task, attempt, event, limits, stamp))
    }

    fn amend(&self, amendment: &Amendment, stamp: &Stamp) -> Result<bool> {
        self.write("writing book-keeping", |conn| amend::amend(conn, amendment, stamp))
    }

    fn hear(&self, attempt: &AttemptId, news: &News, stamp: &Stamp) -> Result<Heard> {
        self.write_within(self.busy.min(HEARING), "writing what an agent says", |conn| {
            hear::hear(conn, attempt, news, stamp)
        })
    }

    fn comments(&self, task: TaskId) -> Result<Vec<Comment>> {
        self.read("reading comments", |conn| comments::of(conn, task))
    }

    fn seen(&self, task: TaskId) -> Result<Vec<String>> {
        self.read("reading what was seen", |conn| comments::seen(conn, task))
    }

    fn comment(&self, task: TaskId, act: &Commented, stamp: &Stamp) -> Result<bool> {
        self.write("writing a comment", |conn| comments::act(conn, task, act, stamp))
    }

    fn deeds(&self, repo: Option<&Path>, limit: u32) -> Result<Vec<Deed>> {
        self.read("looking for what can be undone", |conn| {
            undo::deeds(conn, repo.map(rows::path_text).transpose()?, limit)
        })
    }

    fn undo(&self, deed: &Deed, reverse: &Reverse, stamp: &Stamp) -> Result<bool> {
        self.write("undoing", |conn| undo::undo(conn, deed, reverse, stamp))
    }

    fn history(&self, repo: &Path, after: i64, limit: u32) -> Result<Vec<Record>> {
        self.read("reading the timeline", |conn| events::history(conn, rows::path_text(repo)?, after, limit))
    }

    fn trusted(&self, repo: &Path) -> Result<Vec<String>> {
        self.read("reading what is trusted", |conn| trust::trusted(conn, rows::path_text(repo)?))
    }

    fn trust(&self, repo: &Path, supplied: &Supplied, stamp: &Stamp) -> Result<()> {
        self.write("trusting a configuration", |conn| trust::trust(conn, rows::path_text(repo)?, supplied, stamp))
    }

    fn trusted_before(&self, repo: &Path) -> Result<Option<Vec<u8>>> {
        self.read("reading what was trusted", |conn| trust::before(conn, rows::path_text(repo)?))
    }

    fn distrust(&self, repo: &Path) -> Result<usize> {
        self.write("forgetting what was trusted", |conn| trust::distrust(conn, rows::path_text(repo)?))
    }

    fn doubt(&self) -> Result<Option<String>> {
        self.meta("doubt")
    }

    fn believe(&self) -> Result<()> {
        self.write("ending a doubt", |conn| Ok(conn.execute("DELETE FROM meta WHERE key = 'doubt'", []).map(drop)?))
    }

    fn version(&self) -> Result<i64> {
        self.waiting("asking for changes", |conn| Ok(conn.query_row("PRAGMA data_version", [], |row| row.get(0))?))
    }
}
