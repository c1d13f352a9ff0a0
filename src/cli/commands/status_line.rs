//! `ganger status-line`: quick, read-only, and quiet whatever is wrong.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::args::{Global, StatusLine};
use crate::cli::{output, wiring};
use crate::domain::liveness::{Liveness, PlaceSeen, liveness};
use crate::domain::state::{Activity, Phase, Status};
use crate::domain::text;
use crate::engine::Fault;
use crate::git::Git;
use crate::os::lock::FileLocks;
use crate::os::proc::ProcessTable;
use crate::ports::host::{Locks as _, Processes as _};
use crate::ports::store::{Filter, Store as _, Which};
use crate::ports::worktrees::Worktrees as _;
use crate::sqlite::Sqlite;

/// Shown in place of the counts when the board can't be read: an empty line would say that there is nothing to do. It
/// names the command that says why.
const UNREADABLE: &str = "⚠ ganger doctor";

/// Prints one line: empty without a board, and never more than a few words in a status bar, whatever is wrong.
#[must_use]
pub fn run(global: &Global, args: &StatusLine) -> ExitCode {
    let line = match (look(global), &args.format) {
        (Err(_), _) => UNREADABLE.to_owned(),
        (Ok(None), _) => String::new(),
        (Ok(Some(tally)), Some(format)) => fill(format, tally),
        (Ok(Some(tally)), None) => short(tally),
    };
    output::say(&text::line(&line));
    ExitCode::SUCCESS
}

/// How many tasks are in the columns that matter.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    in_progress: u32,
    review: u32,
    failed: u32,
    /// Of those in progress.
    waiting: u32,
    lost: u32,
}

fn tally(store: &Sqlite, repo: Option<PathBuf>) -> Result<Tally, Fault> {
    let counts = match repo {
        None => store.tallies()?.to_vec(),
        Some(repo) => {
            let tasks = store.tasks(&Filter { repo: Some(repo), ..Filter::default() })?.tasks;
            tasks.iter().map(|task| (task.status, 1)).collect()
        }
    };
    let of = |wanted| counts.iter().filter(|(status, _)| *status == wanted).map(|(_, count)| count).sum();
    Ok(Tally {
        in_progress: of(Status::InProgress),
        review: of(Status::Review),
        failed: of(Status::Failed),
        ..Tally::default()
    })
}

fn look(global: &Global) -> Result<Option<Tally>, Fault> {
    let Some(store) = Sqlite::open_read_only(&wiring::database(global)?)? else { return Ok(None) };
    let repo = match &global.repo {
        Some(path) => Some(Git::new(std::time::Duration::from_secs(1)).repository(path)?),
        None => None,
    };
    let mut tally = tally(&store, repo.clone())?;
    if tally.in_progress > 0 {
        let here = ProcessTable.place();
        for attempt in store.attempts(&Which::Live)? {
            let files = &attempt.plan.files;
            let lock = if attempt.phase.has_shim() {
                FileLocks.ask(&files.lock, attempt.lock)
            } else {
                FileLocks.ask(&files.saga, None)
            };
            let ours = repo.as_ref().is_none_or(|repo| *repo == attempt.plan.repo);
            let dead = liveness(PlaceSeen::of(&attempt.place, &here), attempt.phase, lock) == Liveness::Dead;
            let doing = attempt.doing.as_ref().filter(|_| attempt.phase == Phase::Running);
            let waits = doing.is_some_and(|doing| doing.activity == Activity::Waiting);
            if ours && (dead || waits) && current(&store, &attempt)? {
                *(if dead { &mut tally.lost } else { &mut tally.waiting }) += 1;
            }
        }
    }
    Ok(Some(tally))
}

/// An agent that lives on after its task was moved is nobody's loss when it ends.
fn current(store: &Sqlite, attempt: &crate::domain::attempt::Attempt) -> Result<bool, Fault> {
    let task = store.task(attempt.plan.task)?;
    Ok(task.is_some_and(|task| task.status == Status::InProgress))
}

/// The counts that are not zero.
fn short(tally: Tally) -> String {
    let running = tally.in_progress.saturating_sub(tally.lost);
    let parts = [('▶', running), ('?', tally.waiting), ('✔', tally.review), ('✖', tally.failed), ('!', tally.lost)];
    let parts: Vec<String> =
        parts.into_iter().filter(|(_, count)| *count > 0).map(|(sign, count)| format!("{sign}{count}")).collect();
    parts.join(" ")
}

fn fill(format: &str, tally: Tally) -> String {
    let counts = [
        ("{running}", tally.in_progress.saturating_sub(tally.lost)),
        ("{waiting}", tally.waiting),
        ("{review}", tally.review),
        ("{failed}", tally.failed),
        ("{lost}", tally.lost),
    ];
    counts.into_iter().fold(format.to_owned(), |line, (name, count)| line.replace(name, &count.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{Tally, fill, short};

    #[test]
    fn zero_counts_are_left_out() {
        let tally = Tally { in_progress: 3, review: 2, waiting: 1, lost: 1, ..Tally::default() };
        assert_eq!(short(tally), "▶2 ?1 ✔2 !1");
        assert_eq!(short(Tally::default()), "");
        assert_eq!(fill("{running}/{waiting}/{failed}", tally), "2/1/0");
    }
}
