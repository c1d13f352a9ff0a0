//! `ganger events`.

use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::Outcome;
use crate::cli::args::Events;
use crate::cli::wiring::Wiring;
use crate::cli::{json, output};
use crate::engine::{Engine, Fault};
use crate::os::events::{FileWatch, Woken, wait_to_print};

/// How many are read at once.
const PAGE: u32 = 1000;
/// How often the database is looked at where nothing tells of a write.
const LOOK: Duration = Duration::from_millis(250);
/// How long after a write its commit may take to show.
const COMMIT: Duration = Duration::from_millis(100);

/// Prints the timeline, one JSON object a line; with `--follow` each event as it is committed, until it is
/// interrupted or nobody reads any more.
///
/// # Errors
/// Those of the store.
pub fn run(wiring: &Wiring, args: &Events) -> Outcome {
    let engine = wiring.engine()?;
    let mut stream = Stream { repo: wiring.repository_if_named(&engine)?, engine, seq: args.since };
    if !args.follow {
        stream.print()?;
        return Ok(ExitCode::SUCCESS);
    }
    wiring.catch_interrupts();
    // Without events the database is looked at now and then.
    let watch = FileWatch::writes(stream.engine.around.database.parent().unwrap_or(Path::new("."))).ok();
    loop {
        // Before the events: what is committed between the two shows as a change.
        let version = stream.engine.ports.store.version()?;
        if !stream.print()? || !stream.wait(version, watch.as_ref())? {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

struct Stream {
    engine: Engine,
    /// Absent: every repository.
    repo: Option<PathBuf>,
    /// The last event that was printed.
    seq: i64,
}

impl Stream {
    /// Prints what is new; false when nobody reads it.
    fn print(&mut self) -> Result<bool, Fault> {
        loop {
            let store = &self.engine.ports.store;
            let records = match &self.repo {
                Some(repo) => store.history(repo, self.seq, PAGE)?,
                None => store.timeline(None, self.seq, PAGE)?,
            };
            let Some(last) = records.last() else { return Ok(true) };
            let lines: Vec<String> = records.iter().map(|record| output::json_line(&json::record(record))).collect();
            if !output::stream(&(lines.join("\n") + "\n")) {
                return Ok(false);
            }
            self.seq = last.seq;
        }
    }

    /// Waits for a commit of another process; false when there is nobody left to tell.
    fn wait(&self, version: i64, watch: Option<&FileWatch>) -> Result<bool, Fault> {
        let engine = &self.engine;
        let changed = |_| Ok((engine.ports.store.version()? != version).then_some(()));
        while !engine.is_interrupted() {
            let patience = match wait_to_print(watch, LOOK, std::io::stdout().as_fd()) {
                Woken::ReaderGone => return Ok(false),
                Woken::Written => COMMIT,
                Woken::Nothing => Duration::ZERO,
            };
            if engine.until(patience, changed)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
