//! Keys, the mouse, pastes, the window's size and the signals that concern this terminal, read on one thread that can be
//! paused while another program has the terminal.

mod decode;
mod scanner;

#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::Event;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use tokio::sync::mpsc::UnboundedSender;

use super::msg::Msg;
use super::terminal;
use scanner::Scanner;

/// After another program had the terminal: how long nothing must come before input counts again, and how long that is
/// waited for. What comes before was typed at that program, or is an answer to it.
const QUIET: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);

/// The input thread.
pub struct Input {
    wake: UnixStream,
    paused: Arc<AtomicBool>,
    acknowledged: Mutex<Receiver<()>>,
}

/// What was signalled and not yet told.
#[derive(Default)]
struct Signals {
    ended: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
}

impl Input {
    /// Starts reading; returns once what was typed before has been dropped.
    ///
    /// # Errors
    /// When signals can't be caught.
    pub fn start(inbox: UnboundedSender<Msg>) -> io::Result<Self> {
        let (reader, wake) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        let signals = Signals::default();
        for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT] {
            signal_hook::flag::register(signal, Arc::clone(&signals.ended))?;
        }
        signal_hook::flag::register(SIGTSTP, Arc::clone(&signals.stopped))?;
        signal_hook::flag::register(SIGCONT, Arc::clone(&signals.continued))?;
        for signal in [SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH] {
            signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let paused: Arc<AtomicBool> = Arc::default();
        let (acknowledge, acknowledged) = channel();
        let reading = Reading {
            inbox,
            reader,
            signals,
            paused: Arc::clone(&paused),
            acknowledge,
            scanner: Scanner::default(),
            began: Instant::now(),
        };
        std::thread::Builder::new().name("input".to_owned()).spawn(move || reading.run())?;
        // Nothing is shown that could be answered before what is typed counts.
        acknowledged.recv().ok();
        Ok(Self { wake, paused, acknowledged: Mutex::new(acknowledged) })
    }

    /// Stops reading; returns once the thread has let go of the terminal.
    pub fn pause(&self) {
        self.change(true);
    }

    /// Reads on; returns once what came for somebody else has been dropped.
    pub fn resume(&self) {
        self.change(false);
    }

    fn change(&self, paused: bool) {
        if self.paused.swap(paused, Ordering::SeqCst) == paused {
            return;
        }
        // A full pipe wakes as well.
        (&self.wake).write_all(&[0]).ok();
        if let Ok(acknowledged) = self.acknowledged.lock() {
            // A thread that has ended reads nothing.
            acknowledged.recv().ok();
        }
    }
}

struct Reading {
    inbox: UnboundedSender<Msg>,
    reader: UnixStream,
    signals: Signals,
    paused: Arc<AtomicBool>,
    acknowledge: Sender<()>,
    scanner: Scanner,
    began: Instant,
}

impl Reading {
    fn run(mut self) {
        // The terminal has gone, or nobody listens any more.
        if self.read_on().is_err() {
            self.inbox.send(Msg::Terminate).ok();
        }
    }

    fn read_on(&mut self) -> io::Result<()> {
        let mut was_paused = false;
        let mut size = terminal::size();
        self.drop_input(Duration::ZERO)?;
        self.acknowledge.send(()).map_err(io::Error::other)?;
        loop {
            let paused = self.paused.load(Ordering::SeqCst);
            if paused != was_paused {
                if !paused {
                    self.drop_input(QUIET)?;
                    // That this program goes on is why it is here, or was the other one's business.
                    self.signals.continued.store(false, Ordering::SeqCst);
                    self.signals.stopped.store(false, Ordering::SeqCst);
                }
                was_paused = paused;
                self.acknowledge.send(()).map_err(io::Error::other)?;
            }
            let typed = self.wait(paused)?;
            let mut buffer = [0_u8; 64];
            while matches!(self.reader.read(&mut buffer), Ok(count) if count > 0) {}
            self.tell_signals(paused)?;
            let now = terminal::size();
            if now != size
                && let Some((columns, rows)) = now
            {
                self.send(Msg::Resize { columns, rows })?;
            }
            size = now;
            if !paused && !self.paused.load(Ordering::SeqCst) {
                for event in self.events(typed)? {
                    self.tell(event)?;
                }
            }
        }
    }

    /// Waits for a signal, a word of the owner, something typed (whether that), or the time to give up a sequence.
    fn wait(&self, paused: bool) -> io::Result<bool> {
        let stdin = io::stdin();
        let mut fds = vec![PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        if !paused {
            fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        let due = self.scanner.deadline().filter(|_| !paused);
        let patience = due.map_or(PollTimeout::NONE, |due| timeout(due.saturating_sub(self.began.elapsed())));
        match poll(&mut fds, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(fds.get(1).and_then(PollFd::revents).is_some_and(|events| !events.is_empty()))
    }

    /// What has been typed: with what can be read now, and for what never came.
    fn events(&mut self, typed: bool) -> io::Result<Vec<Event>> {
        let mut events = Vec::new();
        if typed {
            let mut buffer = [0_u8; 4096];
            match nix::unistd::read(io::stdin(), &mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.scanner.feed(&buffer[..count], self.began.elapsed(), &mut events),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        self.scanner.expire(self.began.elapsed(), &mut events);
        Ok(events)
    }

    /// Drops input until none has come for a while. It is read all the same: the rest of what has begun may come later.
    fn drop_input(&mut self, quiet: Duration) -> io::Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let stdin = io::stdin();
            let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout(quiet)) {
                Ok(0) => break,
                Ok(_) => {
                    self.events(true)?;
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        self.scanner.expire(self.began.elapsed(), &mut Vec::new());
        Ok(())
    }

    fn tell_signals(&self, paused: bool) -> io::Result<()> {
        let signals = &self.signals;
        if signals.ended.load(Ordering::SeqCst) {
            self.send(Msg::Terminate)?;
        }
        if paused {
            return Ok(());
        }
        if signals.stopped.swap(false, Ordering::SeqCst) {
            self.send(Msg::Stopped)?;
        }
        if signals.continued.swap(false, Ordering::SeqCst) {
            self.send(Msg::Continued)?;
        }
        Ok(())
    }

    fn tell(&self, event: Event) -> io::Result<()> {
        match event {
            Event::Key(key) => self.send(Msg::Key(key)),
            Event::Mouse(mouse) => self.send(Msg::Mouse(mouse)),
            Event::Paste(text) => self.send(Msg::Paste(text)),
            // The scanner gives none of these.
            Event::Resize(..) | Event::FocusGained | Event::FocusLost => Ok(()),
        }
    }

    fn send(&self, msg: Msg) -> io::Result<()> {
        self.inbox.send(msg).map_err(io::Error::other)
    }
}

/// Rounded up: what is due then must be due.
fn timeout(patience: Duration) -> PollTimeout {
    PollTimeout::try_from(patience + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX)
}
