//! The queue: which task is asked for next, and when there is no point in asking for another.
//!
//! It holds no lock and counts nothing that runs: whether there is room is decided by each claim, in its transaction.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;

use super::attempt::Attempt;
use super::id::TaskId;
use super::state::{Activity, Phase, Status};
use super::task::Task;
use super::time::Timestamp;

/// How far a task must have come for those that wait for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    #[default]
    Done,
    Review,
}

impl Release {
    /// Both, by their names in the configuration.
    pub const ALL: [(&'static str, Self); 2] = [("done", Self::Done), ("review", Self::Review)];

    /// Whether a task of this status is waited for no longer.
    #[must_use]
    pub const fn is_met(self, status: Status) -> bool {
        match status {
            Status::Done => true,
            Status::Review => matches!(self, Self::Review),
            Status::Ready | Status::InProgress | Status::Failed => false,
        }
    }
}

/// Which agents that do nothing count among those that run. One that waits for the end of its usage limit never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Those that wait for an answer.
    pub waiting: bool,
    pub idle: bool,
}

impl Default for Counts {
    fn default() -> Self {
        Self { waiting: true, idle: true }
    }
}

impl Counts {
    /// Whether a live attempt counts.
    #[must_use]
    pub fn has(self, attempt: &Attempt, now: Timestamp) -> bool {
        let activity = attempt.doing.as_ref().filter(|_| attempt.phase == Phase::Running).map(|doing| doing.activity);
        attempt.waits_until.is_none_or(|until| until <= now)
            && (self.waiting || activity != Some(Activity::Waiting))
            && (self.idle || activity != Some(Activity::Idle))
    }
}

/// A configured limit of what may be in progress at once, or the usage limit of an agent's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    MaxRunning,
    PerAgent,
    PerRepo,
    Usage,
}

impl Limit {
    /// The setting's name, in `[queue]`, if it is one.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::MaxRunning => "max_running",
            Self::PerAgent => "per_agent",
            Self::PerRepo => "per_repo",
            Self::Usage => "usage",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A task that is to be dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub task: TaskId,
    pub agent: String,
    pub repo: PathBuf,
}

impl Waiting {
    /// A task, as its draft says.
    #[must_use]
    pub fn of(task: &Task) -> Self {
        Self { task: task.id, agent: task.draft.agent.clone(), repo: task.draft.repo.clone() }
    }
}

/// What came of asking for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Its agent has started.
    Started,
    /// This limit is reached.
    Full(Limit),
    /// Another dispatcher has it, or it can't be dispatched: a matter of its own.
    Refused,
    /// Nothing can be dispatched on this machine.
    Stop,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    Ask(Waiting),
    /// As many are under way as are wanted: one of them may fail yet.
    Later,
    Over,
}

/// Tasks in the order in which they are asked for.
#[derive(Clone, Debug)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    /// How many are to be started.
    wanted: usize,
    started: usize,
    under_way: usize,
    /// Agents and repositories of which no more may be started.
    held: Vec<(Limit, Waiting)>,
    over: bool,
}

impl Queue {
    /// A queue of which `wanted` are to be started, or as many as there is room for.
    #[must_use]
    pub fn new(waiting: impl IntoIterator<Item = Waiting>, wanted: usize) -> Self {
        let waiting = waiting.into_iter().collect();
        Self { waiting, wanted, started: 0, under_way: 0, held: Vec::new(), over: false }
    }

    /// The next task to ask for. What a limit that was met holds back is passed over.
    pub fn pick(&mut self) -> Pick {
        if self.over || self.started >= self.wanted {
            return Pick::Over;
        }
        if self.started + self.under_way >= self.wanted {
            return Pick::Later;
        }
        while let Some(next) = self.waiting.pop_front() {
            if !self.is_held(&next) {
                self.under_way += 1;
                return Pick::Ask(next);
            }
        }
        Pick::Over
    }

    fn is_held(&self, waiting: &Waiting) -> bool {
        self.held.iter().any(|(limit, met)| match limit {
            Limit::MaxRunning => true,
            Limit::PerAgent | Limit::Usage => met.agent == waiting.agent,
            Limit::PerRepo => met.repo == waiting.repo,
        })
    }

    /// Tells what came of a task that was picked.
    pub fn came(&mut self, of: Waiting, came: Came) {
        self.under_way = self.under_way.saturating_sub(1);
        match came {
            Came::Started => self.started += 1,
            Came::Full(limit) => self.held.push((limit, of)),
            Came::Refused => {}
            Came::Stop => self.over = true,
        }
    }

    /// How many were started.
    #[must_use]
    pub const fn started(&self) -> usize {
        self.started
    }
}

#[cfg(test)]
mod tests {
    use super::{Came, Limit, Pick, Queue, Waiting};
    use crate::domain::id::TaskId;

    fn waiting(task: i64, agent: &str, repo: &str) -> Waiting {
        Waiting { task: TaskId(task), agent: agent.to_owned(), repo: repo.into() }
    }

    fn three() -> [Waiting; 3] {
        [waiting(1, "a", "/r"), waiting(2, "a", "/s"), waiting(3, "b", "/r")]
    }

    /// Asks until it is over; `answer` says what comes of each.
    fn asked(mut queue: Queue, answer: impl Fn(i64) -> Came) -> (Vec<i64>, usize) {
        let mut asked = Vec::new();
        while let Pick::Ask(next) = queue.pick() {
            asked.push(next.task.0);
            let came = answer(next.task.0);
            queue.came(next, came);
        }
        (asked, queue.started())
    }

    #[test]
    fn all_are_asked_for_in_order() {
        assert_eq!(asked(Queue::new(three(), usize::MAX), |_| Came::Started), (vec![1, 2, 3], 3));
    }

    #[test]
    fn a_limit_holds_back_what_it_counts_and_nothing_else() {
        for (limit, tried) in
            [(Limit::MaxRunning, vec![1]), (Limit::PerAgent, vec![1, 3]), (Limit::PerRepo, vec![1, 2])]
        {
            let full = |task| if task == 1 { Came::Full(limit) } else { Came::Started };
            let (asked, started) = asked(Queue::new(three(), usize::MAX), full);
            assert_eq!((asked.as_slice(), started), (tried.as_slice(), tried.len() - 1), "{limit}");
        }
    }

    #[test]
    fn another_is_asked_for_where_one_was_refused_but_not_more_than_wanted() {
        let refused = |task| if task == 1 { Came::Refused } else { Came::Started };
        assert_eq!(asked(Queue::new(three(), 1), refused), (vec![1, 2], 1));
        assert_eq!(asked(Queue::new(three(), 2), |_| Came::Started), (vec![1, 2], 2));
        assert_eq!(asked(Queue::new(three(), usize::MAX), |_| Came::Stop), (vec![1], 0));
    }

    #[test]
    fn one_that_is_under_way_is_waited_for_before_another_is_asked_for() {
        let mut queue = Queue::new(three(), 1);
        let Pick::Ask(first) = queue.pick() else { panic!("nothing to ask for") };
        assert_eq!(queue.pick(), Pick::Later);
        queue.came(first, Came::Refused);
        let Pick::Ask(second) = queue.pick() else { panic!("nothing to ask for") };
        queue.came(second, Came::Started);
        assert_eq!(queue.pick(), Pick::Over);
    }
}
