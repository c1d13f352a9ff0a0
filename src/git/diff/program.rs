//! By the `git` program, where libgit2 can't open the repository: in an index and with objects of our own.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::{Comparer, Looked, New, READ};
use crate::domain::diff::{Change, File};
use crate::domain::patch::{Limit, Patch, parse};
use crate::git::view::View;
use crate::os::process::Call;
use crate::ports::worktrees::Result;

const PLAIN: [&str; 6] =
    ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty", "--find-renames"];

/// So many files are taken in without the others.
const FEW: usize = 8;

/// A comparison; of files, in an index of our own that has taken them in.
pub(super) struct Program<'r> {
    looked: &'r Looked<'r>,
    view: Option<View<'r>>,
}

impl<'r> Program<'r> {
    /// Takes in these files, or all.
    pub(super) fn new(looked: &'r Looked<'r>, files: &[File]) -> Result<Self> {
        let New::Files { admin, path } = &looked.new else { return Ok(Self { looked, view: None }) };
        let view = View::open(looked.git, &admin.dir, path, Some(&looked.old))?;
        let add = view.call_apart().args(["--literal-pathspecs", "add", "--all", "--sparse", "--ignore-errors"]);
        let paths = files.iter().flat_map(|file| [Some(&file.path), file.old_path.as_ref()]).flatten();
        let few = if files.len() <= FEW { paths.collect() } else { Vec::new() };
        // Its exit status says only that there are files which can't be read.
        looked.git.ask(&limited(add, &few), READ)?;
        Ok(Self { looked, view: Some(view) })
    }

    fn compare(&self, options: &[&str], paths: &[&PathBuf]) -> Result<Vec<u8>> {
        let looked = self.looked;
        let call = match (&self.view, &looked.new) {
            (Some(view), _) => {
                view.call_apart().args(["--literal-pathspecs"]).args(PLAIN).args(["--cached", &looked.old])
            }
            (None, New::Commit(commit)) => looked.git.call(&looked.repo.common).args(PLAIN).args([&looked.old, commit]),
            (None, New::Files { .. }) => return Ok(Vec::new()),
        };
        Ok(looked.git.must(&limited(call.args(options), paths), READ)?.stdout)
    }
}

fn limited(call: Call, paths: &[&PathBuf]) -> Call {
    paths.iter().fold(call.args(["--"]), |call, path| call.args([path.as_os_str()]))
}

impl Comparer for Program<'_> {
    fn list(&self) -> Result<Vec<File>> {
        Ok(files(&self.compare(&["--raw", "-z"], &[])?, &self.looked.new))
    }

    fn patch(&self, file: &File, limit: Limit) -> Result<Patch> {
        let paths: Vec<&PathBuf> = std::iter::once(&file.path).chain(&file.old_path).collect();
        Ok(parse(&self.compare(&[], &paths)?, limit))
    }
}

/// Reads git's list.
fn files(answer: &[u8], now: &New) -> Vec<File> {
    let mut words = answer.split(|byte| *byte == 0);
    let mut files = Vec::new();
    while let Some(head) = words.next().filter(|word| !word.is_empty()) {
        // `:100644 100755 ID ID R090`
        let head = String::from_utf8_lossy(head).into_owned();
        let columns: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [old, new, _, _, letter] = columns[..] else { break };
        let path = |word: Option<&[u8]>| word.map(|word| PathBuf::from(OsStr::from_bytes(word)));
        let Some(first) = path(words.next()) else { break };
        let change = match letter.as_bytes().first() {
            Some(b'A') => Change::Added,
            Some(b'D') => Change::Deleted,
            Some(b'R') => Change::Renamed,
            Some(b'T') => Change::Retyped,
            Some(_) | None => Change::Modified,
        };
        let (path, old_path) = match change {
            Change::Renamed => (path(words.next()).unwrap_or_default(), Some(first)),
            Change::Added | Change::Modified | Change::Deleted | Change::Retyped | Change::Unreadable => (first, None),
        };
        let mode = |text: &str| u32::from_str_radix(text, 8).unwrap_or(0);
        let size = match now {
            New::Files { path: root, .. } => root.join(&path).symlink_metadata().map_or(0, |meta| meta.len()),
            New::Commit(_) => 0,
        };
        files.push(File { path, old_path, change, modes: (mode(old), mode(new)), size, count: None });
    }
    files
}
