//! The store: tasks, attempts, worktrees and their timeline.
//!
//! Contract. Each write is one `IMMEDIATE` transaction that reads, decides (with [`lifecycle::step`]), writes with
//! a guard and appends its event; it waits for other writers up to a deadline and then says [`StoreError::Busy`]
//! with nothing written. No transaction is held across a call. A row that can't be read is reported, never
//! dropped and never guessed.
//!
//! [`lifecycle::step`]: crate::domain::lifecycle::step

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::attempt::{Attempt, Doing, Plan, Tree};
use crate::domain::comment::{Anchor, Comment};
use crate::domain::id::{AttemptId, Place, Process, TaskId};
use crate::domain::import::Needed;
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::merge::Method;
use crate::domain::pull::{Fed, Linked};
use crate::domain::queue::{Counts, Limit};
use crate::domain::state::{Act, Activity, Cause, Phase, Source, Spoken, Status, Who};
use crate::domain::task::{Blocker, Draft, Edit, Task};
use crate::domain::time::{Now, Timestamp};
use crate::domain::timeline;
use crate::ports::repositories::Supplied;

/// Why the store could not do it. Nothing was written, unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database is locked by another program: waited {waited:?}")]
    Busy { waited: Duration },
    #[error("no room left on the disk of the database {path}")]
    Full { path: PathBuf },
    #[error("the database {path} has schema version {found}, newer than the {known} this ganger knows")]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the database {path} belongs to the state directory {recorded}, not to {given}")]
    OtherStateDir { path: PathBuf, recorded: PathBuf, given: PathBuf },
    #[error("adding the task {title:?}: task {holder} has the external id {external:?} already")]
    ExternalIdTaken { title: String, external: String, holder: TaskId },
    #[error("task {task} was begun or removed meanwhile")]
    Begun { task: TaskId },
    #[error("the state directory {state_dir} belongs to the database {recorded}, not to {given}")]
    OtherDatabase { state_dir: PathBuf, recorded: PathBuf, given: PathBuf },
    #[error("{why}")]
    Older { why: String },
    #[error("the database {path} was replaced while it was open here ({what}): nothing more is written to the old one")]
    Replaced { path: PathBuf, what: &'static str },
    #[error("the database {path} is on a network file system ({kind}), where its locks can't be trusted")]
    NetworkFileSystem { path: PathBuf, kind: String },
    #[error("the database {path} is damaged: {why}; a copy is at {copy}")]
    Damaged { path: PathBuf, why: String, copy: PathBuf },
    #[error("unreadable row: {table} {row}, column {column}: {why}")]
    Unreadable { table: &'static str, row: String, column: &'static str, why: String },
    #[error("{doing}: {why}")]
    Failed { doing: String, why: String },
}

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Which tasks to list. Removed and archived ones only where asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Absent: every repository.
    pub repo: Option<PathBuf>,
    /// Empty: every status.
    pub statuses: Vec<Status>,
    /// Archived ones, too.
    pub archived: bool,
    /// Removed ones, too.
    pub removed: bool,
}

/// The tasks of a board, by id, and what could not be read.
#[derive(Debug, Default)]
pub struct Listing {
    pub tasks: Vec<Task>,
    /// One sentence for each row that could not be read.
    pub unreadable: Vec<String>,
}

/// Which attempts to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Of a task, oldest first.
    Of(TaskId),
    /// In a live phase, any task.
    Live,
    /// In a live phase, or with something left to clean up.
    Unfinished,
}

/// Who writes, when, and what the event shows as evidence.
#[derive(Clone, Debug)]
pub struct Stamp {
    pub now: Now,
    pub who: Who,
    /// Name and value, in order; becomes a JSON object.
    pub evidence: Vec<(&'static str, String)>,
}

/// How many tasks may be in progress. Counted inside the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub max_running: u32,
    pub per_agent: Option<u32>,
    pub per_repo: Option<u32>,
    /// Which of them count.
    pub counts: Counts,
    /// Whether the agent's usage limit counts, too.
    pub usage: bool,
}

