//! Everything that the screen is drawn from. Only `update` changes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::columns::{Columns, Filter};
use super::diff::Diff;
use super::keymap::Context;
use super::msg::{Act, Content, Sweep, Tab};
use super::options::Options;
use super::overlay::Overlay;
use super::words::Said;
use crate::domain::diff::Changed;
use crate::domain::id::TaskId;
use crate::domain::order::Order;
use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::domain::time::{BootTime, Now, Timestamp};
use crate::engine::board::{Board, Card, Shown};
use crate::engine::survey::Overlap;

/// From this width on the detail pane stands beside the board: an agent's terminal wants eighty columns.
pub const WIDE: u16 = 160;
/// Below this width one column is shown at a time.
pub const SEVERAL: u16 = 60;
/// From this height on there is room for the pane below the board.
const TALL: u16 = 30;

/// How long a passing message stays, in milliseconds of boot time.
const TOAST: i64 = 6_000;

/// The kind of a message in the footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Plain,
    Bad,
}

/// A passing message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    pub said: Said,
    pub tone: Tone,
    pub since: BootTime,
}

/// The pane that shows one task.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// What is shown; `None`: the pane is closed.
    pub tab: Option<Tab>,
    pub content: Option<(TaskId, Tab, Content)>,
    /// Lines scrolled down from the top, or, for the live view, up from the bottom.
    pub scroll: usize,
    /// Columns moved to the right, where lines are not folded.
    pub aside: u16,
    /// It has the whole screen.
    pub is_zoomed: bool,
    /// What is searched for in it; empty: nothing.
    pub search: String,
    /// The row where it was found last.
    pub found: usize,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub options: Arc<Options>,
    pub columns_rows: (u16, u16),
    pub now: Now,
    pub board: Arc<Board>,
    /// Whether the board has been read at all.
    pub loaded: bool,
    pub load_error: Option<String>,
    pub columns: Columns,
    /// What the board is of, or will be when it has been read.
    pub shown: Shown,
    pub order: Order,
    pub filter: Filter,
    pub marks: BTreeSet<TaskId>,
    /// What goes on for each task, started here.
    pub running: BTreeMap<TaskId, Act>,
    /// A task that was added here and is not on the board yet: the cursor goes to it.
    pub awaited: Option<TaskId>,
    /// What goes on that is about no single task.
    pub running_global: Vec<Act>,
    pub overlay: Option<Overlay>,
    /// Over the whole board, below an overlay.
    pub diff: Option<Box<Diff>>,
    /// The number of the last question: an answer to an earlier one is dropped.
    pub asked: u64,
    pub detail: Detail,
    pub toast: Option<Toast>,
    pub sweep: Option<Sweep>,
    /// What the reconciler did last, and when.
    pub fixed: Option<(Timestamp, String)>,
    /// Lines added and removed against the base, and when that was asked.
    /// Works that change the same files.
    pub overlaps: Vec<Overlap>,
    pub measured: HashMap<TaskId, (Timestamp, Option<Changed>)>,
    /// Tasks that came to need the user, since when: the bell is rung for those that still do a while later.
    pub calling: BTreeMap<TaskId, BootTime>,
    /// What was started again from here after its agent was lost, and how many attempts it had then.
    pub restarted: BTreeMap<TaskId, u32>,
    /// The queue is worked off by itself.
    pub works_off: bool,
    /// The board, and how many tasks of it could start, when that was tried last.
    pub tried: Option<(Arc<Board>, usize)>,
    /// Quitting, since when.
    pub leaving: Option<BootTime>,
    /// The task that was clicked last: another click on it is a double one.
    pub clicked: Option<TaskId>,
    /// Another program has the terminal.
    pub away: bool,
}

impl Model {
    /// The tasks that could start now, in the order of the queue.
    #[must_use]
    pub fn startable(&self) -> Vec<TaskId> {
        let now = self.now.wall;
        let free = |task: &Task| {
            task.status == Status::Ready
                && !task.archived
                && task.blocked_by.is_empty()
                && task.not_before.is_none_or(|at| at <= now)
        };
        let mut free: Vec<&Task> = self.board.cards.iter().map(|card| &card.task).filter(|task| free(task)).collect();
        free.sort_by_key(|task| (std::cmp::Reverse(task.draft.priority), task.id));
        free.into_iter().map(|task| task.id).collect()
    }

