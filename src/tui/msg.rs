//! What can happen (`Msg`) and what is to be done about it (`Cmd`): plain values that can be logged and compared.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::diff::{Look, Seen};
use super::keymap::{Intent, Simple};
use crate::domain::diff::{Changed, File};
use crate::domain::id::TaskId;
use crate::domain::patch::Patch;
use crate::domain::state::Status;
use crate::domain::task::{Draft, Edit, Task};
use crate::domain::time::{Now, Timestamp};
use crate::engine::Fault;
use crate::engine::board::{Board, Shown};
use crate::engine::merge::Merge;
use crate::engine::review::Bounced;
use crate::engine::survey::Found;
use crate::engine::tasks::Removed;

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize {
        columns: u16,
        rows: u16,
    },
    Tick(Now),
    /// The board, read again.
    Loaded(Arc<Board>),
    /// It could not be read: why.
    LoadFailed(String),
    /// The reconciler made a pass.
    Swept(Sweep),
    /// What the detail pane asked for.
    Detailed {
        task: TaskId,
        tab: Tab,
        content: Content,
    },
    /// One of several tasks that are being dispatched has started, or will not.
    Dispatched {
        task: TaskId,
    },
    /// An act is over.
    Acted {
        act: Act,
        outcome: Result<Done, Fault>,
    },
    /// The answer to the question of this number.
    Answered {
        number: u64,
        answer: Result<Answer, Fault>,
    },
    /// The editor was left with this text.
    Edited {
        purpose: Compose,
        outcome: Result<String, Fault>,
    },
    /// What the diff asked for by this number.
    Looked {
        number: u64,
        seen: Seen,
    },
    /// Back from another program in this terminal.
    Returned(Result<(), Fault>),
    /// How much an attempt changed.
    Measured {
        task: TaskId,
        changed: Option<Changed>,
    },
    /// What the works on the board come to, and where they meet.
    Surveyed(Found),
    /// SIGTSTP: give the terminal away and stop.
    Stopped,
    /// SIGCONT: somebody may have had the terminal meanwhile.
    Continued,
    /// A signal, or the end of the terminal: end now.
    Terminate,
}

impl Msg {
    /// Whether a person did it here.
    #[must_use]
    pub const fn is_input(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Mouse(_) | Self::Paste(_))
    }
}

/// What a reconciler's pass came to, in the header's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub at: Timestamp,
    /// One sentence for each thing that was done.
    pub done: Vec<String>,
    /// What could not be told, one sentence each.
    pub unknown: Vec<String>,
    /// Whether the tmux servers of live attempts answered; `None` when none was asked.
    pub tmux: Option<Result<(), String>>,
    /// Whether the pass itself failed.
    pub failed: Option<String>,
    /// Deaths are seen by events, not only by the timed sweep.
    pub events: bool,
}

/// An attempt in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub task: TaskId,
    pub title: String,
    pub number: u32,
    pub from: Timestamp,
    /// Absent: it lives.
    pub to: Option<Timestamp>,
    /// How it ended, or what it is at.
    pub word: &'static str,
    pub good: bool,
}

/// What the detail pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tab {
    Live,
    Prompt,
    Timeline,
    Diff,
    Report,
}

impl Tab {
    /// In the order of the tabs.
    pub const ALL: [Self; 5] = [Self::Live, Self::Prompt, Self::Timeline, Self::Diff, Self::Report];

    /// What the tab is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Prompt => "Prompt",
            Self::Timeline => "Timeline",
            Self::Diff => "Diff",
            Self::Report => "Report",
        }
    }
}

/// What a tab of the detail pane shows: data, drawn by the theme. A screen has the colours of a terminal (SGR), and
/// nothing else of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Screen(String),
    Timeline(Timeline),
    Diff(Glance),
    Report(Report),
    /// There is nothing to show: why.
    Nothing(String),
}

/// What the work changed: every file, and the lines of the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    pub files: Vec<File>,
    /// Of the first files, in the same order.
    pub patches: Vec<Patch>,
}

/// What happened to a task, newest first, and the screen that its last agent left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    pub screen: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Timestamp,
    pub text: String,
    pub who: &'static str,
    /// A step on the way, of interest where something went wrong.
    pub inner: bool,
}

/// Which phase failed, how, what is left, and what can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub facts: Vec<Fact>,
    pub next: Vec<Intent>,
    pub saved: Saved,
}

/// A row of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub text: String,
    /// How long ago that was is said besides.
    pub at: Option<Timestamp>,
}

/// What was saved of a failed task's last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    Screen(String),
    /// Of its verification.
    Log(String),
    Nothing,
}