/// A request to take a task and open an attempt.
#[derive(Clone, Debug)]
pub struct Claim {
    pub plan: Plan,
    /// The task as the plan was made from it; absent: what it says is not compared.
    pub read: Option<Task>,
    /// What this attempt was told by a person; absent, the task's note.
    pub note: Option<String>,
    /// The statuses that it may be taken from.
    pub from: Vec<Status>,
    pub place: Place,
    pub dispatcher: Process,
    /// Absent: no limit.
    pub capacity: Option<Capacity>,
    /// A person asked for this very task: the count of orphans starts anew.
    pub explicit: bool,
    /// Where it is undone, the task goes back to where it was claimed from, and not to the queue.
    pub returns: bool,
    /// Whether the database was in doubt when it was looked for agents that it does not know of.
    pub doubted: bool,
}

/// One of many tasks that are written together.
#[derive(Clone, Debug)]
pub enum Import {
    /// A new one; what it waits for is in `after`, and not in the draft.
    Add { draft: Draft, after: Vec<Needed>, evidence: Vec<(&'static str, String)> },
    /// One that is there, as long as nothing was begun on it; as above.
    Change { task: TaskId, edit: Edit, after: Vec<Needed> },
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The attempt is open and the task in progress.
    Won,
    /// There is no such task.
    Missing,
    /// The task is not in one of the wanted statuses, or another attempt of it is live.
    Taken { status: Status, holder: Option<AttemptId> },
    /// Too many are in progress.
    OverLimit { running: u32, of: u32, limit: Limit },
    /// Its agent's account is at a usage limit until then.
    Spent { until: Timestamp },
    /// There are tasks that it waits for.
    Blocked { by: Vec<Blocker> },
    /// Its number of attempts, what is wished of it, the owner of its tree, or whether the database is in doubt has changed
    /// since the plan was made: plan again.
    Stale,
}

/// One row of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub seq: i64,
    pub at: Timestamp,
    pub task: TaskId,
    pub attempt: Option<AttemptId>,
    /// `status` or `status/phase`; empty for the first.
    pub from: String,
    pub to: String,
    pub who: Who,
    pub cause: Option<Cause>,
    /// A JSON object; its `event` is what happened, in words.
    pub evidence: String,
}

impl Record {
    /// What happened, by the name that the timeline gives it; empty where it has none.
    #[must_use]
    pub fn event(&self) -> String {
        self.facts().remove("event").unwrap_or_default()
    }

    /// What happened and what it moved, as a sentence for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        timeline::sentence(&self.facts(), &self.from, &self.to)
    }

    /// Its evidence, by name.
    #[must_use]
    pub fn facts(&self) -> BTreeMap<String, String> {
        let evidence: serde_json::Value = serde_json::from_str(&self.evidence).unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields = evidence.as_object().into_iter().flatten();
        fields.map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

/// What an event did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Written. What the task was, and what it and its attempt are now.
    Changed { from: Status, status: Status, phase: Option<Phase>, cause: Option<Cause> },
    /// Nothing written: it was so already.
    Already { status: Status, phase: Option<Phase> },
    /// Nothing written: why not.
    Conflict { status: Status, phase: Option<Phase>, why: String },
    /// There is no such task.
    Missing,
}

/// What the timeline calls a merge.
pub const MERGED: &str = "merged";

/// What the timeline calls news of a pull request.
pub const PULL_REQUEST: &str = "pull request";

/// What the timeline calls a worktree that was moved to the trash.
pub const WORKTREE_PARKED: &str = "worktree parked";

/// What the timeline calls a worktree that was gone and made again.
pub const WORKTREE_MADE_AGAIN: &str = "worktree made again";

/// Book-keeping that moves no task: each is guarded by what it names and writes nothing if that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// Other names, because the first were taken between claim and effect: the tree's only while `claimed`, the
    /// session's until the shim has started.
    Rename { attempt: AttemptId, branch: String, worktree: PathBuf, session: String },
    /// The tree was moved to the trash. Only while `owner` owns it. What for is the stamp's evidence.
    TreeParked { path: PathBuf, owner: AttemptId, parked: PathBuf },
    /// The tree is gone: every place that it could be in was looked at. Only while `owner` owns it.
    TreeGone { path: PathBuf, owner: AttemptId },
    /// The tree is at its path again: found there, or made again from what had its commits. Only while `owner` owns it.
    TreeFound { path: PathBuf, owner: AttemptId, made_from: Option<String> },
    /// The tree was moved back from the trash. Only while `owner` owns it.
    TreeRestored { path: PathBuf, owner: AttemptId },
    /// The tree was deleted from the trash for good. Only while `owner` owns it.
    TreeDeleted { path: PathBuf, owner: AttemptId },
    /// The clean-up of an attempt that is over; `done` when nothing is left of it to remove.
    Cleaned { attempt: AttemptId, kept: Vec<String>, done: bool },
    /// Processes that outlive an attempt, by identity and name.
    Leftovers { attempt: AttemptId, leftovers: Vec<(Process, String)> },
    /// What was written in the user's own checkout while its agent ran.
    Touched { attempt: AttemptId, files: Vec<String> },
    /// A note for the next attempt.
    Note { task: TaskId, note: String },
    /// A running agent has taken this note in: the next attempt need not be told. Only while it is the task's.
    NoteTakenIn { task: TaskId, note: String },
    /// A branch has got the task's work: where from and to, and how.
    Merged { task: TaskId, into: String, from: String, to: String, method: Method },
    /// What was learnt of its pull request. It leaves an event only where that is news.
    Pull { task: TaskId, pull: Linked },
    /// What of its pull request its agent was sent back with.
    Fed { task: TaskId, fed: Fed },
    /// Soft deletion. Only without a live attempt.
    Delete { task: TaskId },
    /// The undo of that. Only while no other task has its external id.
    Undelete { task: TaskId },
    /// Off the board. Only without a live attempt, and once.
    Archive { task: TaskId },
    /// On the board again. Only an archived one.
    Unarchive { task: TaskId },
    /// Other wishes. While an attempt lives only [`Edit::WHILE_LIVE`]; and never so that tasks wait for each other.
    Edit { task: TaskId, edit: Edit },
}

