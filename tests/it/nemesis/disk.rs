//! A small disk below the database, the state files and the worktrees, to be filled.

use std::fs::{self, File};
use std::io::Write as _;

use nix::libc;

use crate::support::World;

pub struct Disk<'a> {
    world: &'a World,
}

impl<'a> Disk<'a> {
    /// Mounts it, seen by this thread, the threads that it starts and their processes alone; gone with the last of them.
    /// Only root may.
    pub fn mount(world: &'a World, megabytes: u32) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            return None;
        }
        // SAFETY: no pointer is passed, and only this thread's view of the mounts changes.
        #[expect(unsafe_code, reason = "nix is not built with what can unshare")]
        let alone = unsafe { libc::unshare(libc::CLONE_NEWNS) } == 0;
        if !alone || !world.tries("mount", &["--make-rprivate", "/"]) {
            return None;
        }
        let disk = world.path("disk");
        fs::create_dir_all(&disk).unwrap();
        let size = format!("size={megabytes}m");
        if !world.tries("mount", &["-t", "tmpfs", "-o", &size, "none", disk.to_str().unwrap()]) {
            return None;
        }
        let mounted = Self { world };
        for folder in ["data", "state"] {
            let (from, to) = (disk.join(folder), world.path(folder));
            fs::create_dir_all(&from).unwrap();
            assert!(world.tries("mount", &["--bind", from.to_str().unwrap(), to.to_str().unwrap()]));
        }
        Some(mounted)
    }

    /// Takes all the room there is.
    pub fn fill(&self) {
        let Ok(mut filler) = File::create(self.world.path("disk/filler")) else { return };
        for size in [1 << 20, 1 << 12, 1] {
            let bytes = vec![b'x'; size];
            while filler.write_all(&bytes).is_ok() {}
        }
    }

    pub fn free(&self) {
        fs::remove_file(self.world.path("disk/filler")).ok();
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        for folder in ["data", "state", "disk"] {
            self.world.tries("umount", &["--lazy", self.world.path(folder).to_str().unwrap()]);
        }
    }
}
