//! `ganger` without a command: opens the board.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::Outcome;
use crate::cli::environment;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::time::Now;
use crate::engine::board::Shown;
use crate::engine::{Engine, Fault, Kind};
use crate::os::clock::SystemClock;
use crate::os::events::FileWatch;
use crate::os::process::{self, Call, Foreground};
use crate::ports::host::Clock as _;
use crate::ports::multiplexer::Attach;
use crate::tmux::Tmux;
use crate::tui::host::{Changes, Events, Host, Running};
use crate::tui::keymap::Keymap;
use crate::tui::msg::Handover;
use crate::tui::theme::Theme;
use crate::tui::{Board, Options};

/// Shows the board, of the repository around here or of every one, until a person quits.
///
/// # Errors
/// [`Kind::Usage`] where there is no terminal.
pub fn run(wiring: Wiring, all: bool) -> Outcome {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Fault::new(Kind::Usage, "the board needs a terminal").hint("ganger list, or ganger --help"));
    }
    if environment::variable("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        let what = "the board needs a terminal with a cursor that can be moved, and TERM does not name one";
        return Err(Fault::new(Kind::Usage, what).hint("ganger list, or set TERM to what this terminal is"));
    }
    let engine = wiring.engine()?;
    let home = wiring.repository_if_any(&engine)?;
    let shown = Shown { repo: home.clone().filter(|_| !all), archived: false };
    let settings = wiring.settings_at(&engine, home.as_deref())?;
    drop(engine);
    let plain = !wiring.colours();
    let options = Options {
        keymap: Keymap::new(&settings.keys),
        theme: Theme::new(&settings.ui.theme, &settings.ui.colors, plain),
        ascii: settings.ui.ascii || !output::is_unicode(),
        restart_lost: settings.ui.restart_lost,
        home,
        shown,
        order: settings.ui.order,
        agents: settings.agents.keys().cloned().collect(),
        default_agent: settings.default_agent.clone(),
    };
    let board =
        Board { options, interrupted: Arc::clone(&wiring.interrupted), settings, host: Arc::new(LocalHost { wiring }) };
    crate::tui::run(board)?;
    Ok(ExitCode::SUCCESS)
}

/// The program around the board.
struct LocalHost {
    wiring: Wiring,
}

impl Events for FileWatch {
    fn wait(&self, patience: Duration) -> bool {
        Self::wait(self, patience)
    }
}

impl Host for LocalHost {
    fn engine(&self) -> Result<Engine, Fault> {
        self.wiring.silent_engine()
    }

    fn now(&self) -> Now {
        SystemClock.now()
    }

    fn pause(&self, length: Duration) {
        SystemClock.pause(length);
    }

    fn events(&self, changes: Changes) -> io::Result<Box<dyn Events>> {
        let around = &self.wiring.around;
        let watch = match changes {
            Changes::Locks => FileWatch::locks(&around.state_dir.join("locks"))?,
            Changes::Database => FileWatch::writes(around.database.parent().unwrap_or(Path::new("/")))?,
        };
        Ok(Box::new(watch))
    }

    fn show(&self, socket: &Path, session: &str) -> Result<Handover, Fault> {
        let tmux = Tmux::new(self.wiring.settings.timing.tmux);
        let show = tmux.show(std::env::var_os("TMUX").as_deref(), socket, session)?;
        let takes_terminal = show.how == Attach::Here;
        Ok(Handover { argv: show.argv, folder: None, takes_terminal })
    }

    fn shell(&self, folder: &Path) -> Handover {
        let argv = vec![chosen(&["SHELL"], "sh")];
        Handover { argv, folder: Some(folder.to_owned()), takes_terminal: true }
    }

    fn editor(&self, file: &Path) -> Handover {
        // $EDITOR may have arguments, and is split by a shell as everywhere else; the file is not.
        let editor = chosen(&["VISUAL", "EDITOR"], "vi");
        // A shell that stays above it would end by the Ctrl-C that the editor takes, and the board would come back too early.
        let plain = !editor.as_bytes().iter().any(|byte| b";&|<>()`$#\n".contains(byte));
        let exec = OsString::from(if plain { "exec " } else { "" });
        let command = [exec, editor, OsString::from(" \"$@\"")].into_iter().collect::<OsString>();
        let argv = vec!["sh".into(), "-c".into(), command, "sh".into(), file.into()];
        Handover { argv, folder: None::<PathBuf>, takes_terminal: true }
    }

    fn viewer(&self, output: &Path, base: &str, worktree: &Path) -> Option<Handover> {
        let viewer = &self.wiring.settings.ui.viewer;
        let filled = viewer.iter().map(|word| match word.as_str() {
            "{worktree}" => worktree.as_os_str().to_owned(),
            word => word.replace("{base}", base).replace("{worktree}", &worktree.to_string_lossy()).into(),
        });
        let mut argv: Vec<OsString> = ["sh", "-c", "exec \"$@\" >\"$0\""].map(OsString::from).to_vec();
        argv.push(output.into());
        argv.extend(filled);
        (!viewer.is_empty()).then(|| Handover { argv, folder: Some(worktree.to_owned()), takes_terminal: true })
    }

    fn start(&self, handover: &Handover) -> io::Result<Arc<dyn Running>> {
        Ok(if handover.takes_terminal {
            Arc::new(InFront(Foreground::start(&handover.argv, handover.folder.as_deref())?))
        } else {
            Arc::new(Beside(handover.argv.clone()))
        })
    }

    fn stop(&self, job: bool) {
        crate::os::stop(job);
    }
}

/// A program that has the terminal.
struct InFront(Foreground);

impl Running for InFront {
    fn wait(&self) -> io::Result<i32> {
        self.0.wait()
    }

    fn hang_up(&self) {
        // Not TERM: an interactive shell ignores that, and a client of tmux must not get it.
        self.0.signal(Signal::SIGHUP);
        self.0.signal(Signal::SIGCONT);
    }
}

/// A program that makes another one show something: it has no terminal of its own.
struct Beside(Vec<OsString>);

impl Running for Beside {
    fn wait(&self) -> io::Result<i32> {
        // A day: a popup is open for as long as a person looks at it.
        let Some((program, args)) = self.0.split_first() else { return Ok(0) };
        let answer =
            process::run(&Call::new(program, Duration::from_hours(24)).args(args)).map_err(io::Error::other)?;
        if answer.ok() { Ok(0) } else { Err(io::Error::other(answer.complaint())) }
    }

    fn hang_up(&self) {}
}

fn chosen(variables: &[&str], otherwise: &str) -> OsString {
    let set = variables.iter().find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
    set.unwrap_or_else(|| otherwise.into())
}
