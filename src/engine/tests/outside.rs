//! The ports of a party, over the model of the machine.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::world::{Party, Then, World};
use crate::domain::id::{AttemptId, FileId, Place, Process};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::settings::Settings;
use crate::domain::time::Now;
use crate::os::disk::FileSystem;
use crate::os::tree_files::WorktreeFiles;
use crate::ports::host::{
    Access, Clock, Content, Disk, Entry, Found, Held, Locks, Notifier, Processes, Signal, StateFiles, TreeFiles,
};
use crate::ports::repositories::{Repositories, Supplied, Unfit};

fn broken(_: Then) -> io::Error {
    io::Error::other("as scripted")
}

impl Clock for Party {
    fn now(&self) -> Now {
        self.world.now()
    }

    fn pause(&self, length: Duration) {
        self.world.pass(length.max(Duration::from_millis(1)));
        self.world.run_hooks("pause");
        self.world.tick();
    }

    fn attempt_id(&self) -> AttemptId {
        let number = self.world.next();
        AttemptId::parse(&format!("01980000-0000-7000-8000-{number:012x}")).unwrap()
    }

    fn token(&self) -> String {
        format!("token-{}", self.world.next())
    }

    fn suffix(&self) -> String {
        format!("{:04x}", self.world.next())
    }
}

/// A lock of the model; let go when dropped.
struct Hold {
    world: World,
    file: FileId,
    exclusive: bool,
}

impl Held for Hold {
    fn file(&self) -> FileId {
        self.file
    }

    fn inscribe(&self, bytes: &[u8]) -> io::Result<()> {
        let path =
            self.world.lock().inodes.iter().find(|(_, inode)| **inode == self.file.inode).map(|(path, _)| path.clone());
        path.map_or(Ok(()), |path| std::fs::write(path, bytes))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut inner = self.world.lock();
        // After a restart of the machine nobody holds anything.
        if let Some(holders) = inner.held.get_mut(&self.file.inode) {
            if self.exclusive {
                holders.exclusive = false;
            } else {
                holders.shared = holders.shared.saturating_sub(1);
            }
        }
    }
}

impl Locks for Party {
    fn exclusive(&self, path: &Path, _wait: Duration) -> io::Result<Box<dyn Held>> {
        self.gate("locks.exclusive", broken, || {
            let file = self.world.inode(path);
            let mut inner = self.world.lock();
            let holders = inner.held.entry(file.inode).or_default();
            if holders.exclusive || holders.shared > 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            holders.exclusive = true;
            Ok(Box::new(Hold { world: self.world.clone(), file, exclusive: true }) as Box<dyn Held>)
        })
    }

    fn shared(&self, path: &Path) -> io::Result<Box<dyn Held>> {
        self.gate("locks.shared", broken, || {
            let mut inner = self.world.lock();
            let inode = *inner.inodes.get(path).ok_or(io::ErrorKind::NotFound)?;
            let holders = inner.held.entry(inode).or_default();
            if holders.exclusive {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            holders.shared += 1;
            let file = FileId { device: 7, inode };
            Ok(Box::new(Hold { world: self.world.clone(), file, exclusive: false }) as Box<dyn Held>)
        })
    }

    fn ask(&self, path: &Path, expected: Option<FileId>) -> Lock {
        let asked = self.gate("locks.ask", drop, || {
            let inner = self.world.lock();
            let Some(inode) = inner.inodes.get(path) else { return Ok(Lock::Missing) };
            let replaced = expected.is_some_and(|expected| expected.inode != *inode);
            let held = inner.held.get(inode).is_some_and(|holders| holders.exclusive);
            Ok(match (replaced, held) {
                (true, _) => Lock::Replaced,
                (false, true) => Lock::Held,
                (false, false) => Lock::Free,
            })
        });
        asked.unwrap_or(Lock::Unknown)
    }
}

impl Party {
    fn found(&self, wanted: impl Fn(&super::world::Proc) -> bool) -> Vec<Found> {
        let inner = self.world.lock();
        let living = inner.processes.values().filter(|found| found.alive && wanted(found));
        living.map(|found| Found { process: found.process, name: found.name.clone() }).collect()
    }
}

impl Processes for Party {
    fn place(&self) -> Place {
        self.world.lock().place.clone()
    }

    fn me(&self) -> Process {
        self.me
    }

    fn probe(&self, process: Process) -> Probe {
        if self.world.lock().opaque.contains(&process.pid) {
            return Probe::Unknown;
        }
        if self.world.lives(process) { Probe::Alive } else { Probe::Dead }
    }

    fn is_ending(&self, process: Process) -> bool {
        !self.world.lives(process)
    }

    fn is_stopped(&self, process: Process) -> bool {
        self.world.lives(process) && self.world.lock().processes[&process.pid].stopped
    }

    fn traffic(&self, _root: Process) -> Option<u64> {
        self.world.lock().traffic
    }

    fn processor_time(&self, _root: Process) -> Option<Duration> {
        None
    }

