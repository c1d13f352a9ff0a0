//! Notification commands: started by a copy of this program that outlives its caller, watches the deadline and logs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bounded;
use super::process::{self, Call, Program};
use crate::ports::host::Notifier;

/// The word that the copy is started with.
pub const WORD: &str = "__notify";
/// How long a notification may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Starts notification commands.
#[derive(Clone, Debug)]
pub struct Detached {
    /// This program.
    pub program: PathBuf,
    /// What becomes of commands that fail is written there.
    pub log: PathBuf,
    /// The dispatcher's environment: a shim's own is that of its tmux server.
    pub environment: Vec<(OsString, OsString)>,
}

impl Notifier for Detached {
    fn start(&self, argv: &[OsString]) {
        let mut whole = vec![self.program.clone().into_os_string(), WORD.into(), self.log.clone().into_os_string()];
        whole.extend_from_slice(argv);
        let program = Program { argv: &whole, environment: &self.environment, folder: Path::new("/") };
        if let Err(error) = process::start_detached(&program) {
            log(&self.log, &format!("{}: {error}", self.program.display()));
        }
    }
}

/// Runs a notification command to its end or its deadline.
pub fn run(log_file: &Path, argv: &[OsString]) {
    let Some((program, args)) = argv.split_first() else { return };
    let complaint = match process::run(&Call::new(program, DEADLINE).args(args)) {
        Ok(answer) if answer.ok() => return,
        Ok(answer) => answer.complaint(),
        Err(error) => error.to_string(),
    };
    log(log_file, &format!("the notification {} failed: {complaint}", program.display()));
}

fn log(file: &Path, line: &str) {
    let line = format!("{} {}\n", jiff::Timestamp::now(), crate::domain::text::line(line));
    // A log that can't be written is no reason to fail: there is nobody to tell.
    bounded::append(file, line.as_bytes()).ok();
}
