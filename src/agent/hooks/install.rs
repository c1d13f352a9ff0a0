//! The hooks of one worktree, on disk: written, taken away, and out of git's sight.
//!
//! It writes below the worktree's root only, through no symbolic link, and a file is replaced whole or not at all. What
//! git thinks of a path it is told by its caller.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Mechanism, settings};

/// The longest settings file that is edited, in bytes.
const LONGEST: u64 = 1 << 20;

/// What git says of paths relative to the worktree.
#[derive(Clone, Copy)]
pub struct Git<'a> {
    pub ignored: &'a dyn Fn(&Path) -> Result<bool, String>,
    pub tracked: &'a dyn Fn(&Path) -> Result<bool, String>,
}

/// Why it was left as it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub why: String,
    pub hint: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self { why, hint: None }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Changed,
    /// It was so already.
    Unchanged,
}

/// Whether all hooks of the mechanism are in the worktree.
#[must_use]
pub fn is_installed(worktree: &Path, mechanism: Mechanism) -> bool {
    let there = Place::new(worktree, mechanism).read();
    there.is_ok_and(|text| text.is_some_and(|text| settings::is_installed(&text, mechanism)))
}

/// What [`install`] would write.
///
/// # Errors
/// Why it would refuse to.
pub fn preview(worktree: &Path, mechanism: Mechanism) -> Result<String, Refusal> {
    let place = Place::new(worktree, mechanism);
    place.installed(place.read()?.as_deref())
}

/// Puts the hooks into the worktree, in a file that git ignores. With `force` also into one that it tracks.
///
/// # Errors
/// Why not; then everything is as it was.
pub fn install(worktree: &Path, mechanism: Mechanism, force: bool, git: Git<'_>) -> Result<Outcome, Refusal> {
    let place = Place::new(worktree, mechanism);
    let before = place.read()?;
    let after = place.installed(before.as_deref())?;
    let tracked = (git.tracked)(&place.file)?;
    if tracked && !force {
        return Err(Refusal {
            why: format!("{} is tracked by git: the hooks would be part of the next commit", place.name()),
            hint: Some("--force writes them all the same".to_owned()),
        });
    }
    let hide = !tracked && !(git.ignored)(&place.file)?;
    if hide && (place.at(&place.ignore).symlink_metadata().is_ok() || (git.tracked)(&place.ignore)?) {
        return Err(Refusal {
            why: format!("git does not ignore {}, and there is a {} already", place.name(), place.ignore.display()),
            hint: Some(format!(
                "add the line {} to it, or to .git/info/exclude the line {}",
                place.leaf(),
                place.name()
            )),
        });
    }
    if before.as_deref() == Some(after.as_str()) && !hide {
        return Ok(Outcome::Unchanged);
    }
    let made = place.make_folders()?;
    let written =
        place.hide(hide, git).and_then(|()| place.write(&after).map_err(|error| place.failed("writing", &error)));
    if written.is_err() {
        if hide {
            fs::remove_file(place.at(&place.ignore)).ok();
        }
        remove_empty(made.into_iter().rev());
    }
    written.map(|()| Outcome::Changed)
}

/// Takes the hooks out of the worktree, with the `.gitignore` that hid them and the folders that are empty then.
///
/// # Errors
/// Why not; then the settings are as they were.
pub fn uninstall(worktree: &Path, mechanism: Mechanism, git: Git<'_>) -> Result<Outcome, Refusal> {
    let place = Place::new(worktree, mechanism);
    let mut outcome = Outcome::Unchanged;
    let before = place.read()?;
    let after = match &before {
        None => None,
        Some(text) => settings::uninstall(text, mechanism).map_err(|why| place.says(&why))?,
    };
    if before != after {
        let done = match &after {
            Some(text) => place.write(text),
            None => fs::remove_file(place.at(&place.file)),
        };
        done.map_err(|error| place.failed("writing", &error))?;
        outcome = Outcome::Changed;
    }
    let ignore = place.at(&place.ignore);
    let is_ours = fs::read_to_string(&ignore).is_ok_and(|text| text == place.ignore_text());
    if is_ours && !(git.tracked)(&place.ignore)? {
        fs::remove_file(&ignore).map_err(|error| place.failed("removing", &error))?;
        outcome = Outcome::Changed;
    }
    if outcome == Outcome::Changed {
        remove_empty(place.folders().iter().rev().map(|folder| place.at(folder)));
    }
    Ok(outcome)
}

