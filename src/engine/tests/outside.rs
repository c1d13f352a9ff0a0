//! The ports of a party, over the model of the machine.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::world::{BASE, GitTree, Party, Then, World};
use crate::domain::attempt::Tree;
use crate::domain::id::{AttemptId, FileId, Place, Process};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::saga::Remains;
use crate::domain::time::Now;
use crate::ports::host::{Clock, Found, Held, Locks, Processes, Signal, StateFiles};
use crate::ports::multiplexer::{self as mux, Multiplexer, MuxError, NewSession, PaneSeen, Panes, Server, Typed};
use crate::ports::worktrees::{self as trees, Diff, Intact, Name, NewTree, Snapshot, TreeError, Worktrees};

fn broken(_: Then) -> io::Error {
    io::Error::other("as scripted")
}

fn git_error(then: Then) -> TreeError {
    match then {
        Then::Taken => TreeError::Taken("as scripted: taken".to_owned()),
        Then::Impossible => TreeError::Impossible("as scripted: impossible".to_owned()),
        Then::Busy => TreeError::Busy("as scripted".to_owned()),
        Then::Fail | Then::Die | Then::Panic => {
            TreeError::Failed { doing: "git".to_owned(), why: "as scripted".to_owned() }
        }
    }
}

fn tmux_error(then: Then) -> MuxError {
    match then {
        Then::Taken => MuxError::Taken("as-scripted".to_owned()),
        Then::Impossible => MuxError::Unusable("as scripted: unusable".to_owned()),
        Then::Busy => MuxError::Deadline(Duration::from_secs(10)),
        Then::Fail | Then::Die | Then::Panic => MuxError::Failed("as scripted".to_owned()),
    }
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

    fn is_stopped(&self, process: Process) -> bool {
        self.world.lives(process) && self.world.lock().processes[&process.pid].stopped
    }

    fn traffic(&self, _root: Process) -> Option<u64> {
        None
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

impl Multiplexer for Party {
    fn server(&self, _socket: &Path) -> mux::Result<Server> {
        self.gate("mux.server", tmux_error, || {
            let inner = self.world.lock();
            let mut sessions: Vec<String> = inner.panes.iter().map(|pane| pane.session.clone()).collect();
            sessions.dedup();
            Ok(Server { version: "3.4".to_owned(), sessions })
        })
    }

    fn start(&self, _socket: &Path, session: &NewSession<'_>) -> mux::Result<()> {
        self.gate("mux.start", tmux_error, || {
            if self.world.lock().panes.iter().any(|pane| pane.session == session.name) {
                return Err(MuxError::Taken(session.name.to_owned()));
            }
            self.world.open_session(session);
            Ok(())
        })
    }

    fn panes(&self, _socket: &Path) -> mux::Result<Panes> {
        self.gate("mux.panes", tmux_error, || {
            let inner = self.world.lock();
            Ok(if inner.server.is_some() { Panes::Listed(inner.panes.clone()) } else { Panes::NoServer })
        })
    }

    fn kill(&self, _socket: &Path, pane: &PaneSeen) -> mux::Result<()> {
        self.gate("mux.kill", tmux_error, || {
            self.world.close_pane(&pane.id);
            Ok(())
        })
    }

    fn send(&self, _socket: &Path, pane: &PaneSeen, typed: Typed<'_>) -> mux::Result<()> {
        self.gate("mux.send", tmux_error, || {
            self.world.lock().done.push(format!("type {} {typed:?}", pane.id));
            Ok(())
        })
    }

    fn capture(&self, _socket: &Path, _pane: &str, _lines: u32) -> mux::Result<String> {
        self.gate("mux.capture", tmux_error, || Ok(self.world.lock().screen.clone()))
    }
}

impl Worktrees for Party {
    fn repository(&self, from: &Path) -> trees::Result<PathBuf> {
        self.gate("trees.repository", git_error, || Ok(from.to_owned()))
    }

    fn resolve(&self, _repo: &Path, base: &str) -> trees::Result<String> {
        self.gate("trees.resolve", git_error, || match base {
            "HEAD" => Ok(BASE.to_owned()),
            other => self
                .world
                .lock()
                .branches
                .get(other)
                .cloned()
                .ok_or_else(|| TreeError::Impossible(format!("no commit is called {other:?}"))),
        })
    }

    fn branch(&self, _repo: &Path, branch: &str) -> trees::Result<Name> {
        self.gate("trees.branch", git_error, || {
            let inner = self.world.lock();
            let clashes = |other: &String| {
                let folder = |outer: &str, within: &str| within.starts_with(&format!("{outer}/"));
                folder(other, branch) || folder(branch, other)
            };
            Ok(if inner.branches.contains_key(branch) {
                Name::Taken
            } else if inner.branches.keys().any(clashes) {
                Name::Clashes
            } else {
                Name::Free
            })
        })
    }

    fn add(&self, tree: &NewTree<'_>, wanted: &dyn Fn() -> bool) -> trees::Result<()> {
        self.gate("trees.add", git_error, || {
            if !wanted() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            if tree.path.exists() || inner.branches.contains_key(tree.branch) {
                return Err(TreeError::Taken(format!("{} or {} is there", tree.path.display(), tree.branch)));
            }
            std::fs::create_dir_all(tree.path).unwrap();
            inner.branches.insert(tree.branch.to_owned(), tree.base.to_owned());
            let made = GitTree { branch: tree.branch.to_owned(), whole: true, work: false };
            inner.trees.insert(tree.path.to_owned(), made);
            Ok(())
        })
    }

    fn intact(&self, _repo: &Path, path: &Path) -> Intact {
        match self.world.lock().trees.get(path) {
            Some(tree) if tree.whole => Intact::Yes,
            Some(_) => Intact::No("it is damaged".to_owned()),
            None => Intact::No("it is gone".to_owned()),
        }
    }

    fn adopt(&self, repo: &Path, path: &Path) -> trees::Result<Intact> {
        self.gate("trees.adopt", git_error, || Ok(self.intact(repo, path)))
    }

    fn snapshot(&self, path: &Path) -> trees::Result<Snapshot> {
        self.gate("trees.snapshot", git_error, || {
            let work = self.world.lock().trees.get(path).is_some_and(|tree| tree.work);
            Ok(Snapshot { head: BASE.to_owned(), tree: work.to_string() })
        })
    }

    fn commits(&self, _repo: &Path, branch: &str, _base: &str) -> trees::Result<Vec<String>> {
        self.gate("trees.commits", git_error, || Ok(vec![format!("a commit on {branch}")]))
    }

    fn diff(&self, _path: &Path, _base: &str) -> trees::Result<Diff> {
        self.gate("trees.diff", git_error, || Ok(Diff::default()))
    }

    fn pristine(&self, _repo: &Path, base: &str) -> trees::Result<Snapshot> {
        Ok(Snapshot { head: base.to_owned(), tree: false.to_string() })
    }

    fn remove(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<Remains> {
        self.gate("trees.remove", git_error, || {
            if !owned() {
                return Ok(Remains::Nothing);
            }
            let mut inner = self.world.lock();
            let Some(found) = inner.trees.get(&tree.path).cloned() else { return Ok(Remains::Nothing) };
            if tree.ran {
                inner.wrong.push(format!("{} was to be removed, and its agent ran", tree.path.display()));
            }
            if tree.ran || found.work {
                return Ok(Remains::Kept(format!("{} kept: it holds work", tree.path.display())));
            }
            inner.trees.remove(&tree.path);
            inner.branches.remove(&found.branch);
            inner.done.push(format!("remove {}", tree.path.display()));
            std::fs::remove_dir_all(&tree.path).unwrap();
            Ok(Remains::Nothing)
        })
    }

    fn park(
        &self,
        tree: &Tree,
        by: &AttemptId,
        trash: &Path,
        owned: &dyn Fn() -> bool,
    ) -> trees::Result<Option<PathBuf>> {
        self.gate("trees.park", git_error, || {
            if !owned() {
                return Err(TreeError::Revoked);
            }
            let mut inner = self.world.lock();
            let Some(found) = inner.trees.remove(&tree.path) else { return Ok(None) };
            let parked = trash.join(by.as_str());
            std::fs::create_dir_all(trash).unwrap();
            std::fs::rename(&tree.path, &parked).unwrap();
            inner.trees.insert(parked.clone(), found);
            inner.done.push(format!("park {}", tree.path.display()));
            Ok(Some(parked))
        })
    }
}

impl World {
    fn next(&self) -> i32 {
        let mut inner = self.lock();
        inner.next += 1;
        inner.next
    }

    /// A session with one pane, whose process is a shim.
    fn open_session(&self, session: &NewSession<'_>) {
        if self.lock().server.is_none() {
            let server = self.spawn("tmux").process;
            self.lock().server = Some(server);
        }
        let shim = self.spawn("ganger").process;
        self.with(shim, |found| {
            found.shim_of = Some(session.attempt.clone());
            found.session = Some(shim.pid);
        });
        let id = format!("%{}", self.next());
        let mut inner = self.lock();
        inner.panes.push(PaneSeen {
            id,
            pid: shim.pid,
            dead: false,
            attached: 0,
            mark: Some(session.attempt.clone()),
            argv: Some(session.attempt.clone()),
            session: session.name.to_owned(),
            siblings: 1,
        });
        inner.arrivals.push(session.attempt.clone());
        let argv: Vec<_> = session.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        inner.done.push(format!("session {} in {}: {}", session.name, session.folder.display(), argv.join(" ")));
    }

    /// The pane goes, and its process with it.
    pub fn close_pane(&self, id: &str) {
        let mut inner = self.lock();
        let Some(at) = inner.panes.iter().position(|pane| pane.id == id) else { return };
        let pane = inner.panes.remove(at);
        inner.done.push(format!("close {}", pane.session));
        let process = inner.processes[&pane.pid].process;
        inner.arrivals.retain(|attempt| Some(attempt) != pane.argv.as_ref());
        let running = inner.processes[&pane.pid].alive && !pane.dead;
        drop(inner);
        if running {
            self.hung_up(process);
        }
    }
}
