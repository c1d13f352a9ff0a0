//! Pull requests: what is known of one, and what that means for its task.

use std::fmt;

use super::state::{Status, UnknownWord, words};
use super::time::Timestamp;

/// A pull request, as its forge shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    pub number: i64,
    pub url: String,
    pub stage: Stage,
    pub is_draft: bool,
    pub verdict: Option<Verdict>,
    pub checks: Checks,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Open,
    Merged,
    Closed,
}

/// What its reviewers say, all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    ChangesRequested,
    /// Somebody has commented, or is to review it yet.
    Pending,
}

/// How many of its checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    pub passed: usize,
    pub failed: usize,
    pub pending: usize,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    /// Empty where there is none.
    pub url: String,
}

/// What somebody said of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub author: String,
    pub text: String,
    /// `FILE:LINE`, where it is about one.
    pub place: Option<String>,
    pub at: Timestamp,
    /// Whoever said it may write to the repository.
    pub is_insider: bool,
}

/// What a pull request still needs, as its forge shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// With the end of what they printed, where that is known.
    pub failed: Vec<(Check, Option<String>)>,
    /// In the order of time.
    pub said: Vec<Remark>,
}

/// What of that its agent was sent back with already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fed {
    /// The newest remark.
    pub at: Option<Timestamp>,
    /// The addresses of the failed checks.
    pub checks: Vec<String>,
    /// How often nobody asked for that.
    pub times: u32,
}

impl Wishes {
    /// These that may be handed on without anybody having read them.
    #[must_use]
    pub fn of_insiders(mut self) -> Self {
        self.said.retain(|remark| remark.is_insider);
        self
    }

    /// The feedback that is made of what is new, and what was handed on then. `None` where nothing is new.
    #[must_use]
    pub fn feedback(&self, number: i64, url: &str, fed: &Fed) -> Option<(String, Fed)> {
        let said: Vec<&Remark> = self.said.iter().filter(|remark| fed.at.is_none_or(|at| remark.at > at)).collect();
        let checks: Vec<String> = self.failed.iter().map(|(check, _)| check.url.clone()).collect();
        if said.is_empty() && (checks.is_empty() || checks == fed.checks) {
            return None;
        }
        let check = |(check, log): &(Check, Option<String>)| {
            let log = log.iter().flat_map(|log| log.lines()).map(|line| format!("\n    {line}"));
            format!("\n- {} {}{}", check.name, check.url, log.collect::<String>())
        };
        let remark = |remark: &&Remark| {
            let place = remark.place.as_ref().map(|place| format!(" on {place}")).unwrap_or_default();
            format!("{}{place}:\n{}", remark.author, remark.text)
        };
        let mut parts = vec![format!("Pull request {number} ({url}) can't be merged like this.")];
        if !self.failed.is_empty() {
            parts.push(format!("Failed checks:{}", self.failed.iter().map(check).collect::<String>()));
        }
        parts.extend(said.iter().map(remark));
        let text = parts.join("\n\n");
        let at = said.iter().map(|remark| remark.at).max().or(fed.at);
        Some((text, Fed { at, checks, times: fed.times }))
    }
}

words! {
    /// Where a task's pull request stands.
    ReviewState, "state of a pull request" {
        PrCreated = "pr-created",
        Reviewing = "reviewing",
        /// Its agent works on what the review has asked for.
        Fixing = "fixing",
        Approved = "approved",
        Merged = "merged",
    }
}

impl ReviewState {
    /// What a pull request is for a task of this status.
    #[must_use]
    pub const fn of(pull: &Pull, status: Status) -> Self {
        match (pull.stage, pull.verdict, status) {
            (Stage::Merged, _, _) => Self::Merged,
            (_, _, Status::InProgress) => Self::Fixing,
            (_, Some(Verdict::Approved), _) => Self::Approved,
            (_, Some(Verdict::ChangesRequested | Verdict::Pending), _) => Self::Reviewing,
            (_, None, _) => Self::PrCreated,
        }
    }
}

/// The pull request of a task, as it was when it was asked about last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    pub number: i64,
    pub url: String,
    pub state: ReviewState,
    /// How often a review has asked for changes.
    pub rounds: u32,
    /// What there is to say of it, for people.
    pub said: String,
    pub asked_at: Timestamp,
    pub fed: Fed,
}

impl Linked {
    /// What a task has after its pull request was asked about. `before` is what it had.
    #[must_use]
    pub fn after(before: Option<&Self>, pull: &Pull, status: Status, now: Timestamp) -> Self {
        let said = pull.said();
        let same = before.filter(|before| before.number == pull.number);
        let asked = |text: &str| text.contains(CHANGES);
        let again = asked(&said) && same.is_none_or(|before| !asked(&before.said));
        Self {
            number: pull.number,
            url: pull.url.clone(),
            state: ReviewState::of(pull, status),
            rounds: before.map_or(0, |before| before.rounds) + u32::from(again),
            said,
            asked_at: now,
            fed: same.map(|before| before.fed.clone()).unwrap_or_default(),
        }
    }

    /// Whether it can still change by itself.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != ReviewState::Merged && self.said != CLOSED
    }

    /// Whether it says something else than before; when that was asked is no news.
    #[must_use]
    pub fn is_news(&self, before: Option<&Self>) -> bool {
        before.is_none_or(|before| {
            (self.number, self.state, self.rounds, &self.said)
                != (before.number, before.state, before.rounds, &before.said)
        })
    }
}

