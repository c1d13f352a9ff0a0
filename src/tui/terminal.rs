//! The terminal: taken over, and given back whatever happens.
//!
//! Nothing is ever asked of it. A terminal may answer late or not at all, and what it answers late is read by whoever has
//! it then.

use std::io::{self, Stdout, Write as _};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute, queue};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp, tcsetpgrp};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

/// The settings to put back while the terminal is ours.
static TAKEN: Mutex<Option<Termios>> = Mutex::new(None);
/// The settings as they were found.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

/// What other programs leave on, in the alternate screen: colours, another character set, a scroll region, origin and
/// insert mode, application keys, focus reports, the keyboard protocol of kitty.
const RESET: &str = "\x1b[0m\x1b(B\x0f\x1b[r\x1b[?6l\x1b[4l\x1b[?1l\x1b>\x1b[?1004l\x1b[=0;1u";

type Drawn = Terminal<CrosstermBackend<Stdout>>;

/// The terminal while it is ours. Dropping it gives it back.
pub struct Screen {
    terminal: Drawn,
    size: (u16, u16),
}

/// Columns and rows, where the terminal says them. One that says that it has none is taken for one of the usual size.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    let window = crossterm::terminal::window_size().ok()?;
    let or = |cells: u16, usual: u16| if cells == 0 { usual } else { cells };
    Some((or(window.columns, 80), or(window.rows, 24)))
}

fn drawn((width, height): (u16, u16)) -> io::Result<Drawn> {
    // A fixed area: one that follows the window asks where the cursor is.
    let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width, height });
    Terminal::with_options(CrosstermBackend::new(io::stdout()), TerminalOptions { viewport })
}

impl Screen {
    /// Takes the terminal over. A panic gives it back before it says anything.
    ///
    /// # Errors
    /// When this is no terminal.
    pub fn take() -> io::Result<Self> {
        let earlier = std::panic::take_hook();
        let drawing = std::thread::current().id();
        std::panic::set_hook(Box::new(move |panic| {
            // A panic on another thread is told by a message; the screen stays.
            if std::thread::current().id() == drawing {
                give_back();
                earlier(panic);
            }
        }));
        enter()?;
        let size = size().unwrap_or((80, 24));
        Ok(Self { terminal: drawn(size)?, size })
    }

    /// Draws a frame of this size.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn draw(&mut self, size: (u16, u16), draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        if self.size != size {
            queue!(io::stdout(), Clear(ClearType::All))?;
            self.terminal = drawn(size)?;
            self.size = size;
        }
        self.terminal.draw(draw).map(drop)
    }

    /// Gives the terminal to another program, until [`Self::resume`].
    pub fn lend() {
        give_back();
    }

    /// Takes it back, also where this program was stopped and could not give it away; the next frame is drawn whole.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.size = size().unwrap_or(self.size);
        self.terminal = drawn(self.size)?;
        Ok(())
    }

    /// Makes this program the one in front again after another one, and the settings what they were before that.
    pub fn come_forward() {
        unstopped(|| {
            tcsetpgrp(io::stdin(), getpgrp()).ok();
            if let Some(settings) = &*FOUND.lock().unwrap_or_else(PoisonError::into_inner) {
                tcsetattr(io::stdin(), SetArg::TCSANOW, settings).ok();
            }
        });
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        self.size
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    // The settings come first: in the background this stops, before anything is written on somebody else's screen.
    let found = tcgetattr(io::stdin())?;
    let mut raw = found.clone();
    cfmakeraw(&mut raw);
    {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        // Where they are raw already, nobody has changed them since.
        if taken.is_none() || found != raw {
            *FOUND.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
            *taken = Some(found);
        }
    }
    tcsetattr(io::stdin(), SetArg::TCSANOW, &raw)?;
    blocking(&io::stdin());
    blocking(&io::stdout());
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        Print(RESET),
        Clear(ClearType::All),
        EnableMouseCapture,
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Reads and writes wait again, where another program left it otherwise: the setting belongs to all who share a terminal.
fn blocking(fd: &impl AsFd) {
    if let Ok(flags) = fcntl(fd, FcntlArg::F_GETFL) {
        let flags = OFlag::from_bits_retain(flags);
        if flags.contains(OFlag::O_NONBLOCK) {
            fcntl(fd, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK)).ok();
        }
    }
}

fn give_back() {
    let Some(settings) = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    // The terminal may be gone, and then there is nothing to give back. It is cleared for those that have one screen only.
    let mut out = io::stdout();
    queue!(
        out,
        DisableBracketedPaste,
        DisableMouseCapture,
        Print("\x1b[0m"),
        Clear(ClearType::All),
        cursor::MoveTo(0, 0),
        LeaveAlternateScreen,
        cursor::Show
    )
    .and_then(|()| out.flush())
    .ok();
    // In the background the settings are those of the program in front.
    if tcgetpgrp(io::stdin()).is_ok_and(|front| front == getpgrp()) {
        unstopped(|| tcsetattr(io::stdin(), SetArg::TCSANOW, &settings).ok());
    }
}

/// Changes the terminal from the background too, where that would stop this program.
fn unstopped<T>(change: impl FnOnce() -> T) -> T {
    let mut output = SigSet::empty();
    output.add(Signal::SIGTTOU);
    let before = SigSet::thread_get_mask();
    output.thread_block().ok();
    let done = change();
    if let Ok(before) = before {
        before.thread_set_mask().ok();
    }
    done
}
