//! What a tree holds now, byte for byte, and whether that has changed. Leaves the tree and its index as they are.
//!
//! One recipe for before and after, through a [`View`]: what is listed as different from HEAD is compared by its
//! bytes. Neither a filter nor a line ending, a flag or a stale stamp of the index makes or hides a change.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{TempIndex, failed, refused};
use super::content::{Budget, id_of, is_as_committed, is_other};
use super::inspect::Listing;
use super::layout::{Admin, record_at, settle};
use super::read::Repo;
use super::refs::{Head, Tip};
use super::view::View;
use crate::ports::worktrees::{Result, Snapshot, TreeError};

const LOOK: &str = "look at what changed";
pub(super) const TAKE_IN: &str = "take in the files";

/// A tree with everything that is needed to look at it.
struct Looked<'a> {
    git: &'a Git,
    repo: Repo,
    admin: Admin,
    path: PathBuf,
}

/// See [`crate::ports::worktrees::Worktrees::snapshot`].
pub(super) fn snapshot(git: &Git, repo: &Path, path: &Path) -> Result<Snapshot> {
    let looked = Looked::at(git, repo, path)?;
    let (head, branch) = looked.head()?;
    let mut snapshot = Snapshot { head, branch, ..Snapshot::default() };
    let mut paths = looked.listed(snapshot.head.as_deref())?;
    paths.extend(looked.converted()?);
    looked.take(&mut snapshot, paths)?;
    Ok(snapshot)
}

/// See [`crate::ports::worktrees::Worktrees::fresh`].
pub(super) fn fresh(git: &Git, repo: &Path, path: &Path, base: &str) -> Result<Snapshot> {
    let looked = Looked::at(git, repo, path)?;
    let (_, branch) = looked.head()?;
    let mut snapshot = Snapshot { head: Some(base.to_owned()), branch, ..Snapshot::default() };
    looked.take(&mut snapshot, looked.converted()?)?;
    Ok(snapshot)
}

/// See [`crate::ports::worktrees::Worktrees::changed`].
pub(super) fn changed(git: &Git, repo: &Path, path: &Path, since: &Snapshot) -> Result<bool> {
    let looked = Looked::at(git, repo, path)?;
    let (head, _) = looked.head()?;
    if head != since.head || looked.has_moved(since)? {
        return Ok(true);
    }
    let looking = |error: io::Error| failed(LOOK, error);
    for (path, before) in &since.differs {
        if is_other(&looked.path.join(path), before).map_err(looking)? {
            return Ok(true);
        }
    }
    let mut paths = looked.listed(head.as_deref())?;
    paths.retain(|path| !since.differs.contains_key(path));
    if looked.differs_from(head.as_deref(), &paths)? {
        return Ok(true);
    }
    let mut hidden = looked.flagged(head.as_deref())?;
    hidden.retain(|path| !since.differs.contains_key(path) && !paths.contains(path));
    looked.differs_from(head.as_deref(), &hidden)
}

/// See [`crate::ports::merges::Merges::uncommitted`].
pub(super) fn uncommitted(git: &Git, repo: &Path, path: &Path) -> Result<BTreeSet<PathBuf>> {
    let looked = Looked::at(git, repo, path)?;
    let (head, _) = looked.head()?;
    let mut paths = looked.listed(head.as_deref())?;
    paths.extend(looked.flagged(head.as_deref())?);
    looked.differing(head.as_deref(), paths)
}

impl<'a> Looked<'a> {
    fn at(git: &'a Git, repo: &Path, path: &Path) -> Result<Self> {
        let repo = Repo::open(git, repo)?;
        let path = settle(path)?;
        let admin = record_at(&repo.common, &path).map_err(TreeError::Impossible)?;
        Ok(Self { git, repo, admin, path })
    }

    /// HEAD's commit, and its branch.
    fn head(&self) -> Result<(Option<String>, Option<String>)> {
        match self.admin.head() {
            Head::Detached(id) => Ok((Some(id), None)),
            Head::Branch(branch) => match self.repo.tip(&branch)? {
                Tip::At(id) => Ok((Some(id), Some(branch))),
                Tip::Absent => Ok((None, Some(branch))),
                Tip::Symbolic => Ok((head(self.git, &self.admin.dir)?, Some(branch))),
            },
            Head::Unmade => Err(failed("read HEAD", format!("{}: it has none", self.path.display()))),
        }
    }