/// Something a person did to tasks; carried out off the render thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A new task; with `start`, its dispatch follows as an act of its own.
    Add {
        draft: Box<Draft>,
        start: bool,
    },
    /// With `start`, its dispatch or retry follows as an act of its own.
    Edit {
        task: TaskId,
        edit: Box<Edit>,
        start: bool,
    },
    Dispatch {
        task: TaskId,
    },
    /// Several that were marked, as one queue.
    DispatchMarked {
        tasks: Vec<TaskId>,
    },
    /// Everything that is ready and fits.
    DispatchAll,
    /// As that, because the queue is worked off.
    WorkOff,
    Retry {
        task: TaskId,
        fresh: bool,
        note: Option<String>,
    },
    /// Only the verification, again.
    Verify {
        task: TaskId,
    },
    /// With the comments on its work that were not sent yet.
    Bounce {
        task: TaskId,
        note: String,
    },
    /// On a line of its work: `FILE:LINE`.
    Comment {
        task: TaskId,
        remark: Remark,
    },
    Stop {
        task: TaskId,
    },
    Approve {
        task: TaskId,
    },
    /// One after the other, up to the first that can't be merged. What is in no commit is committed first.
    Merge {
        tasks: Vec<TaskId>,
    },
    /// Pushes its work, and opens a pull request. What is in no commit is committed first.
    Pull {
        task: TaskId,
    },
    /// Sends it back with what its pull request still needs.
    PullFeedback {
        task: TaskId,
    },
    /// Gives a worktree back from the trash, and the task with it.
    Restore {
        task: TaskId,
        number: u32,
    },
    /// Deletes a worktree in the trash for good.
    Delete {
        task: TaskId,
        at: PathBuf,
    },
    Tidy,
    Simple {
        task: TaskId,
        act: Simple,
    },
    Remove {
        task: TaskId,
        stop: bool,
    },
    Undo,
    Send {
        task: TaskId,
        text: String,
    },
    Interrupt {
        task: TaskId,
    },
    Reconcile,
}

impl Act {
    /// The task that it is about, if it is one.
    #[must_use]
    pub const fn task(&self) -> Option<TaskId> {
        match self {
            Self::Add { .. }
            | Self::DispatchMarked { .. }
            | Self::DispatchAll
            | Self::WorkOff
            | Self::Tidy
            | Self::Undo
            | Self::Reconcile => None,
            Self::Edit { task, .. }
            | Self::Dispatch { task }
            | Self::Retry { task, .. }
            | Self::Verify { task }
            | Self::Bounce { task, .. }
            | Self::Comment { task, .. }
            | Self::Stop { task }
            | Self::Approve { task }
            | Self::Pull { task }
            | Self::PullFeedback { task }
            | Self::Restore { task, .. }
            | Self::Delete { task, .. }
            | Self::Simple { task, .. }
            | Self::Remove { task, .. }
            | Self::Send { task, .. }
            | Self::Interrupt { task } => Some(*task),
            Self::Merge { tasks } => match tasks.as_slice() {
                [task] => Some(*task),
                _ => None,
            },
        }
    }

    /// What starts an agent on a task, where its status allows it.
    #[must_use]
    pub fn begin(task: &Task) -> Option<Self> {
        match task.status {
            Status::Ready => Some(Self::Dispatch { task: task.id }),
            Status::Failed => Some(Self::Retry { task: task.id, fresh: false, note: None }),
            Status::InProgress | Status::Review | Status::Done => None,
        }
    }

    /// What is shown on the task's card while it goes on.
    #[must_use]
    pub const fn going_on(&self) -> &'static str {
        match self {
            Self::Add { .. } => "adding",
            Self::Edit { .. } => "saving",
            Self::Dispatch { .. }
            | Self::DispatchMarked { .. }
            | Self::DispatchAll
            | Self::WorkOff
            | Self::Retry { .. }
            | Self::Verify { .. } => "claiming",
            Self::Bounce { .. } | Self::PullFeedback { .. } => "sending back",
            Self::Comment { .. } => "commenting",
            Self::Stop { .. } => "stopping",
            Self::Approve { .. } => "approving",
            Self::Merge { .. } => "merging",
            Self::Pull { .. } => "pushing",
            Self::Simple { act, .. } => act.going_on(),
            Self::Remove { .. } => "removing",
            Self::Restore { .. } => "giving back",
            Self::Delete { .. } => "deleting",
            Self::Tidy => "tidying up",
            Self::Undo => "undoing",
            Self::Send { .. } | Self::Interrupt { .. } => "sending",
            Self::Reconcile => "reconciling",
        }
    }
}

