//! `ganger diff`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Outcome;
use crate::cli::args::Diff;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::diff::{Count, File, Part, Sum};
use crate::domain::id::TaskId;
use crate::domain::patch::Limit;
use crate::domain::text;
use crate::domain::unified::{self, Role};
use crate::engine::diff::{self, Subject};
use crate::engine::{Engine, Fault};
use crate::git::Git;
use crate::git::pager::pager;
use crate::os::pager::Pager;

/// Prints what the work on a task has changed.
///
/// # Errors
/// See [`diff::subject`].
pub fn run(wiring: &Wiring, args: &Diff) -> Outcome {
    let engine = wiring.engine()?;
    let part = match (args.committed, args.uncommitted) {
        (true, _) => Part::Committed,
        (_, true) => Part::Uncommitted,
        (false, false) => Part::Whole,
    };
    let subject = diff::subject(&engine, TaskId(args.id), args.attempt)?;
    let subject = if args.since_review { diff::since_review(&engine, subject)? } else { subject };
    if wiring.global.json {
        let files = diff::files(&engine, &subject, part)?;
        output::object(as_json(&subject, part, &files));
        return Ok(ExitCode::SUCCESS);
    }
    let terminal = std::io::stdout().is_terminal();
    let mut out = Out { colours: wiring.colours(), terminal, pager: None, buffer: Vec::new() };
    if terminal && let Some(command) = pager(&Git::new(wiring.settings.timing.git), &wiring.around.state_dir) {
        let starting = |error| Fault::io(&format!("starting the pager {}", command.display()), &error);
        out.pager = Some(Pager::start(&command).map_err(starting)?);
    }
    let printed = print(&engine, &subject, part, args, &mut out);
    out.flush();
    if let Some(pager) = out.pager {
        pager.wait().map_err(|error| Fault::io("waiting for the pager", &error))?;
    }
    printed.map(|()| ExitCode::SUCCESS)
}

/// So many bytes are written at once.
const ENOUGH: usize = 1 << 16;

/// Where it is printed.
struct Out {
    colours: bool,
    /// What is printed is read on a terminal: no byte of a file may reach it that it would obey.
    terminal: bool,
    pager: Option<Pager>,
    /// Not written yet.
    buffer: Vec<u8>,
}

impl Out {
    /// Prints a line; false when nobody reads any more.
    fn line(&mut self, role: Role, line: &[u8]) -> bool {
        let shown = if self.terminal { text::inert(line).into_bytes() } else { line.to_vec() };
        let colour = match role {
            Role::Head => "1",
            Role::Hunk => "36",
            Role::Added => "32",
            Role::Removed => "31",
            Role::Both => "",
        };
        if self.colours && !colour.is_empty() {
            self.buffer.extend(format!("\x1b[{colour}m").bytes());
            self.buffer.extend_from_slice(&shown);
            self.buffer.extend_from_slice(b"\x1b[m\n");
        } else {
            self.buffer.extend_from_slice(&shown);
            self.buffer.push(b'\n');
        }
        self.buffer.len() < ENOUGH || self.flush()
    }

    fn flush(&mut self) -> bool {
        let bytes = std::mem::take(&mut self.buffer);
        match &mut self.pager {
            Some(pager) => pager.show(&bytes),
            None => output::bytes(&bytes),
        }
    }
}

fn print(engine: &Engine, subject: &Subject, part: Part, args: &Diff, out: &mut Out) -> Result<(), Fault> {
    if args.stat || args.name_only {
        let files = diff::files(engine, subject, part)?;
        let lines = if args.stat { stat(&files) } else { names(&files) };
        lines.iter().all(|line| out.line(Role::Both, line));
        return Ok(());
    }
    let files = diff::list(engine, subject, part)?;
    diff::patches(engine, subject, part, &files, Limit::NONE, &mut |number, patch| {
        let file = &files[number];
        // Its bytes are those of the commit: git lists it for what it would make of it.
        let same = file.modes.0 == file.modes.1 && file.old_path.is_none() && !patch.binary && patch.lines.is_empty();
        same || unified::lines(file, &patch).all(|(role, line)| out.line(role, &line))
    })
}

fn bytes(file: &File) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    file.path.as_os_str().as_bytes().to_vec()
}

fn names(files: &[File]) -> Vec<Vec<u8>> {
    files.iter().map(bytes).collect()
}

/// A line for each file, and their sum.
fn stat(files: &[File]) -> Vec<Vec<u8>> {
    /// How many signs stand for the file that has changed most.
    const WIDEST: usize = 40;
    let total = |count: Count| count.added + count.removed;
    let counts = || files.iter().map(|file| file.count.unwrap_or_default());
    let most = counts().map(total).max().unwrap_or(0).max(1);
    let names: Vec<String> = files.iter().map(|file| text::line(&file.path.to_string_lossy())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let digits = most.to_string().len();
    let mut lines: Vec<Vec<u8>> = names
        .iter()
        .zip(counts())
        .map(|(name, count)| {
            let scaled = |lines: usize| if most <= WIDEST { lines } else { (lines * WIDEST).div_ceil(most) };
            let signs = "+".repeat(scaled(count.added)) + &"-".repeat(scaled(count.removed));
            let what = if count.binary { "binary".to_owned() } else { format!("{:>digits$} {signs}", total(count)) };
            format!(" {name:width$} | {}", what.trim_end()).into_bytes()
        })
        .collect();
    let sum = Sum::of(files);
    let are = if sum.files == 1 { "file" } else { "files" };
    lines.push(format!(" {} {are} changed, +{} -{}", sum.files, sum.added, sum.removed).into_bytes());
    lines
}

fn as_json(subject: &Subject, part: Part, files: &[File]) -> Value {
    let sum = Sum::of(files);
    json!({
        "task": subject.task.0,
        "attempt": subject.attempt.as_str(),
        "number": subject.number,
        "repo": subject.repo,
        "branch": subject.branch,
        "base": subject.base,
        "part": part.text(),
        "added": sum.added,
        "removed": sum.removed,
        "files": files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn file(file: &File) -> Value {
    let mode = |mode: u32| if mode == 0 { Value::Null } else { format!("{mode:06o}").into() };
    let count = file.count.unwrap_or_default();
    json!({
        "path": file.path.to_string_lossy(),
        "old_path": file.old_path.as_ref().map(|path| path.to_string_lossy()),
        "status": file.change.text(),
        "old_mode": mode(file.modes.0),
        "new_mode": mode(file.modes.1),
        "added": count.added,
        "removed": count.removed,
        "binary": count.binary,
    })
}
