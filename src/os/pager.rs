//! A pager: a program of the user's own that shows on their terminal what is written to it.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};

/// A pager that has been started.
#[derive(Debug)]
pub struct Pager(Child);

impl Pager {
    /// Starts a command of the shell's, as git does with its pager.
    ///
    /// # Errors
    /// When there is no shell.
    #[expect(clippy::disallowed_methods, reason = "it has the terminal for as long as the user looks at it")]
    pub fn start(command: &OsStr) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(command).stdin(Stdio::piped());
        // git's own: leave at once where all of it fits, show colours, stay on the screen.
        for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
            if std::env::var_os(name).is_none() {
                shell.env(name, value);
            }
        }
        shell.spawn().map(Self)
    }

    /// Writes to it; false when the user has left it.
    #[must_use]
    pub fn show(&mut self, bytes: &[u8]) -> bool {
        self.0.stdin.as_mut().is_some_and(|stdin| stdin.write_all(bytes).is_ok())
    }

    /// Waits until the user has left it; its exit status.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub fn wait(mut self) -> io::Result<Option<i32>> {
        drop(self.0.stdin.take());
        self.0.wait().map(|status| status.code())
    }
}