/// What an act came to. `words` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Added(TaskId),
    Saved(TaskId),
    Started {
        task: TaskId,
        session: String,
    },
    /// So many of so many were started; why not more.
    Filled {
        started: usize,
        of: usize,
        stopped: Option<String>,
    },
    Retried {
        task: TaskId,
        number: u32,
        /// What of earlier attempts could not be put away.
        notes: Vec<String>,
    },
    Verifying(TaskId),
    /// With so many comments.
    Bounced(TaskId, Bounced, usize),
    /// What became of a comment.
    Commented(TaskId, String),
    Stopped(TaskId),
    Approved(TaskId),
    /// Those that were merged, and why the next one was not.
    Merged {
        merges: Vec<Merge>,
        stopped: Option<Fault>,
    },
    /// The address of a pull request, and whether it is a new one.
    Pulled {
        task: TaskId,
        url: String,
        is_new: bool,
    },
    Restored(TaskId, PathBuf),
    Deleted(PathBuf),
    /// How many tasks were tidied up after.
    Tidied(usize),
    Simple(TaskId, Simple),
    Removed {
        task: TaskId,
        removed: Removed,
    },
    /// What was undone.
    Undone {
        task: TaskId,
        what: String,
    },
    Sent(TaskId),
    Interrupted(TaskId),
    /// What was done, a sentence each.
    Reconciled(Vec<String>),
}

/// What has to be found out before something can be asked or shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// What a reconcile would do.
    Plan,
    /// What removing these would lose.
    Losses(Vec<TaskId>),
    /// What merging these would do.
    Merge(Vec<TaskId>),
    /// The attempts over time.
    Chart,
    /// What is in the trash.
    Trash,
    /// What tidying up would do.
    Tidy,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A sentence each.
    Plan(Vec<String>),
    /// A line each.
    Losses { tasks: Vec<TaskId>, lines: Vec<String> },
    /// Those that can be merged, a line each and more; and why the next one can't.
    Merge { tasks: Vec<TaskId>, lines: Vec<String>, stopped: Option<Fault> },
    /// Newest first.
    Chart(Vec<Bar>),
    /// Oldest first.
    Trash(Vec<Shelved>),
    /// How many tasks would be put away, and a line for each task that was looked at.
    Tidy { count: usize, lines: Vec<String> },
}

/// A worktree in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelved {
    pub task: TaskId,
    /// Of the attempt that has it.
    pub number: u32,
    pub title: String,
    /// Its task is removed, too.
    pub removed: bool,
    pub since: Option<Timestamp>,
    pub bytes: u64,
    pub at: PathBuf,
}

/// What a text is written for in `$EDITOR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compose {
    /// A new task: its first line is the title.
    New,
    /// The prompt of the form that is open.
    Form,
    /// What a viewer has printed of a task's work: feedback.
    Viewer(TaskId),
}

/// An effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    Act(Act),
    Detail {
        task: TaskId,
        tab: Tab,
        lines: u16,
    },
    /// Keep the live view of this task's pane fresh; none stops it.
    Watch {
        task: Option<TaskId>,
        /// The columns and rows that it is looked at with.
        size: (u16, u16),
    },
    Measure {
        task: TaskId,
    },
    /// Read something for the diff; the answer has this number.
    Look {
        number: u64,
        look: Look,
    },
    /// Show these tasks from now on.
    Show(Shown),
    /// Find out what an overlay waits for.
    Ask {
        number: u64,
        query: Query,
    },
    Attach {
        task: TaskId,
    },
    Shell {
        task: TaskId,
    },
    Editor {
        purpose: Compose,
        text: String,
    },
    /// Shows a task's work in the user's own viewer.
    Viewer {
        task: TaskId,
    },
    /// Something has happened that a person wants to know of.
    Bell,
    /// Give the terminal away, and stop until continued; with `job`, everything that runs with this program too.
    Suspend {
        job: bool,
    },
    /// Take the terminal again.
    Retake,
    /// Sagas in flight are to roll back.
    Interrupt,
    Quit,
}

/// Something that is done to the comments on a task's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// `FILE:LINE` or `FILE:FIRST-LAST`.
    Add {
        place: String,
        text: String,
    },
    Edit {
        id: i64,
        text: String,
    },
    Drop {
        id: i64,
    },
    Handled {
        id: i64,
    },
}

/// A program to run in this terminal, or beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub argv: Vec<std::ffi::OsString>,
    pub folder: Option<PathBuf>,
    /// Whether it draws on this terminal.
    pub takes_terminal: bool,
}