/// Removes folders; one with anything in it stays.
fn remove_empty(folders: impl Iterator<Item = PathBuf>) {
    for folder in folders {
        fs::remove_dir(folder).ok();
    }
}

/// Where the hooks of a worktree are. Paths are relative to its root.
struct Place<'a> {
    root: &'a Path,
    mechanism: Mechanism,
    file: PathBuf,
    /// The `.gitignore` beside it.
    ignore: PathBuf,
}

impl<'a> Place<'a> {
    fn new(root: &'a Path, mechanism: Mechanism) -> Self {
        let file = PathBuf::from(mechanism.file());
        let ignore = file.with_file_name(".gitignore");
        Self { root, mechanism, file, ignore }
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    fn name(&self) -> &'static str {
        self.mechanism.file()
    }

    /// The file's own name.
    fn leaf(&self) -> &'static str {
        let name = self.name();
        name.rsplit('/').next().unwrap_or(name)
    }

    /// The folders on the way to the file, the outermost first.
    fn folders(&self) -> Vec<PathBuf> {
        let above = self.file.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let mut folders: Vec<PathBuf> = above.map(Path::to_owned).collect();
        folders.reverse();
        folders
    }

    /// What hides the file from git, and itself.
    fn ignore_text(&self) -> String {
        format!("{}\n.gitignore\n", self.leaf())
    }

    /// The file's text, if there is one: never through a link, as what it leads to may be outside of the worktree.
    fn read(&self) -> Result<Option<String>, Refusal> {
        let mut way = self.folders();
        way.push(self.file.clone());
        for path in way {
            let meta = match self.at(&path).symlink_metadata() {
                Ok(meta) => meta,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(self.failed("reading", &error)),
            };
            let is_file = path == self.file;
            if meta.is_symlink() {
                return Err(format!("{} is a symbolic link, and is not followed", path.display()).into());
            }
            if meta.is_dir() == is_file || (is_file && !meta.is_file()) {
                let what = if is_file { "file" } else { "folder" };
                return Err(format!("{} is not a {what}", path.display()).into());
            }
            if is_file && meta.len() > LONGEST {
                return Err(format!("{} is too large to be a settings file", path.display()).into());
            }
        }
        let bytes = fs::read(self.at(&self.file)).map_err(|error| self.failed("reading", &error))?;
        String::from_utf8(bytes).map(Some).map_err(|_| self.says("it is not UTF-8"))
    }

    fn installed(&self, existing: Option<&str>) -> Result<String, Refusal> {
        settings::install(existing, self.mechanism).map_err(|why| self.says(&why))
    }

    /// Makes the folders that are missing, and says which.
    fn make_folders(&self) -> Result<Vec<PathBuf>, Refusal> {
        let mut made = Vec::new();
        for folder in self.folders() {
            let folder = self.at(&folder);
            match fs::create_dir(&folder) {
                Ok(()) => made.push(folder),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(self.failed("writing", &error)),
            }
        }
        Ok(made)
    }

    /// Writes the `.gitignore`, where it is wanted, and asks git what it thinks of the file then.
    fn hide(&self, wanted: bool, git: Git<'_>) -> Result<(), Refusal> {
        if !wanted {
            return Ok(());
        }
        let mut options = fs::OpenOptions::new();
        let written = options.write(true).create_new(true).open(self.at(&self.ignore));
        let written = written.and_then(|mut file| file.write_all(self.ignore_text().as_bytes()));
        written.map_err(|error| self.failed("hiding", &error))?;
        if (git.ignored)(&self.file)? {
            return Ok(());
        }
        Err(format!("git does not ignore {}, whatever {} says", self.name(), self.ignore.display()).into())
    }

    /// Replaces the file, whole, with the permissions that it had.
    fn write(&self, text: &str) -> io::Result<()> {
        let path = self.at(&self.file);
        let folder = path.parent().unwrap_or(self.root);
        // What anybody may do with a new file is for the umask to say.
        let anybody = fs::Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().suffix(".new").permissions(anybody).tempfile_in(folder)?;
        if let Ok(meta) = path.metadata() {
            file.as_file().set_permissions(meta.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    }

    fn says(&self, why: &str) -> Refusal {
        format!("{} can't be edited: {why}", self.name()).into()
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Refusal {
        format!("{doing} {}: {error}", self.name()).into()
    }
}
