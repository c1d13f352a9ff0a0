//! Telling people: by the process that committed what they want to know of, once.

use std::ffi::OsString;

use super::{Engine, Fault};
use crate::domain::attempt::Plan;
use crate::domain::id::TaskId;
use crate::domain::state::{Activity, Cause, Spoken, Status, Who};
use crate::domain::text;
use crate::ports::store::{Applied, Heard, News};

/// Writes what an attempt's agent says or is seen to do; tells people when it waits now.
///
/// # Errors
/// Those of the store.
pub fn hear(engine: &Engine, plan: &Plan, news: &News, who: Who) -> Result<Heard, Fault> {
    let heard = engine.ports.store.hear(&plan.id, news, &engine.stamp(who))?;
    if let Heard::Written { before } = heard
        && news.activity == Some(Activity::Waiting)
        && before != Some(Activity::Waiting)
        // People were told when it was asked.
        && news.spoken != Some(Spoken::LeftQuestion)
    {
        tell(engine, "waiting", plan.task);
    }
    Ok(heard)
}

/// Tells people of what an event has made of a task.
pub(super) fn applied(engine: &Engine, task: TaskId, applied: &Applied) {
    let Applied::Changed { from, status, cause, .. } = applied else { return };
    let event = match (from, status, cause) {
        (from, status, _) if from == status => return,
        // A person's own acts.
        (_, Status::Failed, Some(Cause::Cancelled)) | (Status::Done, Status::Review, _) => return,
        (_, Status::Review, _) => "review",
        (_, Status::Failed, _) => "failed",
        (
            _,
            Status::Ready,
            Some(
                Cause::OrphanShim
                | Cause::OrphanServer
                | Cause::OrphanReboot
                | Cause::OrphanTerminated
                | Cause::DispatcherDied,
            ),
        ) => "orphaned",
        (_, Status::Ready | Status::InProgress | Status::Done, _) => return,
    };
    tell(engine, event, task);
}

fn tell(engine: &Engine, event: &'static str, id: TaskId) {
    let Some(command) = engine.settings.notify.get(event) else { return };
    // A title that can't be read keeps nobody from being told.
    let title = engine.task(id).map(|task| task.draft.title).unwrap_or_default();
    let fill = |word: &String| {
        let word = word.replace("{task_id}", &id.to_string()).replace("{event}", event);
        OsString::from(if word.starts_with("{title}") {
            word.replace("{title}", &text::argument(&title))
        } else {
            word.replace("{title}", &text::line(&title))
        })
    };
    engine.ports.notifier.start(&command.iter().map(fill).collect::<Vec<_>>());
}