    /// Whether the branch that HEAD was is elsewhere now; one that was renamed or deleted holds nothing.
    fn has_moved(&self, since: &Snapshot) -> Result<bool> {
        let Some(branch) = &since.branch else { return Ok(false) };
        Ok(matches!(self.repo.tip(branch)?, Tip::At(id) if Some(&id) != since.head.as_ref()))
    }

    fn view(&self, head: Option<&str>) -> Result<View<'_>> {
        View::open(self.git, &self.admin.dir, &self.path, head)
    }

    /// The paths that may not be as in `head`.
    fn listed(&self, head: Option<&str>) -> Result<BTreeSet<PathBuf>> {
        let view = self.view(head)?;
        let call = || {
            view.call().env("GIT_OPTIONAL_LOCKS", "0").args([
                "-c",
                "core.fileMode=false",
                "status",
                "--porcelain=v1",
                "-z",
                "--no-renames",
                "--untracked-files=all",
                "--ignore-submodules=dirty",
            ])
        };
        let mut answer = self.git.ask(&call(), LOOK)?;
        if answer.code == Some(128) {
            view.forget_index();
            answer = self.git.must(&call(), LOOK)?;
        } else if !answer.ok() {
            return Err(refused(LOOK, &answer));
        }
        let entries = answer.stdout.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..));
        Ok(entries.map(|name| Path::new(OsStr::from_bytes(name)).components().collect()).collect())
    }

    /// The paths that a flag of the tree's index makes look as in `head`.
    fn flagged(&self, head: Option<&str>) -> Result<BTreeSet<PathBuf>> {
        let view = self.view(head)?;
        let answer = self.git.ask(&view.call().args(["ls-files", "-v", "-z"]), LOOK)?;
        // One that can't be read was left out of the list, too.
        if !answer.ok() {
            return Ok(BTreeSet::new());
        }
        let entries = answer.stdout.split(|byte| *byte == 0);
        let flagged = entries.filter_map(|entry| match entry {
            [tag, b' ', name @ ..] if tag.is_ascii_lowercase() || *tag == b'S' => {
                let name = PathBuf::from(OsStr::from_bytes(name));
                // What a sparse checkout leaves out is not there.
                let there = *tag != b'S' || self.path.join(&name).symlink_metadata().is_ok();
                there.then_some(name)
            }
            _ => None,
        });
        Ok(flagged.collect())
    }

    /// Whether one of `paths` is not as in `head`.
    fn differs_from(&self, head: Option<&str>, paths: &BTreeSet<PathBuf>) -> Result<bool> {
        if paths.is_empty() {
            return Ok(false);
        }
        let Some(head) = head else { return Ok(true) };
        let committed = Listing::of(self.git, &self.repo, head)?;
        // Cheapest first: what the commit does not have needs no reading.
        if paths.iter().any(|path| !committed.0.contains_key(path)) {
            return Ok(true);
        }
        for path in paths {
            if self.is_other_than(&committed, path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of `paths` that are not as in `head`.
    fn differing(&self, head: Option<&str>, paths: BTreeSet<PathBuf>) -> Result<BTreeSet<PathBuf>> {
        let Some(head) = head.filter(|_| !paths.is_empty()) else { return Ok(paths) };
        let committed = Listing::of(self.git, &self.repo, head)?;
        let mut differing = BTreeSet::new();
        for path in paths {
            if self.is_other_than(&committed, &path)? {
                differing.insert(path);
            }
        }
        Ok(differing)
    }

    fn is_other_than(&self, committed: &Listing, path: &Path) -> Result<bool> {
        let Some(blob) = committed.0.get(path) else { return Ok(true) };
        let id = self.sha1(&blob.id, &blob.mode)?;
        let same = is_as_committed(&self.path.join(path), &blob.mode, &id).map_err(|error| failed(LOOK, error))?;
        Ok(!same)
    }

    /// The id that bytes have which we read ourselves: that of SHA-1, whatever the repository's is.
    fn sha1(&self, id: &str, mode: &str) -> Result<String> {
        if id.len() == 40 || mode == "160000" {
            return Ok(id.to_owned());
        }
        let call = self.git.call(&self.repo.common).args(["cat-file", "blob", id]);
        let bytes = self.git.must(&call, LOOK)?.stdout;
        id_of(&bytes).map_err(|error| failed(LOOK, error))
    }

    /// The tracked files whose bytes may not be those of their commit although nobody changed them: a checkout sent
    /// them through a filter, or ended their lines differently.
    fn converted(&self) -> Result<BTreeSet<PathBuf>> {
        let all = self.ends_lines_differently();
        if !all && !self.may_have_attributes() {
            return Ok(BTreeSet::new());
        }
        let mut call = self.git.call_in(&self.admin.dir, &self.path).args(["ls-files", "-z", "--"]);
        if !all {
            // What has none of these attributes, or only the one that changes nothing on the way out.
            const PLAIN: &str = ":(exclude,attr:!filter !ident !working-tree-encoding";
            call = call.args([":(top)".to_owned(), format!("{PLAIN} !eol)"), format!("{PLAIN} eol=lf)")]);
        }
        let answer = self.git.must(&call, "list the filtered files")?;
        let names = answer.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect())
    }

    fn ends_lines_differently(&self) -> bool {
        let config = self.repo.config();
        let crlf = |name| config.as_ref().and_then(|config| config.get_string(name).ok());
        let is = |name, value: &str| crlf(name).is_some_and(|set: String| set.eq_ignore_ascii_case(value));
        is("core.eol", "crlf")
            || config.as_ref().is_some_and(|config| config.get_bool("core.autocrlf").unwrap_or(false))
    }

    /// Whether any attribute is given anywhere. Errs on the side of yes.
    fn may_have_attributes(&self) -> bool {
        let named = self.repo.config().is_none_or(|config| config.get_path("core.attributesFile").is_ok());
        let home = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
        let files = [self.repo.common.join("info/attributes"), PathBuf::from("/etc/gitattributes")];
        let files = files.into_iter().chain(home.map(|home| home.join("git/attributes")));
        if named || files.into_iter().any(|file| file.exists()) {
            return true;
        }
        let Ok(index) = std::fs::read(self.admin.dir.join("index")) else { return true };
        // The fourth version of the format shortens names; a split or sparse one does not hold them all.
        let whole = index.get(4..8).is_some_and(|version| version < [0, 0, 0, 4].as_slice()) && !self.admin.is_split();
        let holds = |start: u8, rest: &[u8]| index.split(|byte| *byte == start).any(|part| part.starts_with(rest));
        !whole || holds(b'.', b"gitattributes") || holds(b's', b"dir")
    }

    fn take(&self, snapshot: &mut Snapshot, paths: BTreeSet<PathBuf>) -> Result<()> {
        let mut budget = Budget::new();
        for path in paths {
            let content = budget.content(&self.path.join(&path)).map_err(|error| failed(LOOK, error))?;
            snapshot.differs.insert(path, content);
        }
        Ok(())
    }
}

/// The commit of HEAD; `None` where it has none.
pub(super) fn head(git: &Git, git_dir: &Path) -> Result<Option<String>> {
    let call = git.call(git_dir).args(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
    let answer = git.ask(&call, "read HEAD")?;
    match answer.code {
        Some(0) => Ok(Some(answer.text())),
        Some(1) if answer.stderr.is_empty() => Ok(None),
        _ => Err(failed("read HEAD", answer.complaint())),
    }
}

/// The id of a commit's tree.
pub(super) fn tree_of(git: &Git, git_dir: &Path, commit: &str) -> Result<String> {
    let call = git.call(git_dir).args(["rev-parse", "--verify", "--quiet", &format!("{commit}^{{tree}}")]);
    Ok(git.must(&call, "read a commit's tree")?.text())
}

/// Fills `index` with the tree's own, or with HEAD where it has none.
pub(super) fn copy_index(git: &Git, git_dir: &Path, path: &Path, head: Option<&str>, index: &TempIndex) -> Result<()> {
    let own = git_dir.join("index");
    match (own.is_file(), head) {
        (true, _) => {
            std::fs::copy(&own, index.path()).map_err(|error| failed("copy the index", error))?;
        }
        (false, Some(head)) => {
            let call = git.call_in(git_dir, path).env("GIT_INDEX_FILE", index.path()).args(["read-tree", head]);
            git.must(&call, "read HEAD")?;
        }
        (false, None) => {}
    }
    Ok(())
}
