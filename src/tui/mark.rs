//! The sign of a task: what stands before its fact on the card, in the pane, and in the help's legend.

use ratatui::style::Style;

use super::options::Options;
use super::theme::Theme;
use crate::domain::state::Status;
use crate::engine::board::Card;

/// What a task is at, as a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Ready,
    Blocked,
    /// It ran and lost its agent.
    Again,
    Busy,
    Working,
    Idle,
    Asks,
    Stopped,
    Unknown,
    Lost,
    /// Its worktree is not where it belongs.
    Trouble,
    Review,
    Done,
    Failed,
}

impl Mark {
    /// In the order of the legend.
    pub const ALL: [Self; 14] = [
        Self::Ready,
        Self::Blocked,
        Self::Again,
        Self::Busy,
        Self::Working,
        Self::Idle,
        Self::Asks,
        Self::Stopped,
        Self::Unknown,
        Self::Lost,
        Self::Trouble,
        Self::Review,
        Self::Done,
        Self::Failed,
    ];

    /// The sign of a card. `acting`: something was started here for it and is not over.
    #[must_use]
    pub fn of(card: &Card, acting: bool) -> Self {
        if acting {
            return Self::Busy;
        }
        if card.is_lost() {
            return Self::Lost;
        }
        if card.tree_trouble().is_some() && card.is_live() {
            return Self::Trouble;
        }
        if card.doubt().is_some() && card.task.status == Status::InProgress {
            return Self::Unknown;
        }
        match card.task.status {
            Status::Ready if card.lost_its_agent() => Self::Again,
            Status::Ready if !card.task.blocked_by.is_empty() => Self::Blocked,
            Status::Ready => Self::Ready,
            Status::InProgress => match card.activity() {
                Some("working") => Self::Working,
                Some("stopped") => Self::Stopped,
                Some("waiting") => Self::Asks,
                Some("idle") => Self::Idle,
                Some(_) | None => Self::Busy,
            },
            Status::Review => Self::Review,
            Status::Done => Self::Done,
            Status::Failed => Self::Failed,
        }
    }

    /// How it is drawn.
    #[must_use]
    pub const fn sign(self, options: &Options) -> &'static str {
        let (sign, ascii) = match self {
            Self::Ready => ("○", "o"),
            Self::Blocked => ("◇", "w"),
            Self::Again => ("↻", "@"),
            Self::Busy => ("◌", "~"),
            Self::Working => ("●", "*"),
            Self::Idle => ("◦", "i"),
            Self::Asks | Self::Unknown => ("?", "?"),
            Self::Stopped => ("◍", "s"),
            Self::Lost | Self::Trouble => ("!", "!"),
            Self::Review => ("✔", "+"),
            Self::Done => ("✓", "."),
            Self::Failed => ("✖", "x"),
        };
        options.sign(sign, ascii)
    }

    #[must_use]
    pub const fn style(self, theme: &Theme) -> Style {
        match self {
            Self::Ready | Self::Blocked | Self::Idle | Self::Done => theme.dim,
            Self::Busy | Self::Working => theme.busy,
            Self::Again | Self::Asks | Self::Stopped | Self::Unknown | Self::Trouble => theme.warn,
            Self::Lost | Self::Failed => theme.bad,
            Self::Review => theme.good,
        }
    }

    /// Whether what it stands before is drawn in its colour, too.
    #[must_use]
    pub const fn is_loud(self) -> bool {
        match self {
            Self::Again | Self::Asks | Self::Stopped | Self::Unknown | Self::Lost | Self::Trouble | Self::Failed => {
                true
            }
            Self::Ready | Self::Blocked | Self::Busy | Self::Working | Self::Idle | Self::Review | Self::Done => false,
        }
    }

    /// What it means, for the legend.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Ready => "ready to be started",
            Self::Blocked => "ready, once other tasks are done",
            Self::Again => "was running and lost its agent",
            Self::Busy => "starting, setting up, or verifying",
            Self::Working => "its agent works",
            Self::Idle => "its agent is idle",
            Self::Asks => "its agent waits for you",
            Self::Stopped => "its agent is stopped by a signal",
            Self::Unknown => "can't be told now, left as it is",
            Self::Lost => "its agent is gone",
            Self::Trouble => "its worktree is not where it belongs",
            Self::Review => "in review",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}