    #[must_use]
    pub fn new(options: Arc<Options>, columns_rows: (u16, u16), now: Now) -> Self {
        let mut detail = Detail::default();
        let (width, height) = columns_rows;
        if width >= WIDE || (width >= SEVERAL && height >= TALL) {
            detail.tab = Some(Tab::Live);
        }
        let (shown, order) = (options.shown.clone(), options.order);
        Self {
            options,
            columns_rows,
            now,
            board: Arc::default(),
            loaded: false,
            load_error: None,
            columns: Columns::default(),
            shown,
            order,
            filter: Filter::default(),
            marks: BTreeSet::new(),
            running: BTreeMap::new(),
            awaited: None,
            running_global: Vec::new(),
            overlay: None,
            diff: None,
            asked: 0,
            detail,
            toast: None,
            sweep: None,
            fixed: None,
            overlaps: Vec::new(),
            measured: HashMap::new(),
            calling: BTreeMap::new(),
            works_off: false,
            tried: None,
            restarted: BTreeMap::new(),
            leaving: None,
            clicked: None,
            away: false,
        }
    }

    /// The card under the cursor.
    #[must_use]
    pub fn selected(&self) -> Option<&Card> {
        self.columns.selected().and_then(|id| self.board.card(id))
    }

    /// The marked tasks, or the one under the cursor.
    #[must_use]
    pub fn targets(&self) -> Vec<TaskId> {
        if self.marks.is_empty() {
            self.columns.selected().into_iter().collect()
        } else {
            self.marks.iter().copied().collect()
        }
    }

    /// The contexts whose keys go before those of the board now.
    #[must_use]
    pub fn special(&self) -> &'static [Context] {
        match (self.detail.is_zoomed && self.detail.tab.is_some(), self.filter.is_on()) {
            (true, true) => &[Context::Zoomed, Context::Filtered],
            (true, false) => &[Context::Zoomed],
            (false, true) => &[Context::Filtered],
            (false, false) => &[],
        }
    }

    /// The name of the repository that is shown.
    #[must_use]
    pub fn whose(&self) -> String {
        let name = |repo: &PathBuf| repo.file_name().unwrap_or(repo.as_os_str()).to_string_lossy().into_owned();
        self.shown.repo.as_ref().map_or_else(|| "all repositories".to_owned(), name)
    }

    /// Puts the cards into their columns anew.
    pub fn arrange(&mut self) {
        let board = Arc::clone(&self.board);
        self.columns.arrange(&board, &self.filter, self.order);
    }

    /// How many tasks are in a column, filtered or not.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.board.cards.iter().filter(|card| card.task.status == status).count()
    }

    /// Shows a message for a while.
    pub fn say(&mut self, tone: Tone, said: impl Into<Said>) {
        self.toast = Some(Toast { said: said.into(), tone, since: self.now.boot });
    }

    /// Drops a message that has been shown for long enough.
    pub fn forget(&mut self) {
        if self.toast.as_ref().is_some_and(|toast| self.now.boot.0 - toast.since.0 > TOAST) {
            self.toast = None;
        }
    }

    /// Puts something over the board. A message of before is not shown again after it.
    pub fn open(&mut self, overlay: Overlay) {
        self.toast = None;
        self.overlay = Some(overlay);
    }

    /// Whether sagas or other acts are under way.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.running.is_empty() || !self.running_global.is_empty()
    }

    /// Whether the pane shows the end of what it has, and is scrolled from there.
    #[must_use]
    pub fn follows_end(&self) -> bool {
        let shown = self.detail.content.as_ref();
        self.tab() == Some(Tab::Live) && matches!(shown, Some((_, Tab::Live, Content::Screen(_))))
    }

    /// The tab that the detail pane shows for the task under the cursor: the wanted one, or what makes sense for it.
    #[must_use]
    pub fn tab(&self) -> Option<Tab> {
        let wanted = self.detail.tab?;
        let card = self.selected()?;
        Some(match (wanted, card.task.status) {
            (Tab::Live, _) if card.is_live() => Tab::Live,
            (Tab::Live | Tab::Report, Status::Failed) => Tab::Report,
            (Tab::Live, Status::Ready) => Tab::Prompt,
            (Tab::Live, Status::Review) => Tab::Diff,
            (Tab::Live | Tab::Report, _) => Tab::Timeline,
            (tab @ (Tab::Prompt | Tab::Timeline | Tab::Diff), _) => tab,
        })
    }
}