    fn has_terminal(&self, process: Process) -> bool {
        self.world.lock().terminal.is_none_or(|owner| owner == process)
    }

    fn ports_are_free(&self, first: u16, _count: u16) -> bool {
        !self.world.lock().listeners.contains(&first)
    }

    fn shims(&self) -> io::Result<Vec<(AttemptId, Process)>> {
        self.gate("processes.shims", broken, || {
            let inner = self.world.lock();
            let living = inner.processes.values().filter(|found| found.alive);
            Ok(living.filter_map(|found| Some((found.shim_of.clone()?, found.process))).collect())
        })
    }

    fn signal(&self, process: Process, signal: Signal) -> io::Result<bool> {
        self.gate("processes.signal", broken, || {
            if !self.world.lives(process) {
                return Ok(false);
            }
            self.world.lock().done.push(format!("{signal:?} {}", process.pid));
            let mut ends = false;
            self.world.with(process, |found| match signal {
                Signal::Terminate if found.shim_of.is_some() => found.terminated = true,
                Signal::Terminate => ends = !found.stubborn && !found.stopped,
                Signal::Kill => ends = true,
                Signal::Continue => found.stopped = false,
                Signal::Wake => {}
            });
            if ends {
                self.world.kill(process);
            }
            Ok(true)
        })
    }

    fn members(&self, shim: Process, attempt: &AttemptId) -> io::Result<Vec<Found>> {
        self.gate("processes.members", broken, || {
            Ok(self.found(|found| found.session == Some(shim.pid) && found.mark.as_ref() == Some(attempt)))
        })
    }

    fn marked(&self, attempt: &AttemptId) -> io::Result<Vec<Found>> {
        self.gate("processes.marked", broken, || Ok(self.found(|found| found.mark.as_ref() == Some(attempt))))
    }

    fn standing_in(&self, folder: &Path) -> io::Result<Vec<Found>> {
        self.gate("processes.standing_in", broken, || {
            Ok(self.found(|found| found.folder.as_ref().is_some_and(|at| at.starts_with(folder))))
        })
    }
}

impl Notifier for Party {
    fn start(&self, argv: &[OsString]) {
        let argv: Vec<_> = argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        self.world.lock().done.push(format!("tell {}", argv.join(" ")));
    }
}

/// No repository of the model has a configuration of its own.
impl Repositories for Party {
    fn supplied(&self, _repo: &Path) -> io::Result<Option<Supplied>> {
        self.gate("repositories.supplied", broken, || Ok(None))
    }

    fn settings(&self, own: &Settings, _supplied: &Supplied) -> Result<Settings, Unfit> {
        Ok(own.clone())
    }
}

impl StateFiles for Party {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.gate("files.write", broken, || std::fs::write(path, bytes))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.gate("files.read", broken, || match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn read_ends(&self, path: &Path, _most: usize) -> io::Result<Option<Vec<u8>>> {
        StateFiles::read(self, path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.gate("files.list", broken, || match std::fs::read_dir(folder) {
            Ok(entries) => entries.map(|entry| Ok(entry?.file_name().into_string().unwrap())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        })
    }

    fn set_aside(&self, path: &Path) -> io::Result<()> {
        self.gate("files.set_aside", broken, || std::fs::rename(path, path.with_extension("aside")))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.gate("files.remove", broken, || {
            self.world.lock().inodes.remove(path);
            std::fs::remove_file(path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        })
    }
}

/// The folders of the model are real.
impl Disk for Party {
    fn look(&self, path: &Path) -> io::Result<Option<Entry>> {
        self.gate("disk.look", broken, || FileSystem.look(path))
    }

    fn is_program(&self, path: &Path) -> io::Result<bool> {
        self.gate("disk.is_program", broken, || FileSystem.is_program(path))
    }
}

/// So are the worktrees that an agent has an outbox in.
impl TreeFiles for Party {
    fn list(&self, folder: &Path, most: usize) -> io::Result<Vec<PathBuf>> {
        self.gate("tree_files.list", broken, || WorktreeFiles.list(folder, most))
    }

    fn read(&self, path: &Path, most: u64) -> io::Result<Content> {
        self.gate("tree_files.read", broken, || WorktreeFiles.read(path, most))
    }

    fn make_folder(&self, path: &Path, access: Access) -> io::Result<bool> {
        self.gate("tree_files.make_folder", broken, || WorktreeFiles.make_folder(path, access))
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<bool> {
        self.gate("tree_files.create", broken, || WorktreeFiles.create(path, bytes))
    }

    fn replace(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
        self.gate("tree_files.replace", broken, || WorktreeFiles.replace(path, bytes, access))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.gate("tree_files.rename", broken, || WorktreeFiles.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.gate("tree_files.remove", broken, || WorktreeFiles.remove(path))
    }

    fn remove_empty(&self, folder: &Path) -> io::Result<bool> {
        self.gate("tree_files.remove_empty", broken, || WorktreeFiles.remove_empty(folder))
    }
}
