//! The attempt's log: what setup and verification print, and what ganger itself did or could not do.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Opens the log to append to it.
///
/// # Errors
/// What the system says.
pub(super) fn open(log: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(log)
}

/// Appends a line of ganger's own. A log that can't be written holds nothing up.
pub(super) fn line(log: &Path, line: &str) {
    open(log).and_then(|mut file| writeln!(file, "# {}", crate::domain::text::line(line))).ok();
}

/// Appends a command, or what one printed.
pub(super) fn text(log: &Path, text: &str) {
    open(log).and_then(|mut file| writeln!(file, "{}", crate::domain::text::block(text))).ok();
}
