//! A second copy of what a tree holds: a commit on top of its HEAD, kept by a reference.
//!
//! The folder itself is the first copy, so a rescue is allowed to fail: what it leaves out is said. It is bounded in
//! bytes and time, and writes its objects into a folder of its own, from which they are only taken over once all of
//! them are there.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Git;
use super::call::{TempIndex, failed, refused};
use super::layout::{Admin, record_at, settle};
use super::quarantine::Quarantine;
use super::read::Repo;
use super::snapshot::{TAKE_IN, copy_index, head, tree_of};
use super::stale;
use super::view::View;
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::os::process::Answer;
use crate::ports::worktrees::{Result, TreeError};

/// How many bytes of new content a rescue takes in; bigger files are left out first.
const BYTES: u64 = 64 << 20;
/// How long each git of a rescue may take: others wait for the repository's lock meanwhile.
const TIME: Duration = Duration::from_secs(10);

/// Where a rescue goes.
pub(super) struct Rescue<'a> {
    git: Git,
    repo: &'a Repo,
    task: TaskId,
}

/// What is rescued.
pub(super) struct Endangered<'a> {
    pub admin: &'a Admin,
    /// Where its folder is; `None` where that is gone.
    pub folder: Option<&'a Path>,
    /// What it is called in the message.
    pub called: &'a Path,
    /// The last parts of the reference.
    pub name: &'a str,
}

/// See [`crate::ports::worktrees::Worktrees::remember`].
pub(super) fn remember(git: &Git, tree: &Tree, reference: &str) -> Result<()> {
    let repo = Repo::open(git, &tree.repo)?;
    let path = settle(&tree.path)?;
    let admin = record_at(&repo.common, &path).map_err(TreeError::Impossible)?;
    let what = Endangered { admin: &admin, folder: Some(&path), called: &path, name: "" };
    // What is too large for it is left out.
    Rescue::new(git, &repo, tree.task).write(&what, reference, &mut Vec::new())
}

impl<'a> Rescue<'a> {
    pub(super) fn new(git: &Git, repo: &'a Repo, task: TaskId) -> Self {
        let git = Git { deadline: git.deadline.min(TIME), ..git.clone() };
        Self { git, repo, task }
    }

    /// Makes a reference to everything that is not ignored. Returns what is not in it, and why.
    pub(super) fn take(&self, what: &Endangered<'_>) -> Vec<String> {
        Quarantine::sweep(&what.admin.dir);
        let reference = format!("refs/ganger/rescue/{}/{}", self.task, what.name);
        let mut said = Vec::new();
        if let Err(error) = self.write(what, &reference, &mut said) {
            said.push(format!("no rescue reference {reference}: {error}"));
        }
        said
    }

    fn write(&self, what: &Endangered<'_>, reference: &str, said: &mut Vec<String>) -> Result<()> {
        let dir = &what.admin.dir;
        let head = head(&self.git, dir)?;
        let content = what.folder.map_or(Ok(None), |folder| self.content(dir, folder, head.as_deref(), said).map(Some));
        let tree = match (content, &head) {
            (Ok(Some(tree)), _) => tree,
            (Err(error), Some(head)) => {
                said.push(format!("the rescue copy in {reference} holds the last commit only: {error}"));
                tree_of(&self.git, dir, head)?
            }
            (Ok(None), Some(head)) => tree_of(&self.git, dir, head)?,
            (Err(error), None) => return Err(error),
            (Ok(None), None) => return Ok(()),
        };
        self.point(reference, &tree, head.as_deref(), what.called)
    }