/// An act on the comments of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commented {
    /// A new one, which is a draft.
    Added { place: Anchor, text: String },
    /// Only a draft.
    Edited { id: i64, text: String },
    /// Only drafts; absent: all of them.
    Dropped { id: Option<i64> },
    /// Those that were not sent before.
    Sent { ids: Vec<i64>, round: u32 },
    /// Only what was sent, or is being sent.
    Handled { id: i64 },
    /// Hunks that the reviewer has seen, or has not after all, by what they are known by.
    Seen { marks: Vec<String>, is_seen: bool },
}

/// What an agent says, or is seen to do. What is absent stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub source: Source,
    pub activity: Option<Activity>,
    /// One line; `Some(None)` takes back what was said.
    pub saying: Option<Option<String>>,
    /// That what it says, or said before, is by a verb of its own. Absent, something new is not.
    pub spoken: Option<Spoken>,
    pub waits_until: Option<Option<Timestamp>>,
    /// The agent's own name for its conversation.
    pub conversation: Option<String>,
    /// What the timeline calls it; absent, it leaves no event: agents report many times a minute.
    pub event: Option<&'static str>,
    /// It contradicts the agent's own last word, on strong evidence.
    pub contradicts: bool,
    /// What was known when this was seen: where something else is known by now, this is old.
    pub unless_beyond: Option<Known>,
}

/// What is known of an agent: what it does, and what it says.
pub type Known = (Option<Doing>, Option<String>);

impl News {
    /// That an agent does something, on somebody's word.
    #[must_use]
    pub const fn of(source: Source, activity: Activity) -> Self {
        Self {
            source,
            activity: Some(activity),
            saying: None,
            spoken: None,
            waits_until: None,
            conversation: None,
            event: None,
            contradicts: false,
            unless_beyond: None,
        }
    }
}

/// What became of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Written. What the agent was known to do before.
    Written { before: Option<Activity> },
    /// Nothing written: it was known, or somebody surer has said otherwise.
    Known,
    /// Nothing written: the attempt's agent does not run.
    Over,
}

/// A person's act, or an agent's that may act so, that has not been undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub seq: i64,
    pub task: TaskId,
    pub act: Act,
    /// The task's newest attempt, then.
    pub attempt: Option<AttemptId>,
    /// Where the act left the task: `status` or `status/phase`.
    pub left: String,
    /// The task's cause and reason before the act.
    pub why: Option<(Cause, String)>,
}

/// What undoes an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reverse {
    Event(Event),
    Amendment(Amendment),
}

