//! A file of git's that holds a path, and how that path follows a folder which moves.

use std::ffi::OsStr;
use std::fs::{FileTimes, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use super::Git;
use super::call::option;
use super::layout::settle;
use super::repo_lock::pause;

const GITDIR: &[u8] = b"gitdir: ";

/// A move of a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift<'a> {
    pub from: &'a Path,
    pub to: &'a Path,
    /// A folder on the same file system, for files that are being written.
    pub aside: &'a Path,
}

/// A file with a path of a git directory's or of a work tree's in it.
#[derive(Clone, Debug)]
pub(super) enum Pointer {
    /// The `.git` file of a linked worktree or of a submodule.
    DotGit(PathBuf),
    /// `gitdir` in a linked worktree's record.
    Record(PathBuf),
    /// `core.worktree` in a configuration file.
    Config(PathBuf),
    /// A list of other object folders.
    Alternates(PathBuf),
}

impl Shift<'_> {
    fn before(&self, path: &Path) -> PathBuf {
        exchange(path, self.to, self.from)
    }

    fn after(&self, path: &Path) -> PathBuf {
        exchange(path, self.from, self.to)
    }

    /// What a path that is written in a folder must be now; `None` where it is right.
    fn follow(&self, folder: &Path, written: &Path) -> Option<PathBuf> {
        if written.is_absolute() {
            let named = resolve(written);
            let new = self.after(&named);
            return (new != named).then_some(new);
        }
        let now = resolve(&folder.join(written));
        let meant = self.after(&resolve(&self.before(folder).join(written)));
        // Whichever is there: it may have been rewritten already.
        (now != meant && meant.exists() && !now.exists()).then(|| relative(folder, &meant))
    }
}

/// A path below one folder, below the other.
fn exchange(path: &Path, one: &Path, other: &Path) -> PathBuf {
    match path.strip_prefix(one) {
        Ok(rest) if rest.as_os_str().is_empty() => other.to_owned(),
        Ok(rest) => other.join(rest),
        Err(_) => path.to_owned(),
    }
}

impl Pointer {
    pub(super) fn dot_git(folder: &Path) -> Self {
        Self::DotGit(folder.join(".git"))
    }

    pub(super) fn file(&self) -> &Path {
        match self {
            Self::DotGit(file) | Self::Record(file) | Self::Config(file) | Self::Alternates(file) => file,
        }
    }

    /// The folder that a `.git` of any kind names.
    pub(super) fn target(&self, folder: &Path) -> Option<PathBuf> {
        let file = self.file();
        if file.symlink_metadata().ok()?.is_symlink() {
            return file.canonicalize().ok().filter(|dir| dir.is_dir());
        }
        let text = std::fs::read(file).ok()?;
        let named = folder.join(OsStr::from_bytes(text.strip_prefix(GITDIR)?.trim_ascii_end()));
        named.canonicalize().ok().filter(|dir| dir.is_dir())
    }

    /// Rewrites it, where it names what has moved.
    ///
    /// # Errors
    /// Why it could not.
    pub(super) fn follow(&self, git: &Git, common: &Path, shift: &Shift<'_>) -> Result<(), String> {
        let file = self.file();
        match file.symlink_metadata() {
            Ok(meta) if meta.is_file() => {}
            // Links are nothing that git makes here; they lead where they led.
            Ok(_) => return Ok(()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) => return Err(error.to_string()),
        }
        let folder = file.parent().unwrap_or(file);
        if let Self::Config(_) = self {
            return follow_config(git, common, shift, file);
        }
        let old = std::fs::read(file).map_err(|error| error.to_string())?;
        let prefix: &[u8] = if let Self::DotGit(_) = self { GITDIR } else { b"" };
        // The list of object folders is relative to the folder that these are in.
        let base = if let Self::Alternates(_) = self { folder.parent().unwrap_or(folder) } else { folder };
        let mut new = Vec::with_capacity(old.len());
        // A path may hold a line break, and only the list of object folders is one of lines.
        let lines: Vec<&[u8]> = match self {
            Self::Alternates(_) => old.split_inclusive(|byte| *byte == b'\n').collect(),
            Self::DotGit(_) | Self::Record(_) | Self::Config(_) => vec![&old],
        };
        for line in lines {
            let text = line.trim_ascii_end();
            let Some(path) = text.strip_prefix(prefix).filter(|path| !path.is_empty()) else {
                new.extend_from_slice(line);
                continue;
            };
            match shift.follow(base, Path::new(OsStr::from_bytes(path))) {
                None => new.extend_from_slice(line),
                Some(path) => {
                    new.extend_from_slice(prefix);
                    new.extend_from_slice(path.as_os_str().as_bytes());
                    new.extend_from_slice(&line[text.len()..]);
                }
            }
        }
        if new == old { Ok(()) } else { replace(file, &new, shift).map_err(|error| error.to_string()) }
    }
}

