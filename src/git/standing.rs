//! Which process is at work in a folder. A look, never a reason to end a process.

use std::path::Path;
use std::time::{Duration, Instant};

use super::call::failed;
use super::repo_lock::pause;
use crate::ports::worktrees::{Result, TreeError};

/// The variable that names the tree which a git of ours is making.
pub(super) const MAKING: &str = "GANGER_MAKING";

/// How long a git may take to die that lost its dispatcher.
const DYING: Duration = Duration::from_secs(1);

/// Refuses while a live process, other than this one, is a git that still makes `folder` for a dispatcher which is
/// gone, or (where `anybody`) stands in it. Finds none where the system does not tell.
pub(super) fn refuse(folder: &Path, anybody: bool) -> Result<()> {
    let started = Instant::now();
    loop {
        match look(folder, anybody).map_err(|error| failed("look for processes", error))? {
            None => return Ok(()),
            Some(busy) if started.elapsed() > DYING => return Err(TreeError::Busy(busy)),
            Some(_) => pause(Duration::from_millis(5)),
        }
    }
}

#[cfg(target_os = "linux")]
fn look(folder: &Path, anybody: bool) -> std::io::Result<Option<String>> {
    use std::os::unix::ffi::OsStrExt as _;
    let own = nix::unistd::getpid().as_raw();
    let making = [MAKING.as_bytes(), b"=", folder.as_os_str().as_bytes()].concat();
    for entry in std::fs::read_dir("/proc")? {
        // Processes end while they are listed, and those of other users don't tell.
        let Ok(entry) = entry else { continue };
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        if pid == own {
            continue;
        }
        if anybody && std::fs::read_link(entry.path().join("cwd")).is_ok_and(|stands| stands.starts_with(folder)) {
            return Ok(Some(format!("pid {pid} stands in {}", folder.display())));
        }
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == making) {
            return Ok(Some(format!("pid {pid} still makes {}", folder.display())));
        }
    }
    Ok(None)
}

#[cfg(not(target_os = "linux"))]
fn look(_folder: &Path, _anybody: bool) -> std::io::Result<Option<String>> {
    Ok(None)
}
