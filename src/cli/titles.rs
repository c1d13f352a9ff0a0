//! Titles where ids go: what is no number is looked up on the board, and the arguments are read again with the id.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::{Args, Global};
use super::wiring;
use crate::domain::id::TaskId;
use crate::domain::task::Task;
use crate::domain::text;
use crate::engine::{Fault, Kind};
use crate::git::Git;
use crate::ports::store::{Filter, Store as _};
use crate::ports::worktrees::Worktrees as _;
use crate::sqlite::Sqlite;

/// How many tasks are named where several could be meant.
const NAMED: usize = 5;

/// Why the arguments could not be read.
pub enum Unread {
    Arguments(clap::Error),
    /// No task has that title, or several do.
    Title(Fault),
}

/// Reads the arguments; a task may be named by its title, or how that begins, where only one task can be meant.
///
/// # Errors
/// What clap makes of them, and titles that name no task or more than one.
pub fn read(mut argv: Vec<OsString>) -> Result<Args, Unread> {
    loop {
        let error = match Args::read(argv.clone()) {
            Ok(args) => return Ok(args),
            Err(error) => error,
        };
        let Some(title) = title_in(&error) else { return Err(Unread::Arguments(error)) };
        // What is wrong besides is said first.
        let Some(global) = Args::globals(&argv) else { return Err(Unread::Arguments(error)) };
        let found = find(&global, &title).map_err(Unread::Title)?;
        argv = replaced(&argv, &title, found).ok_or_else(|| {
            let message = format!("several arguments are {title:?}: it can't be told which of them is the task");
            Unread::Title(Fault::new(Kind::Usage, message).of(found).hint(format!("use its id, {found}")))
        })?;
    }
}

/// What stands where an id was expected, if it can be a title.
fn title_in(error: &clap::Error) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(_) | None => None,
    };
    let is_id = context(ContextKind::InvalidArg).is_some_and(|argument| argument.contains("<ID>"));
    let title = context(ContextKind::InvalidValue).filter(|_| is_id && error.kind() == ErrorKind::ValueValidation)?;
    title.chars().any(char::is_alphabetic).then(|| title.to_owned())
}

/// The arguments with the id in the place of the title: of those that are this text, the one that was refused.
fn replaced(argv: &[OsString], title: &str, task: TaskId) -> Option<Vec<OsString>> {
    let places = (1..argv.len()).filter_map(|place| {
        let word = argv[place].to_str()?;
        let option = word.strip_suffix(title)?;
        (option.is_empty() || (option.starts_with("--") && option.ends_with('='))).then(|| {
            let mut argv = argv.to_vec();
            argv[place] = format!("{option}{task}").into();
            argv
        })
    });
    let is_right = |argv: &Vec<OsString>| {
        let left = Args::read(argv.clone()).err().as_ref().and_then(title_in);
        left.as_deref() != Some(title)
    };
    places.into_iter().find(is_right)
}

/// The task that a title means: in the repository around, else in any.
fn find(global: &Global, title: &str) -> Result<TaskId, Fault> {
    let none = || Fault::new(Kind::NoSuchTask, format!("no task is called {title:?}")).hint("ganger list");
    let Some(store) = Sqlite::open_read_only(&wiring::database(global)?)? else { return Err(none()) };
    let here = global.repo.as_deref().unwrap_or(Path::new("."));
    let repo = Git::new(Duration::from_secs(1)).repository(here).ok();
    let all = store.tasks(&Filter { archived: true, ..Filter::default() })?.tasks;
    let (around, elsewhere): (Vec<&Task>, Vec<&Task>) =
        all.iter().partition(|task| repo.as_ref().is_some_and(|repo| task.draft.repo == *repo));
    let meant = [around, elsewhere].iter().map(|tasks| meant(tasks, title)).find(|meant| !meant.is_empty());
    match meant.unwrap_or_default().as_slice() {
        [] => Err(none()),
        [task] => Ok(task.id),
        several => {
            let named: Vec<String> = several
                .iter()
                .take(NAMED)
                .map(|task| format!("#{} {}", task.id, text::cut(&text::line(&task.draft.title), 60)))
                .collect();
            let more = several.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let message = format!("{title:?} could be {} tasks: {}{more}", several.len(), named.join(", "));
            Err(Fault::new(Kind::Usage, message).hint("use the id"))
        }
    }
}

/// The tasks that have this title, else those whose title begins so; archived ones only where there are no others.
fn meant<'a>(tasks: &[&'a Task], title: &str) -> Vec<&'a Task> {
    let folded = title.trim().to_lowercase();
    let is_called = |task: &Task| task.draft.title.trim().to_lowercase() == folded;
    let begins = |task: &Task| task.draft.title.trim_start().to_lowercase().starts_with(&folded);
    let wants: [&dyn Fn(&Task) -> bool; 4] = [
        &|task| !task.archived && is_called(task),
        &|task| !task.archived && begins(task),
        &|task| is_called(task),
        &|task| begins(task),
    ];
    let found = wants.iter().map(|is| tasks.iter().copied().filter(|task| is(task)).collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Args, replaced, title_in};
    use crate::domain::id::TaskId;

    fn words(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    #[test]
    fn what_is_no_number_may_be_a_title() {
        for (line, title) in [
            (&["ganger", "show", "Fix login"][..], Some("Fix login")),
            (&["ganger", "wait", "1-3", "fix"], Some("fix")),
            (&["ganger", "add", "x", "--after", "fix"], Some("fix")),
            (&["ganger", "show", "1-3"], None),
            (&["ganger", "show", "3x"], Some("3x")),
            (&["ganger", "list", "--status", "fix"], None),
            (&["ganger", "list", "--limit", "fix"], None),
            (&["ganger", "shwo", "fix"], None),
        ] {
            let error = Args::read(words(line)).unwrap_err();
            assert_eq!(title_in(&error).as_deref(), title, "{line:?}");
        }
    }

    #[test]
    fn only_the_argument_that_is_an_id_is_replaced() {
        for (line, with) in [
            (&["ganger", "show", "X"][..], Some(&["ganger", "show", "7"][..])),
            (&["ganger", "send", "X", "X"], Some(&["ganger", "send", "7", "X"])),
            (&["ganger", "add", "X", "--after", "X"], Some(&["ganger", "add", "X", "--after", "7"])),
            (&["ganger", "add", "X", "--after=X"], Some(&["ganger", "add", "X", "--after=7"])),
            (
                &["ganger", "add", "--prompt=X", "y", "--after", "X"],
                Some(&["ganger", "add", "--prompt=X", "y", "--after", "7"]),
            ),
            (&["ganger", "wait", "X", "X"], None),
        ] {
            assert_eq!(replaced(&words(line), "X", TaskId(7)), with.map(words), "{line:?}");
        }
    }
}
