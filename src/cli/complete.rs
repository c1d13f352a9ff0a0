//! Completion: what a shell offers for a word that is being typed, read from the board as it is then.
//!
//! A shell's script asks this program for each word, by a variable of the environment. It only reads, says nothing, and
//! whatever goes wrong there is nothing to offer.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use clap::Command;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use super::args::{self, Args, TASKS};
use super::wiring;
use crate::domain::state::Status;
use crate::domain::task::Task;
use crate::domain::text;
use crate::engine::{Fault, Kind};
use crate::git::Git;
use crate::ports::store::{Filter, Store as _};
use crate::ports::worktrees::Worktrees as _;
use crate::sqlite::Sqlite;

/// The variable by which a shell's script asks: the one that programs of clap have.
const VARIABLE: &str = "COMPLETE";

/// How many tasks are offered, at most.
const MOST: usize = 200;

/// Answers a shell that asks; false where none does.
///
/// # Errors
/// A shell that is not known.
pub fn answer(argv: Vec<OsString>) -> Result<bool, clap::Error> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(|| with_candidates(args::command())).var(VARIABLE).try_complete(argv, here.as_deref())
}

/// The script that makes a shell ask. It looks the program up in the path each time.
///
/// # Errors
/// The shell has no such script.
pub fn script(shell: Shell) -> Result<String, Fault> {
    let failed = |why: String| Fault::new(Kind::Failed, format!("no script for {shell}: {why}"));
    let shells = Shells::builtins();
    let known = shells.completer(&shell.to_string()).ok_or_else(|| failed("the shell is not known".to_owned()))?;
    let mut script = Vec::new();
    known
        .write_registration(VARIABLE, "ganger", "ganger", "ganger", &mut script)
        .map_err(|error| failed(error.to_string()))?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// Adds to each argument what can stand there. Arguments that mean the same have the same name in every command.
fn with_candidates(command: Command) -> Command {
    let filter = filter(command.get_name());
    command
        .mut_args(|argument| match argument.get_id().as_str() {
            name if TASKS.contains(&name) => {
                let filter = filter.clone();
                argument.add(ArgValueCompleter::new(move |typed: &OsStr| tasks(typed, &filter).unwrap_or_default()))
            }
            "status" => argument.add(ArgValueCandidates::new(statuses)),
            "base" | "branch" | "into" => {
                argument.add(ArgValueCompleter::new(|typed: &OsStr| branches(typed).unwrap_or_default()))
            }
            "template" => argument.add(ArgValueCandidates::new(|| templates().unwrap_or_default())),
            "agent" => argument.add(ArgValueCandidates::new(|| agents().unwrap_or_default())),
            _ => argument,
        })
        .mut_subcommands(with_candidates)
}

/// The tasks that a command is for.
fn filter(command: &str) -> Filter {
    let statuses: &[Status] = match command {
        "attach" | "peek" | "send" | "stop" | "done" | "fail" | "ask" | "note" => &[Status::InProgress],
        "approve" | "merge" => &[Status::Review],
        "bounce" => &[Status::Review, Status::Failed],
        "retry" => &[Status::Failed],
        "reopen" => &[Status::Done],
        "dispatch" => &[Status::Ready],
        _ => &[],
    };
    let archived = matches!(command, "unarchive" | "show" | "log" | "diff");
    Filter { statuses: statuses.to_vec(), archived, ..Filter::default() }
}

/// The tasks whose id begins with what is typed, or that have it in their title, in the repository around or in all.
fn tasks(typed: &OsStr, filter: &Filter) -> Option<Vec<CompletionCandidate>> {
    let typed = typed.to_str()?;
    let global = Args::read(vec!["ganger".into()]).ok()?.global;
    let store = Sqlite::open_read_only(&wiring::database(&global).ok()?).ok()??;
    let repo = Git::new(Duration::from_secs(1)).repository(Path::new(".")).ok();
    let found = store.tasks(&Filter { repo, ..filter.clone() }).ok()?.tasks;
    let lower = typed.to_lowercase();
    let is_wanted =
        |task: &Task| task.id.to_string().starts_with(typed) || task.draft.title.to_lowercase().contains(&lower);
    let offered = found.iter().rev().filter(|task| is_wanted(task)).take(MOST);
    let described = |task: &Task| format!("{}: {}", task.status, text::line(&task.draft.title));
    Some(offered.map(|task| candidate(task.id.to_string(), described(task))).collect())
}

/// The branches of the repository around whose name begins so.
fn branches(typed: &OsStr) -> Option<Vec<CompletionCandidate>> {
    let typed = typed.to_str()?;
    let git = Git::new(Duration::from_secs(1));
    let found = git.branches(&git.repository(Path::new(".")).ok()?).ok()?;
    let wanted = found.into_iter().filter(|name| name.starts_with(typed)).take(MOST);
    Some(wanted.map(CompletionCandidate::new).collect())
}

fn statuses() -> Vec<CompletionCandidate> {
    Status::ALL.iter().map(|status| CompletionCandidate::new(status.text())).collect()
}

fn agents() -> Option<Vec<CompletionCandidate>> {
    let global = Args::read(vec!["ganger".into()]).ok()?.global;
    let settings = wiring::configuration(&global).ok()?.settings;
    Some(settings.agents.keys().map(|name| CompletionCandidate::new(text::line(name))).collect())
}

/// Those of the user's own configuration.
fn templates() -> Option<Vec<CompletionCandidate>> {
    let global = Args::read(vec!["ganger".into()]).ok()?.global;
    let settings = wiring::configuration(&global).ok()?.settings;
    Some(settings.templates.keys().map(|name| CompletionCandidate::new(text::line(name))).collect())
}

fn candidate(value: String, described: String) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(described.into()))
}
