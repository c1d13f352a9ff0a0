//! A terminal that the test itself plays: it sees every byte, and answers nothing unless it wants to.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::{PATIENCE, World, command, pause, until};

pub struct Pty {
    master: Option<File>,
    /// The end that the program has.
    pub slave: File,
    pub child: Child,
    written: Arc<Mutex<Vec<u8>>>,
    closing: Arc<AtomicBool>,
    seen: usize,
}

/// Gives a terminal another size.
pub fn resize(terminal: &File, rows: u16, columns: u16) {
    let mut command = command("stty");
    command.args(["rows", &rows.to_string(), "cols", &columns.to_string()]);
    assert!(command.stdin(terminal.try_clone().unwrap()).status().unwrap().success());
}

impl Pty {
    /// A board in a terminal of the usual size.
    pub fn board(world: &World) -> Self {
        Self::running(world, (120, 40), &[env!("CARGO_BIN_EXE_ganger")])
    }

    /// A shell with job control.
    pub fn shell(world: &World) -> Self {
        let mut pty = Self::running(world, (120, 40), &["bash", "--norc", "--noediting", "-i"]);
        pty.types(b"PS1='r''eady> '\n");
        pty.shows("ready> ");
        pty
    }

    pub fn running(world: &World, (columns, rows): (u16, u16), argv: &[&str]) -> Self {
        // Closed on exec from the first: what other tests start meanwhile would keep the line open otherwise.
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname_r(&master).unwrap();
        let flags = OFlag::O_NOCTTY.bits();
        let slave = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).unwrap();
        let master = File::from(OwnedFd::from(master));
        resize(&slave, rows, columns);
        let child = world.spawn_in(slave.try_clone().unwrap(), argv);
        let written: Arc<Mutex<Vec<u8>>> = Arc::default();
        let closing: Arc<AtomicBool> = Arc::default();
        let (mut reader, all, over) = (master.try_clone().unwrap(), Arc::clone(&written), Arc::clone(&closing));
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while !over.load(Ordering::SeqCst) {
                let mut fds = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
                if poll(&mut fds, PollTimeout::from(20_u8)).unwrap() == 0 {
                    continue;
                }
                let Ok(count @ 1..) = reader.read(&mut buffer) else { return };
                all.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { master: Some(master), slave, child, written, closing, seen: 0 }
    }

    /// Sends bytes, as a keyboard or a terminal does.
    pub fn types(&mut self, bytes: &[u8]) {
        self.master.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Sends bytes one by one, each after a pause.
    pub fn dribbles(&mut self, bytes: &[u8], length: Duration) {
        for byte in bytes {
            self.types(&[*byte]);
            let started = Instant::now();
            while started.elapsed() < length {
                pause();
            }
        }
    }

    /// Everything that was written until now.
    pub fn all(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// What was written since it was looked at last.
    pub fn news(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()[self.seen..]).into_owned()
    }

    /// From here on only what is new counts.
    pub fn looked(&mut self) {
        self.seen = self.written.lock().unwrap().len();
    }

    /// Waits until this is written, and takes all until then as seen.
    pub fn shows(&mut self, wanted: &str) -> String {
        let started = Instant::now();
        loop {
            let news = self.news();
            if news.contains(wanted) {
                self.looked();
                return news;
            }
            assert!(started.elapsed() < PATIENCE, "{wanted:?} was never written: {news:?}");
            pause();
        }
    }

    /// Whether lines are edited and keys echoed, as outside of full-screen programs.
    pub fn is_cooked(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Hangs up: the reading thread lets go as well.
    pub fn close(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        self.master = None;
    }

    /// Waits for the end of what runs; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        until("the program ends", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        self.close();
    }
}
