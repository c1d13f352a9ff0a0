//! `ganger shell`.

use std::ffi::OsString;
use std::io;

use super::Outcome;
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::engine::{Fault, Kind, trees};
use crate::os::process;

/// Becomes a shell in the task's worktree, also where that is parked.
///
/// # Errors
/// [`Kind::Conflict`] where it has none, or its folder is gone; [`Kind::Unknown`] where that can't be told.
pub fn run(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let folder = trees::folder(&engine, TaskId(id))?;
    std::env::set_current_dir(&folder).map_err(|error| {
        let kind = if error.kind() == io::ErrorKind::NotFound { Kind::Conflict } else { Kind::Failed };
        Fault::new(kind, format!("the worktree of task {id} can't be entered: {}: {error}", folder.display()))
            .of(TaskId(id))
            .hint(format!("ganger show {id}"))
    })?;
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| OsString::from("sh"));
    let error = process::become_program(std::slice::from_ref(&shell), &[]);
    Err(Fault::io(&format!("starting {}", shell.display()), &error).of(TaskId(id)).hint("set SHELL"))
}
