//! Many tasks written together, all or none.

use rusqlite::Connection;

use super::trouble::{Done, Trouble};
use super::{edit, tasks};
use crate::domain::id::TaskId;
use crate::domain::import::Needed;
use crate::domain::state::Status;
use crate::domain::task::Edit;
use crate::ports::store::{Import, Stamp, StoreError};

pub(super) fn import(conn: &Connection, entries: &[Import], stamp: &Stamp) -> Done<Vec<TaskId>> {
    let mut ids = Vec::with_capacity(entries.len());
    for entry in entries {
        ids.push(match entry {
            Import::Add { draft, evidence, .. } => {
                let stamp = Stamp { evidence: [stamp.evidence.clone(), evidence.clone()].concat(), ..stamp.clone() };
                tasks::add_one(conn, draft, &stamp)?
            }
            Import::Change { task, .. } => {
                let now = tasks::task(conn, *task)?;
                if now.is_none_or(|now| now.status != Status::Ready || now.attempts > 0) {
                    return Err(Trouble::Store(StoreError::Begun { task: *task }));
                }
                *task
            }
        });
    }
    // Whatever they wait for is there now.
    let found = |needed: &Needed| match needed {
        Needed::Task(task) => *task,
        Needed::Listed(index) => ids[*index],
    };
    for (entry, id) in entries.iter().zip(&ids) {
        match entry {
            Import::Add { draft, after, .. } => {
                if let Some(missing) = tasks::wait_for(conn, *id, &after.iter().map(found).collect::<Vec<_>>())? {
                    return Err(tasks::refused(draft, format!("there is no task {missing} for it to wait for")));
                }
            }
            Import::Change { edit, after, .. } => {
                let whole = Edit { after: Some(after.iter().map(found).collect()), ..edit.clone() };
                edit::edit(conn, *id, &whole, stamp)?;
            }
        }
    }
    Ok(ids)
}
