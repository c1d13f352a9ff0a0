//! tmux: the [`Multiplexer`] that runs the real thing.
//!
//! It owns every word that is said to tmux. It never ends a server or a session, never ends a pane that does not
//! carry our command, and never reads an answer that is not whole.

mod attach;
mod call;
mod chain;
mod panes;
mod screen;
mod server;
mod socket;
mod target;

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::text;
use crate::ports::multiplexer::{Multiplexer, MuxError, NewSession, PaneSeen, Panes, Result, Server, Typed};
use call::{Reply, Talk};
use target::Target;

pub use attach::Show;
pub use socket::{Surroundings, same as same_socket, socket_path};

/// The oldest version that has everything we use.
const OLDEST: &str = "3.2";

/// How long a server may take to answer one that only shows what it says.
const GLANCE: Duration = Duration::from_secs(1);

/// The tmux on this machine.
#[derive(Clone, Debug)]
pub struct Tmux {
    program: OsString,
    environment: Vec<(OsString, OsString)>,
    deadline: Duration,
}

impl Tmux {
    /// The `tmux` on `PATH`; every operation may take up to `deadline`.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self { program: "tmux".into(), environment: Vec::new(), deadline }
    }

    /// Another program in its place.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into().into_os_string();
        self
    }

    /// Sets a variable of the environment that tmux is run in.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Decides how to show a session to somebody whose `$TMUX` is `tmux`.
    ///
    /// # Errors
    /// When the name can't be one of our sessions'.
    pub fn show(&self, tmux: Option<&OsStr>, socket: &Path, session: &str) -> Result<Show> {
        attach::show(&self.program, tmux, socket, session)
    }

    fn talk<'a>(&'a self, socket: &'a Path) -> Result<Talk<'a>> {
        Talk::begin(self, socket)
    }
}

impl Multiplexer for Tmux {
    fn server(&self, socket: &Path) -> Result<Server> {
        server::find(&self.talk(socket)?)
    }

    fn start(&self, socket: &Path, session: &NewSession<'_>) -> Result<()> {
        let chain = chain::start(session)?;
        let talk = self.talk(socket)?;
        talk.prepare()?;
        match talk.insist(&chain)? {
            (Reply::Said(_), _) => Ok(()),
            (Reply::Refused(complaint), again) if complaint.contains("duplicate session") => {
                // A call that a dying server seemed to have dropped may have had its effect after all.
                let made =
                    |pane: &PaneSeen| pane.session == session.name && pane.argv.as_ref() == Some(session.attempt);
                if again && list(&talk)?.is_some_and(|panes| panes.iter().any(made)) {
                    Ok(())
                } else {
                    Err(MuxError::Taken(session.name.to_owned()))
                }
            }
            (Reply::Refused(complaint), _) if complaint.starts_with(chain::NO_NAME) => Err(server::sized_by_hand()),
            (Reply::NoServer, _) => Err(MuxError::Failed("no server could be started".to_owned())),
            (Reply::Gone(complaint) | Reply::Refused(complaint), _) => Err(MuxError::Failed(complaint)),
        }
    }

    fn panes(&self, socket: &Path) -> Result<Panes> {
        Ok(list(&self.talk(socket)?)?.map_or(Panes::NoServer, Panes::Listed))
    }

    fn glance(&self, socket: &Path) -> Result<Panes> {
        Self { deadline: self.deadline.min(GLANCE), ..self.clone() }.panes(socket)
    }

    fn kill(&self, socket: &Path, pane: &PaneSeen) -> Result<()> {
        let target = Target::pane(&pane.id)?;
        let Some(attempt) = &pane.argv else {
            return Err(MuxError::Failed(format!("{target} is not ours: left alone")));
        };
        let talk = self.talk(socket)?;
        let find = || -> Result<Option<PaneSeen>> {
            let panes = list(&talk)?.unwrap_or_default();
            // Another process under this id is another pane, of another server's life: ours is gone.
            let same = |seen: &PaneSeen| seen.pid == pane.pid || (seen.pid == 0 && seen.argv == pane.argv);
            Ok(panes.into_iter().find(|seen| seen.id == pane.id && same(seen)))
        };
        let Some(found) = find()? else { return Ok(()) };
        if found.argv.as_ref() != Some(attempt) || found.mark.as_ref().is_some_and(|mark| mark != attempt) {
            return Err(MuxError::Failed(format!("{target} doesn't bear the marks of {attempt}: left alone")));
        }
        let complaint = match talk.ask(&chain::kill(&target, pane.pid, attempt))? {
            Reply::Said(_) => "it is still there".to_owned(),
            Reply::NoServer => return Ok(()),
            // The last pane takes its server along, sometimes before the client has its answer.
            Reply::Gone(complaint) | Reply::Refused(complaint) => complaint,
        };
        match find()? {
            None => Ok(()),
            Some(_) => Err(MuxError::Failed(format!("{target} was not ended: {complaint}"))),
        }
    }

