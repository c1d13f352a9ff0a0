//! From a command to its log, by way of a pipe: what the command prints has no end by itself, and its log has.
//!
//! A thread of its own, so that nothing that the shim waits for holds the command up.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::os::bounded;

/// How long what a command has printed last is waited for.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// No pipe holds more: what is still in it when its command ends.
const PIPE: usize = 1 << 20;

/// The log's end of the pipe.
pub(super) struct Pump {
    /// Dropped when the command has ended.
    command: PipeWriter,
    emptied: Receiver<()>,
}

impl Pump {
    /// Starts to write to the log; the file is the command's end.
    pub(super) fn start(log: &Path) -> io::Result<(Self, File)> {
        let (output, input) = io::pipe()?;
        let (ended, command) = io::pipe()?;
        fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let (tell, emptied) = channel();
        let log = log.to_owned();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || run(output, &ended, &log, tell))?;
        Ok((Self { command, emptied }, File::from(OwnedFd::from(input))))
    }

    /// The command has ended: what it printed is in the log when this returns.
    pub(super) fn finish(self) {
        drop(self.command);
        // A disk that takes its time holds no verdict up.
        self.emptied.recv_timeout(LAST_WORDS).ok();
    }
}

fn run(mut output: PipeReader, ended: &PipeReader, log: &Path, tell: Sender<()>) {
    let mut tell = Some(tell);
    let mut block = vec![0; 64 * 1024];
    loop {
        let is_over = wait(&output, tell.is_some().then_some(ended));
        // What the command has left behind may go on printing for ever: only what was in the pipe is waited for.
        let mut room = if is_over { PIPE } else { block.len() };
        while room > 0 {
            match output.read(&mut block) {
                Ok(0) => return,
                Ok(length) => {
                    // On a full disk the rest of a log is lost, and its command goes on.
                    bounded::append(log, &block[..length]).ok();
                    room = room.saturating_sub(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return,
            }
        }
        if is_over && let Some(tell) = tell.take() {
            // Nobody may wait any more.
            tell.send(()).ok();
        }
    }
}

/// Waits for output; whether the command has ended.
fn wait(output: &PipeReader, ended: Option<&PipeReader>) -> bool {
    let mut fds = vec![PollFd::new(output.as_fd(), PollFlags::POLLIN)];
    fds.extend(ended.map(|ended| PollFd::new(ended.as_fd(), PollFlags::POLLIN)));
    // An interrupted wait is begun again by the caller.
    poll(&mut fds, PollTimeout::NONE).ok();
    fds.get(1).and_then(PollFd::revents).is_some_and(|seen| !seen.is_empty())
}
