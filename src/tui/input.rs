//! Keys, the mouse, pastes, the window's size and the signals that end this program, read on one thread that can be
//! paused while another program has the terminal.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use crossterm::event::{self, Event};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGTERM, SIGWINCH};
use tokio::sync::mpsc::UnboundedSender;

use super::msg::Msg;

/// The input thread.
pub struct Input {
    wake: UnixStream,
    paused: Arc<AtomicBool>,
    acknowledged: Mutex<Receiver<()>>,
}

impl Input {
    /// Starts reading.
    ///
    /// # Errors
    /// When signals can't be caught.
    pub fn start(inbox: UnboundedSender<Msg>) -> io::Result<Self> {
        let (reader, wake) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        let ended: Arc<AtomicBool> = Arc::default();
        for signal in [SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&ended))?;
        }
        for signal in [SIGTERM, SIGHUP, SIGWINCH] {
            signal_hook::low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let paused: Arc<AtomicBool> = Arc::default();
        let (acknowledge, acknowledged) = channel();
        let reading = Reading { inbox, reader, ended, paused: Arc::clone(&paused), acknowledge };
        std::thread::Builder::new().name("input".to_owned()).spawn(move || reading.run())?;
        Ok(Self { wake, paused, acknowledged: Mutex::new(acknowledged) })
    }

    /// Stops reading; returns once the thread has let go of the terminal.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
        self.nudge();
        if let Ok(acknowledged) = self.acknowledged.lock() {
            acknowledged.recv().ok();
        }
    }

    /// Reads on.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
        self.nudge();
    }

    fn nudge(&self) {
        // A full pipe wakes as well.
        (&self.wake).write_all(&[0]).ok();
    }
}

struct Reading {
    inbox: UnboundedSender<Msg>,
    reader: UnixStream,
    ended: Arc<AtomicBool>,
    paused: Arc<AtomicBool>,
    acknowledge: Sender<()>,
}

impl Reading {
    fn run(mut self) {
        let stdin = io::stdin();
        let mut told = false;
        let mut size = crossterm::terminal::size().ok();
        loop {
            let paused = self.paused.load(Ordering::SeqCst);
            if paused && !told && self.acknowledge.send(()).is_err() {
                return;
            }
            told = paused;
            let mut fds = vec![PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
            if !paused {
                fds.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
            }
            let polled = poll(&mut fds, PollTimeout::NONE);
            let typed = fds.get(1).and_then(PollFd::revents).is_some_and(|events| !events.is_empty());
            drop(fds);
            if polled.is_err_and(|errno| errno != nix::errno::Errno::EINTR) {
                self.inbox.send(Msg::Terminate).ok();
                return;
            }
            let mut buffer = [0_u8; 64];
            while matches!(self.reader.read(&mut buffer), Ok(count) if count > 0) {}
            if self.ended.load(Ordering::SeqCst) && self.inbox.send(Msg::Terminate).is_err() {
                return;
            }
            let now = crossterm::terminal::size().ok();
            if now != size
                && let Some((columns, rows)) = now
                && self.inbox.send(Msg::Resize { columns, rows }).is_err()
            {
                return;
            }
            size = now;
            if typed && !self.paused.load(Ordering::SeqCst) && self.read().is_err() {
                // The terminal is gone.
                self.inbox.send(Msg::Terminate).ok();
                return;
            }
        }
    }

    /// Everything that is there.
    fn read(&self) -> io::Result<()> {
        while event::poll(std::time::Duration::ZERO)? {
            let msg = match event::read()? {
                Event::Key(key) => Msg::Key(key),
                Event::Mouse(mouse) => Msg::Mouse(mouse),
                Event::Paste(text) => Msg::Paste(text),
                Event::Resize(columns, rows) => Msg::Resize { columns, rows },
                Event::FocusGained | Event::FocusLost => continue,
            };
            self.inbox.send(msg).map_err(io::Error::other)?;
        }
        Ok(())
    }
}