    fn send(&self, socket: &Path, pane: &PaneSeen, typed: Typed<'_>) -> Result<()> {
        let target = Target::pane(&pane.id)?;
        let not_ours = || MuxError::Failed(format!("{target} is no longer the agent's: nothing was typed"));
        let attempt = pane.argv.as_ref().ok_or_else(not_ours)?;
        let (chain, input) = match typed {
            Typed::Paste(text) => (chain::paste(&target, pane.pid, attempt), Some(text::typed(text).into_bytes())),
            Typed::Enter => (chain::key(&target, pane.pid, attempt, "Enter"), None),
            Typed::Interrupt => (chain::key(&target, pane.pid, attempt, "C-c"), None),
        };
        match self.talk(socket)?.ask_with(&chain, input)? {
            Reply::Said(answer) => {
                let said = |why: &str| answer.split(|byte| *byte == b'\n').any(|line| line == why.as_bytes());
                if said(chain::SYNCHRONIZED) {
                    return Err(MuxError::Failed(format!(
                        "what is typed into {target} would reach the panes beside it, too: nothing was typed; turn that \
                         off: tmux set-option -w -t {target} synchronize-panes off"
                    )));
                }
                if said(chain::CLOSED) {
                    return Err(MuxError::Failed(format!(
                        "{target} takes no input: nothing was typed; turn that on: tmux select-pane -e -t {target}"
                    )));
                }
                if said(chain::NOT_OURS) { Err(not_ours()) } else { Ok(()) }
            }
            Reply::NoServer => Err(not_ours()),
            Reply::Gone(complaint) | Reply::Refused(complaint) => Err(MuxError::Failed(complaint)),
        }
    }

    fn capture(&self, socket: &Path, pane: &str, lines: u32) -> Result<String> {
        match self.talk(socket)?.ask(&chain::capture(&Target::pane(pane)?, lines))? {
            Reply::Said(answer) => {
                let wanted = usize::try_from(lines).unwrap_or(usize::MAX);
                Ok(screen::last_lines(&String::from_utf8_lossy(&answer), wanted))
            }
            Reply::NoServer => Err(MuxError::Failed("no server runs".to_owned())),
            Reply::Gone(complaint) | Reply::Refused(complaint) => Err(MuxError::Failed(complaint)),
        }
    }

    fn resize(&self, socket: &Path, pane: &str, size: (u16, u16)) -> Result<()> {
        match self.talk(socket)?.ask(&chain::resize(&Target::pane(pane)?, size))? {
            Reply::Said(_) => Ok(()),
            Reply::NoServer => Err(MuxError::Failed("no server runs".to_owned())),
            Reply::Gone(complaint) | Reply::Refused(complaint) => Err(MuxError::Failed(complaint)),
        }
    }

    fn rang(&self, socket: &Path, pane: &str) -> Result<bool> {
        match self.talk(socket)?.ask(&chain::rang(&Target::pane(pane)?))? {
            Reply::Said(answer) => Ok(answer.trim_ascii() == b"1"),
            Reply::NoServer => Err(MuxError::Failed("no server runs".to_owned())),
            Reply::Gone(complaint) | Reply::Refused(complaint) => Err(MuxError::Failed(complaint)),
        }
    }
}

/// The panes of the server; nothing where none runs.
fn list(talk: &Talk<'_>) -> Result<Option<Vec<PaneSeen>>> {
    match talk.insist(&chain::panes())?.0 {
        Reply::Said(answer) => panes::parse(&answer).map(Some),
        Reply::NoServer => Ok(None),
        // A server without sessions (exit-empty off) has no panes, but list-panes calls that an error.
        Reply::Refused(complaint) if complaint == "no current target" => match talk.insist(&chain::sessions())?.0 {
            Reply::Said(answer) if panes::whole(&answer)?.is_empty() => Ok(Some(Vec::new())),
            Reply::NoServer => Ok(None),
            Reply::Said(_) | Reply::Gone(_) | Reply::Refused(_) => Err(MuxError::Failed(complaint)),
        },
        Reply::Gone(complaint) | Reply::Refused(complaint) => Err(MuxError::Failed(complaint)),
    }
}
