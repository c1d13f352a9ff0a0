//! Which pager the user reads git's output with.

use std::ffi::OsString;
use std::path::Path;

use super::Git;
use crate::os::process::run;

/// The pager's command, in git's own order: `GIT_PAGER`, `core.pager`, `PAGER`, git's default. `None`: the user wants
/// none. A repository's own setting is not read: an agent may have written it.
#[must_use]
pub fn pager(git: &Git, apart: &Path) -> Option<OsString> {
    let wanted = |command: OsString| Some(command).filter(|command| !command.is_empty() && command != "cat");
    if let Some(set) = std::env::var_os("GIT_PAGER") {
        return wanted(set);
    }
    let call = git.call_as_found(apart).env("GIT_CEILING_DIRECTORIES", apart).args(["var", "GIT_PAGER"]);
    let answer = run(&call).ok().filter(crate::os::process::Answer::ok)?;
    wanted(answer.text().into())
}