/// See the module's contract.
pub trait Store {
    /// One task, deleted ones excluded.
    ///
    /// # Errors
    /// As [`StoreError`] says; so for every method.
    fn task(&self, id: TaskId) -> Result<Option<Task>>;
    /// The board.
    fn tasks(&self, filter: &Filter) -> Result<Listing>;
    /// One attempt.
    fn attempt(&self, id: &AttemptId) -> Result<Option<Attempt>>;
    /// Several, oldest first.
    fn attempts(&self, which: &Which) -> Result<Vec<Attempt>>;
    /// The trees of a task that are planned, present or parked, oldest first.
    fn trees(&self, task: TaskId) -> Result<Vec<Tree>>;
    /// Every tree that was ever made and whose path no later one took, gone ones and those of deleted tasks included,
    /// oldest first: of one task, or of all.
    fn all_trees(&self, task: Option<TaskId>) -> Result<Vec<Tree>>;
    /// The timeline after `seq`, of one task or of all, at most `limit` rows.
    fn timeline(&self, task: Option<TaskId>, after: i64, limit: u32) -> Result<Vec<Record>>;
    /// Adds tasks, all or none.
    fn add(&self, drafts: &[Draft], stamp: &Stamp) -> Result<Vec<TaskId>>;
    /// Adds and changes tasks, all or none; the ids in the order given. [`Needed::Listed`] is an index of the entries.
    fn import(&self, entries: &[Import], stamp: &Stamp) -> Result<Vec<TaskId>>;
    /// Takes a task: opens the attempt and moves the task in one transaction.
    fn claim(&self, claim: &Claim, stamp: &Stamp) -> Result<Claimed>;
    /// Applies an event to a task; `attempt` as in [`step`](crate::domain::lifecycle::step).
    fn apply(
        &self,
        task: TaskId,
        attempt: Option<&AttemptId>,
        event: &Event,
        limits: Limits,
        stamp: &Stamp,
    ) -> Result<Applied>;
    /// Writes book-keeping; false when the guard did not hold.
    fn amend(&self, amendment: &Amendment, stamp: &Stamp) -> Result<bool>;
    /// Writes what an attempt's agent says or is seen to do. Only while its shim runs; what processes or a screen show
    /// never replaces the agent's own word, unless it contradicts that. Does not wait long for other writers.
    fn hear(&self, attempt: &AttemptId, news: &News, stamp: &Stamp) -> Result<Heard>;
    /// The comments on a task's work, oldest first.
    fn comments(&self, task: TaskId) -> Result<Vec<Comment>>;
    /// The hunks of a task's work that its reviewer has seen, by what they are known by.
    fn seen(&self, task: TaskId) -> Result<Vec<String>>;
    /// Writes an act on them; false where there is none that it is for.
    fn comment(&self, task: TaskId, act: &Commented, stamp: &Stamp) -> Result<bool>;
    /// The latest such acts on the tasks of a repository, or of all, that have not been undone and are no undos,
    /// newest first.
    fn deeds(&self, repo: Option<&Path>, limit: u32) -> Result<Vec<Deed>>;
    /// Undoes an act; its event says of which act (`undoes`). False, with nothing written, where it has been undone
    /// already, the task is not where the act left it, or the reverse's own guard did not hold.
    fn undo(&self, deed: &Deed, reverse: &Reverse, stamp: &Stamp) -> Result<bool>;
    /// The timeline of a repository's tasks, deleted ones included, after `seq`, at most `limit` rows.
    fn history(&self, repo: &Path, after: i64, limit: u32) -> Result<Vec<Record>>;
    /// The hashes of those contents of a repository's own configuration that a person trusts, newest first.
    fn trusted(&self, repo: &Path) -> Result<Vec<String>>;
    /// Adds one to them.
    fn trust(&self, repo: &Path, supplied: &Supplied, stamp: &Stamp) -> Result<()>;
    /// The content that was trusted last, where it is known.
    fn trusted_before(&self, repo: &Path) -> Result<Option<Vec<u8>>>;
    /// Forgets them all; how many there were.
    fn distrust(&self, repo: &Path) -> Result<usize>;
    /// Why the database can't be believed to know of everything that runs: it is older than what its state directory has
    /// seen, or another one. Stands until a person has looked at it.
    fn doubt(&self) -> Result<Option<String>>;
    /// A person has looked at what the database does not know of: the doubt is over.
    fn believe(&self) -> Result<()>;
    /// A number that changes when another connection commits.
    fn version(&self) -> Result<i64>;
}