const CHANGES: &str = "changes requested";
const CLOSED: &str = "closed";

impl Pull {
    /// For people: `open, approved, 3 checks passed`.
    #[must_use]
    pub fn said(&self) -> String {
        match self.stage {
            Stage::Merged => return "merged".to_owned(),
            Stage::Closed => return CLOSED.to_owned(),
            Stage::Open => {}
        }
        let mut parts = vec![if self.is_draft { "draft" } else { "open" }.to_owned()];
        parts.extend(match self.verdict {
            Some(Verdict::Approved) => Some("approved".to_owned()),
            Some(Verdict::ChangesRequested) => Some(CHANGES.to_owned()),
            Some(Verdict::Pending) | None => None,
        });
        let Checks { passed, failed, pending } = self.checks;
        let many = |count: usize| if count == 1 { "check" } else { "checks" };
        parts.extend(match (failed, pending, passed) {
            (0, 0, 0) => None,
            (0, 0, passed) => Some(format!("{passed} {} passed", many(passed))),
            (0, pending, _) => Some(format!("{pending} {} running", many(pending))),
            (failed, _, _) => Some(format!("{failed} {} failed", many(failed))),
        });
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Checks, Fed, Linked, Pull, Remark, ReviewState, Stage, Verdict, Wishes};
    use crate::domain::state::Status;
    use crate::domain::time::Timestamp;

    fn pull(stage: Stage, verdict: Option<Verdict>, failed: usize) -> Pull {
        let checks = Checks { passed: 2, failed, pending: 0 };
        Pull { number: 7, url: "https://forge/7".to_owned(), stage, is_draft: false, verdict, checks }
    }

    #[test]
    fn what_it_is_for_its_task_follows_its_review() {
        let state = |stage, verdict, status| ReviewState::of(&pull(stage, verdict, 0), status).text();
        assert_eq!(state(Stage::Open, None, Status::Review), "pr-created");
        assert_eq!(state(Stage::Open, Some(Verdict::Pending), Status::Review), "reviewing");
        assert_eq!(state(Stage::Open, Some(Verdict::ChangesRequested), Status::Review), "reviewing");
        assert_eq!(state(Stage::Open, Some(Verdict::ChangesRequested), Status::InProgress), "fixing");
        assert_eq!(state(Stage::Open, Some(Verdict::Approved), Status::Review), "approved");
        assert_eq!(state(Stage::Merged, Some(Verdict::Approved), Status::InProgress), "merged");
    }

    #[test]
    fn only_what_is_new_is_handed_on() {
        let remark = |author: &str, at: i64, place: Option<&str>, is_insider| Remark {
            author: author.to_owned(),
            text: format!("says {at}"),
            place: place.map(str::to_owned),
            at: Timestamp(at),
            is_insider,
        };
        let check = |url: &str| Check { name: "build".to_owned(), url: url.to_owned() };
        let wishes = Wishes {
            failed: vec![(check("run/1"), Some("line 1\nline 2".to_owned()))],
            said: vec![remark("ann", 5, Some("a.rs:3"), true), remark("eve", 6, None, false)],
        };
        let (text, fed) = wishes.feedback(7, "u", &Fed::default()).unwrap();
        let checks = "Failed checks:\n- build run/1\n    line 1\n    line 2";
        let all = format!(
            "Pull request 7 (u) can't be merged like this.\n\n{checks}\n\nann on a.rs:3:\nsays 5\n\neve:\nsays 6"
        );
        assert_eq!(text, all);
        assert_eq!(wishes.feedback(7, "u", &fed), None);
        let again = Wishes { failed: vec![(check("run/2"), None)], ..wishes.clone() };
        let (text, after) = again.feedback(7, "u", &fed).unwrap();
        assert!(text.contains("run/2") && !text.contains("says"), "{text}");
        assert_eq!(after.at, fed.at);
        let insiders = wishes.of_insiders();
        assert_eq!(insiders.said.len(), 1);
        let (text, _) = insiders.feedback(7, "u", &Fed::default()).unwrap();
        assert!(!text.contains("eve"));
    }

    #[test]
    fn a_round_is_counted_when_changes_are_asked_for_and_not_while_they_are() {
        let after = |before: Option<&Linked>, verdict| {
            Linked::after(before, &pull(Stage::Open, verdict, 1), Status::Review, Timestamp(1))
        };
        let first = after(None, None);
        assert_eq!((first.rounds, first.said.as_str()), (0, "open, 1 check failed"));
        let asked = after(Some(&first), Some(Verdict::ChangesRequested));
        let still = after(Some(&asked), Some(Verdict::ChangesRequested));
        assert_eq!((asked.rounds, still.rounds), (1, 1));
        assert!(asked.is_news(Some(&first)) && !still.is_news(Some(&asked)));
        let again = after(Some(&after(Some(&still), Some(Verdict::Pending))), Some(Verdict::ChangesRequested));
        assert_eq!(again.rounds, 2);
        let closed = Linked::after(Some(&again), &pull(Stage::Closed, None, 0), Status::Review, Timestamp(2));
        assert!(!closed.is_open() && again.is_open());
    }
}
