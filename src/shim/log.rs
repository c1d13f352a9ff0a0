//! The attempt's log: what setup and verification print, and what ganger itself did or could not do. It is bounded while it is
//! written: see [`bounded`].

use std::path::Path;

use crate::os::bounded;

/// Appends a line of ganger's own. A log that can't be written holds nothing up.
pub(super) fn line(log: &Path, line: &str) {
    text(log, &format!("# {}", crate::domain::text::line(line)));
}

/// Appends a command, or what one printed.
pub(super) fn text(log: &Path, text: &str) {
    bounded::append(log, format!("{}\n", crate::domain::text::block(text)).as_bytes()).ok();
}