fn follow_config(git: &Git, common: &Path, shift: &Shift<'_>, file: &Path) -> Result<(), String> {
    let read = || {
        let config = git2::Config::open(file)?.snapshot()?;
        config.get_bytes("core.worktree").map(<[u8]>::to_vec)
    };
    let written = match read() {
        Ok(written) => PathBuf::from(std::ffi::OsString::from_vec(written)),
        Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(()),
        Err(error) => return Err(error.message().to_owned()),
    };
    let Some(new) = shift.follow(file.parent().unwrap_or(file), &written) else { return Ok(()) };
    let call = git.call(common).args(["config"]).args([option("--file=", file)]);
    let call = call.args(["--replace-all", "core.worktree"]).args([new.as_os_str()]);
    // Another git may be writing there: one whose caller was killed lives on until it is done.
    let began = Instant::now();
    loop {
        match git.must(&call, "write core.worktree").map_err(|error| error.to_string()) {
            Err(why) if why.contains("could not lock config file") && began.elapsed() < git.patience => {
                pause(Duration::from_millis(5));
            }
            outcome => return outcome.map(drop),
        }
    }
}

/// Puts a new file in a file's place, with its mode and times; the folder keeps its own.
fn replace(file: &Path, bytes: &[u8], shift: &Shift<'_>) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    let was = file.metadata()?;
    let inside = file.starts_with(shift.to);
    let new = if inside { shift.aside.join(format!(".new-{}", nix::unistd::getpid())) } else { beside(file) };
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    written.write_all(bytes)?;
    written.set_permissions(was.permissions())?;
    if inside {
        written.set_times(FileTimes::new().set_modified(was.modified()?).set_accessed(was.accessed()?))?;
    }
    written.sync_all()?;
    let rename = || writable(folder, || std::fs::rename(&new, file));
    let renamed = if inside { keeping_times(folder, rename) } else { rename() };
    if renamed.is_err() {
        std::fs::remove_file(&new).ok();
    }
    renamed
}

/// Changes what is in a folder, and gives the folder its times back.
pub(super) fn keeping_times<T>(folder: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let was = folder.metadata()?;
    let done = act()?;
    let times = FileTimes::new().set_modified(was.modified()?).set_accessed(was.accessed()?);
    std::fs::File::open(folder)?.set_times(times)?;
    Ok(done)
}

fn beside(file: &Path) -> PathBuf {
    file.with_added_extension("new")
}

/// Does something in a folder, that is made writable meanwhile where it is ours and read-only.
fn writable<T>(folder: &Path, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match act() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let mode = folder.metadata()?.permissions().mode();
            if mode & 0o300 == 0o300 || std::fs::set_permissions(folder, Permissions::from_mode(mode | 0o300)).is_err()
            {
                return Err(error);
            }
            let outcome = act();
            std::fs::set_permissions(folder, Permissions::from_mode(mode))?;
            outcome
        }
        outcome => outcome,
    }
}

/// An absolute path without `..`, with links resolved as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    let plain = lexical(path);
    settle(path).or_else(|_| settle(&plain)).unwrap_or(plain)
}

fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

/// The way from a folder to a path.
fn relative(folder: &Path, path: &Path) -> PathBuf {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let shared = real.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = real.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}