    /// The id of a tree object with what is in the folder.
    fn content(&self, dir: &Path, folder: &Path, head: Option<&str>, said: &mut Vec<String>) -> Result<String> {
        let index = TempIndex::new(dir);
        copy_index(&self.git, dir, folder, head, &index)?;
        let objects = Quarantine::new(dir, &self.repo.common)?;
        let (large, size) = self.too_large(dir, folder, &index)?;
        let mut pathspecs = b".\0".to_vec();
        for path in &large {
            pathspecs.extend_from_slice(b":(exclude,top,literal)");
            pathspecs.extend_from_slice(path.as_os_str().as_bytes());
            pathspecs.push(0);
        }
        let view = View::without_index(&self.git, dir, folder, None)?;
        let call = view
            .call()
            .env("GIT_INDEX_FILE", index.path())
            .args(["-c", "advice.addEmbeddedRepo=false", "-c", "core.safecrlf=false"])
            .args(["add", "--all", "--sparse", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"])
            .stdin(pathspecs);
        let answer = self.git.ask(&objects.apply(call), TAKE_IN)?;
        // 1: some could not be read, or are repositories without a commit.
        if !matches!(answer.code, Some(0 | 1)) {
            return Err(refused(TAKE_IN, &answer));
        }
        // Even this may send files through filters: git writes the index, and looks again at what it can't tell by its stamps.
        let call = view.call().env("GIT_INDEX_FILE", index.path()).args(["write-tree", "--missing-ok"]);
        let tree = self.git.must(&objects.apply(call), "write a tree")?.text();
        objects.take_over().map_err(|error| failed("store the objects", error))?;
        if let Some(first) = large.first() {
            let more = if large.len() > 1 { format!(" and {} more files", large.len() - 1) } else { String::new() };
            let size = size >> 20;
            said.push(format!("the rescue copy is without {}{more} ({size} MiB)", first.display()));
        }
        Ok(tree)
    }

    /// The largest new or changed files that are beyond the budget, and how large these are together.
    fn too_large(&self, dir: &Path, folder: &Path, index: &TempIndex) -> Result<(Vec<PathBuf>, u64)> {
        let view = View::without_index(&self.git, dir, folder, None)?;
        let call = view.call().env("GIT_INDEX_FILE", index.path());
        let call = call.args(["ls-files", "-z", "--others", "--modified", "--exclude-standard"]);
        let listed = self.git.must(&call, "list the files")?.stdout;
        let mut files: Vec<(u64, PathBuf)> = listed
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| PathBuf::from(std::ffi::OsStr::from_bytes(name)))
            .filter_map(|path| Some((folder.join(&path).symlink_metadata().ok()?, path)))
            .filter(|(meta, _)| meta.is_file())
            .map(|(meta, path)| (meta.len(), path))
            .collect();
        files.sort_by(|a, b| b.cmp(a));
        files.dedup();
        let mut left: u64 = files.iter().map(|(size, _)| size).sum();
        let mut large = Vec::new();
        let mut out = 0;
        for (size, path) in files {
            if left <= BYTES {
                break;
            }
            left -= size;
            out += size;
            large.push(path);
        }
        Ok((large, out))
    }

    fn point(&self, reference: &str, tree: &str, head: Option<&str>, called: &Path) -> Result<()> {
        let git = &self.git;
        let call = git.call(&self.repo.common).args(["rev-parse", "--verify", "--quiet", reference]);
        let earlier = Some(git.ask(&call, "read the rescue reference")?).filter(Answer::ok).map(|answer| answer.text());
        let message = format!("task {}: what was in {}", self.task, called.display());
        let mut call = git.call(&self.repo.common).args(["commit-tree", tree]).stdin(message.into_bytes());
        // One from an earlier time stays reachable.
        for parent in head.into_iter().chain(earlier.as_deref()) {
            call = call.args(["-p", parent]);
        }
        let commit = git.must(&call, "write the rescue commit")?.text();
        let call = git.call(&self.repo.common).args(["update-ref", "--no-deref", reference, &commit]);
        let answer = git.ask(&call, "write the rescue reference")?;
        if answer.ok()
            || (stale::drop_lock(&self.repo.common, reference) && git.ask(&call, "write the rescue reference")?.ok())
        {
            return Ok(());
        }
        Err(TreeError::Failed { doing: "write the rescue reference".to_owned(), why: answer.complaint() })
    }
}
