//! By the `git` program, where libgit2 can't open the repository: in an index and with objects of our own.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::{Looked, New, READ};
use crate::domain::diff::{Change, File};
use crate::domain::patch::{Limit, Patch, parse};
use crate::git::view::View;
use crate::os::process::Call;
use crate::ports::worktrees::Result;

const PLAIN: [&str; 6] =
    ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty", "--find-renames"];

/// Runs a comparison with these options, of these paths, or all.
fn compare(looked: &Looked<'_>, options: &[&str], paths: &[&Path]) -> Result<Vec<u8>> {
    let options = |call: Call| call.args(PLAIN).args(options);
    let limited = |call: Call| paths.iter().fold(call.args(["--"]), |call, path| call.args([path.as_os_str()]));
    match &looked.new {
        New::Commit(commit) => {
            let call = options(looked.git.call(&looked.repo.common)).args([&looked.old, commit]);
            Ok(looked.git.must(&limited(call), READ)?.stdout)
        }
        New::Files { admin, path } => {
            let view = View::open(looked.git, &admin.dir, path, Some(&looked.old))?;
            let literal = || view.call_apart().args(["--literal-pathspecs"]);
            // Its exit status says only that there are files which can't be read.
            looked.git.ask(&limited(literal().args(["add", "--all", "--sparse", "--ignore-errors"])), READ)?;
            let call = options(literal()).args(["--cached", &looked.old]);
            Ok(looked.git.must(&limited(call), READ)?.stdout)
        }
    }
}

pub(super) fn list(looked: &Looked<'_>) -> Result<Vec<File>> {
    let answer = compare(looked, &["--raw", "-z"], &[])?;
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
        let size = match &looked.new {
            New::Files { path: root, .. } => root.join(&path).symlink_metadata().map_or(0, |meta| meta.len()),
            New::Commit(_) => 0,
        };
        files.push(File { path, old_path, change, modes: (mode(old), mode(new)), size, count: None });
    }
    Ok(files)
}

pub(super) fn patch(looked: &Looked<'_>, file: &File, limit: Limit) -> Result<Patch> {
    let paths = [Some(file.path.as_path()), file.old_path.as_deref()];
    let paths: Vec<&Path> = paths.into_iter().flatten().collect();
    Ok(parse(&compare(looked, &[], &paths)?, limit))
}
