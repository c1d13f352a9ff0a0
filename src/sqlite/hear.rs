//! What agents say, and what is seen of them, while they run: it moves no task.

use rusqlite::{Connection, params};

use super::attempts;
use super::events::noted;
use super::trouble::Done;
use crate::domain::attempt::{Doing, Plan};
use crate::domain::bounds::EVENTS;
use crate::domain::id::AttemptId;
use crate::domain::state::{Source, Spoken};
use crate::ports::store::{Heard, News, Stamp};

/// Whether what an agent says may still leave an event: one in a loop must not fill the timeline.
fn leaves_events(conn: &Connection, plan: &Plan) -> Done<bool> {
    let mut statement = conn.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM events WHERE task = ?1 AND attempt = ?2 AND who = 'agent' LIMIT ?3)",
    )?;
    let left: u32 = statement.query_row(params![plan.task.0, plan.id.as_str(), EVENTS], |row| row.get(0))?;
    Ok(left < EVENTS)
}

pub(super) fn hear(conn: &Connection, id: &AttemptId, news: &News, stamp: &Stamp) -> Done<Heard> {
    let Some(row) = attempts::attempt(conn, id)? else { return Ok(Heard::Over) };
    if !row.phase.has_shim() {
        return Ok(Heard::Over);
    }
    if news.unless_beyond.as_ref().is_some_and(|(doing, saying)| (doing, saying) != (&row.doing, &row.saying)) {
        return Ok(Heard::Known);
    }
    let before = row.doing.as_ref();
    if before.is_some_and(|known| known.source == Source::Agent) && news.source != Source::Agent && !news.contradicts {
        return Ok(Heard::Known);
    }
    let doing = news.activity.map(|activity| Doing {
        activity,
        source: news.source,
        since: before.filter(|known| known.activity == activity).map_or(stamp.now.wall, |known| known.since),
    });
    let doing = doing.or_else(|| row.doing.clone());
    let saying = news.saying.clone().unwrap_or_else(|| row.saying.clone());
    let spoken = news.spoken.or(if news.saying.is_some() { None } else { row.spoken });
    let waits_until = news.waits_until.unwrap_or(row.waits_until);
    let conversation = news.conversation.clone().or_else(|| row.conversation.clone());
    let same = doing == row.doing
        && saying == row.saying
        && spoken == row.spoken
        && waits_until == row.waits_until
        && conversation == row.conversation;
    if same && news.event.is_none() {
        return Ok(Heard::Known);
    }
    let written = conn
        .prepare_cached(
            "UPDATE attempts SET activity = ?1, activity_by = ?2, activity_since = ?3, saying = ?4, waits_until = ?5,
                conversation = ?6, spoken = ?7
             WHERE id = ?8 AND phase IN ('running', 'verifying')",
        )?
        .execute(params![
            doing.as_ref().map(|doing| doing.activity.text()),
            doing.as_ref().map(|doing| doing.source.text()),
            doing.as_ref().map(|doing| doing.since.0),
            saying,
            waits_until.map(|at| at.0),
            conversation,
            spoken.map(Spoken::text),
            id.as_str(),
        ])?;
    if let Some(event) = news.event
        && leaves_events(conn, &row.plan)?
    {
        let facts = vec![("event", event.to_owned()), ("text", saying.unwrap_or_default())];
        noted(conn, written, row.plan.task, Some(id), facts, stamp)?;
    }
    Ok(Heard::Written { before: row.doing.map(|doing| doing.activity) })
}
