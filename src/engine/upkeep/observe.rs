//! Looking: panes, locks and processes, without touching anything.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::attempt::Attempt;
use crate::domain::id::{FileId, Process};
use crate::domain::reconcile::{ExitFile, Lock, Observed, Pane, PlaceSeen, Probe};
use crate::engine::Engine;
use crate::ports::multiplexer::{MuxError, Panes};
use crate::wire::exit_file;

/// The panes of each server, listed once a pass and only where they are needed.
pub(super) struct Servers<'a> {
    engine: &'a Engine,
    seen: HashMap<PathBuf, Result<Panes, MuxError>>,
}

impl<'a> Servers<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Self { engine, seen: HashMap::new() }
    }

    /// The panes of the server at `socket` are not asked for, and so unknown.
    pub(super) fn blind(engine: &'a Engine, socket: &Path) -> Self {
        let not_asked = Err(MuxError::Failed("not asked".to_owned()));
        Self { engine, seen: HashMap::from([(socket.to_owned(), not_asked)]) }
    }

    pub(super) fn of(&mut self, socket: &Path) -> &Result<Panes, MuxError> {
        if !self.seen.contains_key(socket) {
            self.seen.insert(socket.to_owned(), self.engine.ports.mux.panes(socket));
        }
        &self.seen[socket]
    }

    pub(super) fn answered(&self) -> Option<Result<(), String>> {
        let failed = self.seen.values().find_map(|seen| seen.as_ref().err());
        match (failed, self.seen.is_empty()) {
            (Some(error), _) => Some(Err(error.to_string())),
            (None, false) => Some(Ok(())),
            (None, true) => None,
        }
    }

    pub(super) fn pane(&mut self, attempt: &Attempt) -> Pane {
        self.of(&attempt.plan.socket).as_ref().map_or(Pane::Unknown, |panes| panes.look(&attempt.plan.id))
    }
}

/// Looks at an attempt, without touching anything.
pub(super) fn observe(engine: &Engine, attempt: &Attempt, pane: Pane) -> Observed {
    let ports = &engine.ports;
    let here = ports.processes.place();
    let place = PlaceSeen::of(&attempt.place, &here);
    let probe = |process: Option<Process>| match (place, process) {
        (PlaceSeen::Here, Some(process)) => ports.processes.probe(process),
        (PlaceSeen::Here, None) | (PlaceSeen::OtherBoot, _) => Probe::Dead,
        (PlaceSeen::Elsewhere, _) => Probe::Unknown,
    };
    let files = &attempt.plan.files;
    let exit = match ports.files.read(&files.exit) {
        Ok(None) => ExitFile::None,
        Ok(Some(bytes)) => exit_file::decode(&bytes).map_or(ExitFile::Unreadable, ExitFile::Says),
        Err(_) => ExitFile::Unreadable,
    };
    let lock = if attempt.phase.has_shim() {
        lock_of(engine, &files.lock, attempt.lock, attempt.shim.filter(|_| place == PlaceSeen::Here))
    } else {
        Lock::Missing
    };
    let mut shim = probe(attempt.shim);
    if lock == Lock::Free && shim == Probe::Alive {
        // A process gives its locks up a moment before it is gone.
        let gone = engine.until(DYING, |_| Ok(Some(probe(attempt.shim)).filter(|shim| *shim != Probe::Alive)));
        shim = gone.ok().flatten().unwrap_or(Probe::Alive);
    }
    Observed {
        place,
        lock,
        shim,
        agent: probe(attempt.agent),
        server: probe(attempt.server),
        pane,
        saga: if attempt.phase.has_shim() {
            Lock::Missing
        } else {
            lock_of(engine, &files.saga, None, Some(attempt.dispatcher).filter(|_| place == PlaceSeen::Here))
        },
        exit,
        age: ports.clock.now().boot.since(attempt.phase_since),
    }
}

/// How long the lock of a process that has been killed is waited for.
const DYING: Duration = Duration::from_secs(1);

/// A lock, as its holder leaves it: a process that was killed holds on to it for as long as the kernel takes to close its
/// files, or until a child that it had just forked has become another program.
fn lock_of(engine: &Engine, path: &Path, expected: Option<FileId>, holder: Option<Process>) -> Lock {
    let ports = &engine.ports;
    let ask = || ports.locks.ask(path, expected);
    let lock = ask();
    if lock != Lock::Held || !holder.is_some_and(|holder| ports.processes.is_ending(holder)) {
        return lock;
    }
    let free = engine.until(DYING, |_| Ok(Some(ask()).filter(|lock| *lock != Lock::Held)));
    free.ok().flatten().unwrap_or(Lock::Held)
}
