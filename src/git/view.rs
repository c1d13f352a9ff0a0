//! A git directory of our own through which a tree is looked at once an agent may have worked in it.
//!
//! What lies where an agent can write is data here, never an instruction: the repository's configuration, its hooks
//! and the attributes in the tree are not read, so no filter, converter, monitor or transport that they name is run,
//! and bytes are compared as they are on the disk. It must never lie in a folder that an agent may write.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use nix::fcntl::OFlag;

use super::Git;
use super::call::{failed, option};
use crate::os::process::Call;
use crate::ports::worktrees::Result;

/// Takes every conversion off every path: this file weighs more than any `.gitattributes`.
const PLAIN: &str = "* -text -eol -filter -ident -working-tree-encoding !diff -merge\n";
const PREFIX: &str = "view-";
const LOOK: &str = "look at the tree";
/// What a killed process left is older than any call takes.
const LEFT: Duration = Duration::from_hours(1);
/// How much of a repository's own list of ignored files is read.
const EXCLUDE: u64 = 1 << 20;

/// The directory; it goes when this is dropped.
pub(super) struct View<'a> {
    git: &'a Git,
    dir: PathBuf,
    tree: &'a Path,
    objects: PathBuf,
    settings: Vec<(&'static str, std::ffi::OsString)>,
}

impl<'a> View<'a> {
    /// A view of `tree`, whose git directory is `admin`, as if HEAD were at `head`.
    pub(super) fn open(git: &'a Git, admin: &Path, tree: &'a Path, head: Option<&str>) -> Result<Self> {
        let view = Self::without_index(git, admin, tree, head)?;
        // It saves reading what has not changed since it was written.
        copy_plain(&admin.join("index"), &view.index(), u64::MAX).map_err(|error| failed(LOOK, error))?;
        Ok(view)
    }

    /// As [`View::open`], for a call that names its index.
    pub(super) fn without_index(git: &'a Git, admin: &Path, tree: &'a Path, head: Option<&str>) -> Result<Self> {
        // `<common>/worktrees/<name>`: what is written in the directory itself may be an agent's.
        let Some(common) = admin.ancestors().nth(2) else {
            return Err(failed(LOOK, format!("{} is no worktree's record", admin.display())));
        };
        let opening = |error: io::Error| failed(LOOK, error);
        let dir = folder(&git.scratch()).map_err(opening)?;
        // Before anything can fail: what was made goes with it.
        let mut view = Self { git, dir, tree, objects: common.join("objects"), settings: Vec::new() };
        view.fill(common, admin, head).map_err(opening)?;
        Ok(view)
    }

    fn fill(&mut self, common: &Path, admin: &Path, head: Option<&str>) -> io::Result<()> {
        for folder in ["refs", "info", "objects"] {
            std::fs::create_dir(self.dir.join(folder))?;
        }
        let config = common_config(common);
        let format = config.as_ref().and_then(|config| config.get_string("extensions.objectformat").ok());
        let format = match format.as_deref() {
            Some("sha256") => "[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha256\n",
            Some(_) | None => "[core]\nrepositoryformatversion = 0\n",
        };
        self.write("config", format)?;
        self.write("HEAD", &head.map_or_else(|| "ref: refs/heads/none\n".to_owned(), |head| format!("{head}\n")))?;
        self.write("info/attributes", PLAIN)?;
        copy_plain(&common.join("info/exclude"), &self.dir.join("info/exclude"), EXCLUDE)?;
        self.copy_shared_index(admin)?;
        let Some(config) = config else { return Ok(()) };
        // What the file system of the tree is like, and what its owner does not want to see.
        for name in ["core.fileMode", "core.symlinks", "core.ignoreCase", "core.precomposeUnicode"] {
            if let Ok(value) = config.get_bool(name) {
                self.settings.push((name, value.to_string().into()));
            }
        }
        if let Ok(file) = config.get_path("core.excludesFile") {
            self.settings.push(("core.excludesFile", file.into()));
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        OpenOptions::new().write(true).create_new(true).open(self.dir.join(name))?.write_all(text.as_bytes())
    }

    /// The parts of a split index.
    fn copy_shared_index(&self, admin: &Path) -> io::Result<()> {
        let Ok(entries) = std::fs::read_dir(admin) else { return Ok(()) };
        for name in entries.flatten().map(|entry| entry.file_name()) {
            if name.as_encoded_bytes().starts_with(b"sharedindex.") {
                copy_plain(&admin.join(&name), &self.dir.join(&name), u64::MAX)?;
            }
        }
        Ok(())
    }

    fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    /// Goes on without the tree's index, which can't be read: everything is compared.
    pub(super) fn forget_index(&self) {
        std::fs::remove_file(self.index()).ok();
    }

    /// A call that reads the repository's objects, and writes new ones into it where it writes any.
    pub(super) fn call(&self) -> Call {
        let call = self.git.call_in(&self.dir, self.tree).env("GIT_OBJECT_DIRECTORY", &self.objects);
        // An option of `git` itself, so it stands before any command.
        self.settings
            .iter()
            .fold(call, |call, (name, value)| call.args(["-c".into(), option(&format!("{name}="), value)]))
    }

    /// A call whose new objects go with this view.
    pub(super) fn call_apart(&self) -> Call {
        self.call()
            .env("GIT_OBJECT_DIRECTORY", self.dir.join("objects"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&self.objects))
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        // What stays is found by a later one.
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

/// The repository's own configuration file, as data.
pub(super) fn common_config(common: &Path) -> Option<git2::Config> {
    git2::Config::open(&common.join("config")).ok()
}

/// A path in git's list of object directories, where a colon parts two.
fn quoted(path: &Path) -> std::ffi::OsString {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let mut text = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    text.push(b'"');
    std::ffi::OsString::from_vec(text)
}

/// A new folder that only its owner can enter.
fn folder(scratch: &Path) -> io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    DirBuilder::new().recursive(true).mode(0o700).create(scratch)?;
    sweep(scratch);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = scratch.join(format!("{PREFIX}{}-{number}", nix::unistd::getpid()));
        match DirBuilder::new().mode(0o700).create(&dir) {
            // Of an earlier process with this pid.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Ok(()) => return Ok(dir),
            Err(error) => return Err(error),
        }
    }
}

/// Removes what processes that were killed left.
fn sweep(scratch: &Path) {
    let Ok(entries) = std::fs::read_dir(scratch) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let made = entry.metadata().and_then(|meta| meta.modified());
        if ours && made.is_ok_and(|made: SystemTime| made.elapsed().is_ok_and(|age| age > LEFT)) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// A plain file, open for reading; nothing else is waited for or followed.
pub(super) fn open_plain(path: &Path) -> io::Result<Option<File>> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Copies a plain file, if it is one that can be read.
fn copy_plain(from: &Path, to: &Path, limit: u64) -> io::Result<()> {
    let Ok(Some(file)) = open_plain(from) else { return Ok(()) };
    let mut copy = OpenOptions::new().write(true).create_new(true).open(to)?;
    io::copy(&mut file.take(limit), &mut copy).map(drop)
}
