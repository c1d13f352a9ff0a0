//! The hooks of one worktree: written, taken away, and out of git's sight.
//!
//! It writes below the worktree's root only, through no symbolic link, and a file is replaced whole or not at all. What
//! git thinks of a path it is told by its caller.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{Mechanism, settings};
use crate::ports::host::{Access, Content, Disk, Entry, TreeFiles};

/// The longest settings file that is edited, in bytes.
const LONGEST: u64 = 1 << 20;

/// A worktree, and what its files are seen and written through.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    pub root: &'a Path,
    pub disk: &'a dyn Disk,
    pub files: &'a dyn TreeFiles,
}

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
pub fn is_installed(site: Site<'_>, mechanism: Mechanism) -> bool {
    let there = Place::new(site, mechanism).read();
    there.is_ok_and(|text| text.is_some_and(|text| settings::is_installed(&text, mechanism)))
}

/// What [`install`] would write.
///
/// # Errors
/// Why it would refuse to.
pub fn preview(site: Site<'_>, mechanism: Mechanism) -> Result<String, Refusal> {
    let place = Place::new(site, mechanism);
    place.installed(place.read()?.as_deref())
}

/// Puts the hooks into the worktree, in a file that git ignores. With `force` also into one that it tracks.
///
/// # Errors
/// Why not; then everything is as it was.
pub fn install(site: Site<'_>, mechanism: Mechanism, force: bool, git: Git<'_>) -> Result<Outcome, Refusal> {
    let place = Place::new(site, mechanism);
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
    if hide && (place.look(&place.ignore)?.is_some() || (git.tracked)(&place.ignore)?) {
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
    let hidden = if hide { place.hide(git) } else { Ok(()) };
    let written = hidden.and_then(|()| {
        place.write(&after).map_err(|error| {
            if hide {
                place.show();
            }
            place.failed("writing", &error)
        })
    });
    if written.is_err() {
        remove_empty(site, made.into_iter().rev());
    }
    written.map(|()| Outcome::Changed)
}

/// Takes the hooks out of the worktree, with the `.gitignore` that hid them and the folders that are empty then.
///
/// # Errors
/// Why not; then the settings are as they were.
pub fn uninstall(site: Site<'_>, mechanism: Mechanism, git: Git<'_>) -> Result<Outcome, Refusal> {
    let place = Place::new(site, mechanism);
    let mut outcome = Outcome::Unchanged;
    let before = place.read()?;
    let after = match &before {
        None => None,
        Some(text) => settings::uninstall(text, mechanism).map_err(|why| place.says(&why))?,
    };
    if before != after {
        let done = match &after {
            Some(text) => place.write(text),
            None => site.files.remove(&place.at(&place.file)),
        };
        done.map_err(|error| place.failed("writing", &error))?;
        outcome = Outcome::Changed;
    }
    let ignore = place.at(&place.ignore);
    let ours = Content::Bytes(place.ignore_text().into_bytes());
    let is_ours = site.files.read(&ignore, LONGEST).is_ok_and(|found| found == ours);
    if is_ours && !(git.tracked)(&place.ignore)? {
        site.files.remove(&ignore).map_err(|error| place.failed("removing", &error))?;
        outcome = Outcome::Changed;
    }
    if outcome == Outcome::Changed {
        remove_empty(site, place.folders().iter().rev().map(|folder| place.at(folder)));
    }
    Ok(outcome)
}

/// Removes folders; one with anything in it stays.
fn remove_empty(site: Site<'_>, folders: impl Iterator<Item = PathBuf>) {
    for folder in folders {
        site.files.remove_empty(&folder).ok();
    }
}

/// Where the hooks of a worktree are. Paths are relative to its root.
struct Place<'a> {
    site: Site<'a>,
    mechanism: Mechanism,
    file: PathBuf,
    /// The `.gitignore` beside it.
    ignore: PathBuf,
}

impl<'a> Place<'a> {
    fn new(site: Site<'a>, mechanism: Mechanism) -> Self {
        let file = PathBuf::from(mechanism.file());
        let ignore = file.with_file_name(".gitignore");
        Self { site, mechanism, file, ignore }
    }

    fn at(&self, path: &Path) -> PathBuf {
        self.site.root.join(path)
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

    fn look(&self, path: &Path) -> Result<Option<Entry>, Refusal> {
        self.site.disk.look(&self.at(path)).map_err(|error| self.failed("reading", &error))
    }

    /// The file's text, if there is one: never through a link, as what it leads to may be outside of the worktree.
    fn read(&self) -> Result<Option<String>, Refusal> {
        for folder in self.folders() {
            match self.look(&folder)? {
                None => return Ok(None),
                Some(Entry::Folder) => {}
                Some(found) => return Err(unfit(&folder, found, "folder")),
            }
        }
        match self.look(&self.file)? {
            None => return Ok(None),
            Some(Entry::File) => {}
            Some(found) => return Err(unfit(&self.file, found, "file")),
        }
        let read = self.site.files.read(&self.at(&self.file), LONGEST);
        match read.map_err(|error| self.failed("reading", &error))? {
            Content::Absent => Ok(None),
            Content::Bytes(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| self.says("it is not UTF-8")),
            Content::NotAFile => Err(self.says("it can't be read")),
            Content::TooLarge => Err(format!("{} is too large to be a settings file", self.name()).into()),
        }
    }

    fn installed(&self, existing: Option<&str>) -> Result<String, Refusal> {
        settings::install(existing, self.mechanism).map_err(|why| self.says(&why))
    }

    /// Makes the folders that are missing, and says which.
    fn make_folders(&self) -> Result<Vec<PathBuf>, Refusal> {
        let mut made = Vec::new();
        for folder in self.folders() {
            let folder = self.at(&folder);
            match self.site.files.make_folder(&folder, Access::Umask) {
                Ok(true) => made.push(folder),
                Ok(false) => {}
                Err(error) => return Err(self.failed("writing", &error)),
            }
        }
        Ok(made)
    }

    /// Writes the `.gitignore`, and asks git what it thinks of the file then.
    fn hide(&self, git: Git<'_>) -> Result<(), Refusal> {
        let made = self.site.files.create(&self.at(&self.ignore), self.ignore_text().as_bytes());
        if !made.map_err(|error| self.failed("hiding", &error))? {
            return Err(self.failed("hiding", &io::ErrorKind::AlreadyExists.into()));
        }
        let ignored = (git.ignored)(&self.file).map_err(Refusal::from).and_then(|ignored| {
            let why = || format!("git does not ignore {}, whatever {} says", self.name(), self.ignore.display());
            if ignored { Ok(()) } else { Err(why().into()) }
        });
        if ignored.is_err() {
            self.show();
        }
        ignored
    }

    /// Takes back what hides the file. One that stays hides nothing of anybody's.
    fn show(&self) {
        self.site.files.remove(&self.at(&self.ignore)).ok();
    }

    fn write(&self, text: &str) -> io::Result<()> {
        self.site.files.replace(&self.at(&self.file), text.as_bytes(), Access::Umask)
    }

    fn says(&self, why: &str) -> Refusal {
        format!("{} can't be edited: {why}", self.name()).into()
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Refusal {
        format!("{doing} {}: {error}", self.name()).into()
    }
}

fn unfit(path: &Path, found: Entry, wanted: &str) -> Refusal {
    match found {
        Entry::Link => format!("{} is a symbolic link, and is not followed", path.display()).into(),
        Entry::File | Entry::Folder | Entry::Other => format!("{} is not a {wanted}", path.display()).into(),
    }
}
