//! Which process stands in a folder. A look, never a reason to end a process.

use std::path::Path;

/// The pid of a live process, other than this one, whose working directory is in `folder`; `None` also where the
/// system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn in_folder(folder: &Path) -> Option<i32> {
    let own = nix::unistd::getpid().as_raw();
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stands = std::fs::read_link(entry.path().join("cwd")).ok()?;
        (pid != own && stands.starts_with(folder)).then_some(pid)
    })
}

/// The pid of a live process, other than this one, whose working directory is in `folder`; `None` also where the
/// system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn in_folder(_folder: &Path) -> Option<i32> {
    None
}
