//! The words of the board, in one place: what an act came to, and what went wrong. A key never stands in a text: it is
//! named as an [`Intent`], and the view shows the key in force.

use super::keymap::{Intent, Simple};
use super::msg::{Done, Query};
use crate::domain::id::TaskId;
use crate::engine::merge::Merge;
use crate::engine::review::Bounced;
use crate::engine::{Fault, Remedy};

/// A sentence, and what can be done next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub next: Vec<Intent>,
    /// The task that this is about: what is next is offered while the cursor is on it.
    pub of: Option<TaskId>,
}

impl Said {
    /// Adds what can be done next.
    #[must_use]
    pub fn then(self, intent: Intent) -> Self {
        Self { next: [self.next, vec![intent]].concat(), ..self }
    }
}

impl<T: Into<String>> From<T> for Said {
    fn from(text: T) -> Self {
        Self { text: text.into(), next: Vec::new(), of: None }
    }
}

/// That the work has files with changes in no commit: what a merge of its branch lacks.
#[must_use]
pub fn uncommitted(count: usize) -> String {
    let files = if count == 1 { "1 file is".to_owned() } else { format!("{count} files are") };
    format!("; {files} not committed")
}

/// What an act came to.
#[must_use]
pub fn done(done: &Done) -> Said {
    match done {
        Done::Added(task) => format!("task {task} added").into(),
        Done::Saved(task) => format!("task {task} saved").into(),
        Done::Started { task, session } => format!("task {task}: its agent runs in {session}").into(),
        Done::Filled { started, stopped: None, .. } => format!("{started} started").into(),
        Done::Filled { started: 0, of, stopped: Some(why) } => format!("none of {of} started; {why}").into(),
        Done::Filled { started, of, stopped: Some(why) } => format!("{started} of {of} started; {why}").into(),
        Done::Retried { task, number, notes } => {
            let note = notes.first().map(|note| format!("; {note}")).unwrap_or_default();
            format!("task {task}: attempt {number} runs{note}").into()
        }
        Done::Verifying(task) => format!("task {task} is verified again").into(),
        Done::Bounced(task, bounced, comments) => {
            let with = match comments {
                0 => String::new(),
                1 => ", with 1 comment".to_owned(),
                count => format!(", with {count} comments"),
            };
            match bounced {
                Bounced::Taken => format!("task {task} is back at work{with}").into(),
                Bounced::Attempt(number) => {
                    format!("task {task}: attempt {number} runs with your feedback{with}").into()
                }
            }
        }
        Done::Commented(task, what) => Said::from(format!("task {task}: {what}")).then(Intent::Bounce),
        Done::Stopped(task) => format!("task {task}: its agent has ended").into(),
        Done::Approved(task) => Said::from(format!("task {task} is done")).then(Intent::Undo),
        Done::Merged { merges, stopped } => merged(merges, stopped.as_ref()),
        Done::Pulled { task, url, is_new: true } => format!("task {task}: {url} is open").into(),
        Done::Pulled { task, url, is_new: false } => format!("task {task}: {url} is up to date").into(),
        Done::Restored(task, path) => format!("task {task} has its worktree back at {}", path.display()).into(),
        Done::Deleted(at) => format!("{} is deleted", at.display()).into(),
        Done::Tidied(1) => "1 task is tidied up after".into(),
        Done::Tidied(count) => format!("{count} tasks are tidied up after").into(),
        Done::Simple(task, act) => act.said(*task),
        Done::Removed { task, removed } => {
            let parked = removed.parked.first().map(|place| format!(", its work is in {}", place.display()));
            let note = removed.said.first().map(|note| format!("; {note}"));
            let text = [Some(format!("task {task} removed")), parked, note].into_iter().flatten().collect::<String>();
            Said::from(text).then(Intent::Undo)
        }
        Done::Undone { what, .. } => what.as_str().into(),
        Done::Sent(task) => format!("sent to the agent of task {task}").into(),
        Done::Interrupted(task) => format!("interrupted the agent of task {task}").into(),
        Done::Reconciled(done) if done.is_empty() => "everything is as it should be".into(),
        Done::Reconciled(done) => done.join("; ").into(),
    }
}

fn merged(merges: &[Merge], stopped: Option<&Fault>) -> Said {
    let mut said = match merges {
        [merge] => [vec![merge.sentence(false)], merge.said.clone()].concat(),
        merges => {
            let ids: Vec<String> = merges.iter().map(|merge| merge.task.to_string()).collect();
            vec![format!("tasks {} are merged", ids.join(", "))]
        }
    };
    said.extend(stopped.map(|fault| format!("then no further: {}", fault.message)));
    said.join("; ").into()
}

/// What went wrong, and what can be done about it here: a key where there is one, never the command for it.
#[must_use]
pub fn fault(fault: &Fault) -> Said {
    let said = Said::from(fault.message.as_str());
    let Some(hint) = &fault.hint else { return said };
    match hint.remedy.map(remedy) {
        // The key is about the task under the cursor.
        Some(Way::Key(task, intent)) => Said { of: task, ..said.then(intent) },
        Some(Way::Words(words)) => format!("{} · {words}", fault.message).into(),
        Some(Way::None) => said,
        None => format!("{} · try: {hint}", fault.message).into(),
    }
}

/// How something is done on the board.
enum Way {
    Key(Option<TaskId>, Intent),
    Words(&'static str),
    /// It is seen here anyway.
    None,
}

const fn remedy(remedy: Remedy) -> Way {
    match remedy {
        Remedy::Show(task) | Remedy::Log(task) => Way::Key(Some(task), Intent::Timeline),
        Remedy::Attach(task) => Way::Key(Some(task), Intent::Open),
        Remedy::Dispatch(task) => Way::Key(Some(task), Intent::Start),
        Remedy::Retry(task) | Remedy::RetryFresh(task) => Way::Key(Some(task), Intent::Retry),
        Remedy::Send(task) => Way::Key(Some(task), Intent::Type),
        Remedy::Reopen(task) => Way::Key(Some(task), Intent::Simple(Simple::Reopen)),
        Remedy::Bounce(task) => Way::Key(Some(task), Intent::Bounce),
        Remedy::Merge(task) => Way::Key(Some(task), Intent::Merge),
        Remedy::EditPrompt(task) | Remedy::EditVerify(task) => Way::Key(Some(task), Intent::Edit),
        Remedy::Stop(task) | Remedy::RemoveWithStop(task) | Remedy::ArchiveWithStop(task) => {
            Way::Key(Some(task), Intent::Stop)
        }
        Remedy::Wait => Way::Words("wait for one to end, or raise the limit"),
        Remedy::Reconcile => Way::Key(None, Intent::Reconcile),
        Remedy::Events | Remedy::ListAll => Way::None,
    }
}

/// What is being found out.
#[must_use]
pub const fn looking(query: &Query) -> &'static str {
    match query {
        Query::Plan => "looking at every attempt",
        Query::Losses(_) => "looking at what would be lost",
        Query::Merge(_) => "looking at what a merge would do",
        Query::Chart => "reading the attempts",
        Query::Trash => "looking through the trash",
        Query::Tidy => "looking at what is merged",
    }
}
