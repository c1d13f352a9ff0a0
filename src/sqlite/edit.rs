//! Other wishes for a task: only the columns that change are written, and never its state.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::attempts;
use super::events::noted;
use super::rows::{list_text, millis};
use super::tasks;
use super::trouble::{Done, Trouble, one};
use crate::domain::id::TaskId;
use crate::domain::task::Edit;
use crate::ports::store::{Stamp, StoreError};

pub(super) fn edit(conn: &Connection, id: TaskId, edit: &Edit, stamp: &Stamp) -> Done<bool> {
    let (Some(task), Some(state)) = (tasks::task(conn, id)?, attempts::state(conn, id)?) else { return Ok(false) };
    let changes = edit.changes(&task.draft);
    if changes.is_empty() {
        return Ok(true);
    }
    let live = state.attempt.as_ref().is_some_and(|current| current.phase.is_live());
    if live && changes.iter().any(|name| !Edit::WHILE_LIVE.contains(name)) {
        return Ok(false);
    }
    if let Some(after) = edit.after.as_ref().filter(|_| changes.contains(&"after")) {
        wait_for(conn, id, after)?;
    }
    write(conn, id, edit, stamp)?;
    let facts = vec![("event", "edited".to_owned()), ("fields", changes.join(", "))];
    noted(conn, 1, id, state.attempt.as_ref().map(|current| &current.id), facts, stamp)
}

/// Replaces what the task waits for.
fn wait_for(conn: &Connection, id: TaskId, after: &[TaskId]) -> Done<()> {
    let refused = |why: String| Trouble::Store(StoreError::Failed { doing: format!("editing task {id}"), why });
    conn.prepare_cached("DELETE FROM task_after WHERE task = ?1")?.execute([id.0])?;
    if let Some(missing) = tasks::wait_for(conn, id, after)? {
        return Err(refused(format!("there is no task {missing} for it to wait for")));
    }
    let circle: bool = conn
        .prepare_cached(
            "WITH RECURSIVE needed (id) AS (
                SELECT needs FROM task_after WHERE task = ?1
                UNION SELECT needs FROM task_after JOIN needed ON task = needed.id)
             SELECT EXISTS (SELECT 1 FROM needed WHERE id = ?1)",
        )?
        .query_row([id.0], |row| row.get(0))?;
    if circle { Err(refused("it would wait for itself".to_owned())) } else { Ok(()) }
}

fn write(conn: &Connection, id: TaskId, edit: &Edit, stamp: &Stamp) -> Done<()> {
    let Edit { title, prompt, agent, base, branch, priority, batch, files, verify, timeout, after: _, unsafe_mode } =
        edit.clone();
    let columns: [(&str, Option<Value>); 11] = [
        ("title", title.map(Value::from)),
        ("prompt", prompt.map(Value::from)),
        ("agent", agent.map(Value::from)),
        ("base", base.map(Value::from)),
        ("branch", branch.map(Value::from)),
        ("priority", priority.map(Value::from)),
        ("batch", batch.map(Value::from)),
        ("files", files.map(|files| Value::from(list_text(&files)))),
        ("verify", verify.map(|commands| Value::from(list_text(&commands)))),
        ("timeout_ms", timeout.map(|timeout| Value::from(timeout.map(millis)))),
        ("unsafe_mode", unsafe_mode.map(Value::from)),
    ];
    let mut values = vec![Value::from(stamp.now.wall.0), Value::from(id.0)];
    let mut sets = vec!["updated_at = ?1".to_owned()];
    for (column, value) in columns.into_iter().filter_map(|(column, value)| Some((column, value?))) {
        values.push(value);
        sets.push(format!("{column} = ?{}", values.len()));
    }
    let sql = format!("UPDATE tasks SET {} WHERE id = ?2 AND deleted_at IS NULL", sets.join(", "));
    one(conn.prepare_cached(&sql)?.execute(params_from_iter(values))?, "a task")
}
