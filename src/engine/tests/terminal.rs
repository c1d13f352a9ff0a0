//! The model's tmux: one server, sessions of one pane, shims in them.

use std::path::Path;
use std::time::Duration;

use super::world::{Party, Then, World};
use crate::ports::multiplexer::{self as mux, Multiplexer, MuxError, NewSession, PaneSeen, Panes, Server, Typed};

fn tmux_error(then: Then) -> MuxError {
    match then {
        Then::Taken => MuxError::Taken("as-scripted".to_owned()),
        Then::Impossible => MuxError::Unusable("as scripted: unusable".to_owned()),
        Then::Busy => MuxError::Deadline(Duration::from_secs(10)),
        Then::Fail | Then::Die | Then::Panic => MuxError::Failed("as scripted".to_owned()),
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

    fn glance(&self, socket: &Path) -> mux::Result<Panes> {
        self.panes(socket)
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

    fn resize(&self, _socket: &Path, _pane: &str, _size: (u16, u16)) -> mux::Result<()> {
        self.gate("mux.resize", tmux_error, || Ok(()))
    }

    fn rang(&self, _socket: &Path, _pane: &str) -> mux::Result<bool> {
        self.gate("mux.rang", tmux_error, || Ok(false))
    }

    fn capture(&self, _socket: &Path, _pane: &str, _lines: u32) -> mux::Result<String> {
        self.gate("mux.capture", tmux_error, || Ok(self.world.lock().screen.clone()))
    }
}

impl World {
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
