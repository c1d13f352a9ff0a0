//! What hangs on a folder that moves: the paths that git has written down of it and of what is in it.
//!
//! Worktrees that were made inside (of this repository or of another), submodules, repositories and what these have
//! in turn name each other by paths, absolute or relative, in both directions. After the move each of these files is
//! rewritten to the new place, and nothing else is. A second pass changes nothing, so a move that was cut off is
//! finished by another.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::layout::{Admin, Lock};
use super::pointer::{Pointer, Shift, keeping_times};

/// Why git's records of what is parked are locked.
pub(super) const REASON: &str = "parked by ganger";

/// What was found in a folder, by paths relative to it.
#[derive(Debug, Default)]
pub(super) struct Cargo {
    /// Folders with a `.git` that is no folder: linked worktrees and submodules.
    linked: Vec<PathBuf>,
    /// Git directories: of repositories, bare or not, and of their submodules.
    git_dirs: Vec<PathBuf>,
    /// What could not be looked at.
    pub unread: Vec<String>,
}

impl Cargo {
    /// Looks through a folder, without following links.
    pub(super) fn of(root: &Path) -> Self {
        let mut found = Self::default();
        let mut ahead = vec![PathBuf::new()];
        while let Some(folder) = ahead.pop() {
            found.look(root, &folder, &mut ahead);
        }
        found
    }

    fn look(&mut self, root: &Path, folder: &Path, ahead: &mut Vec<PathBuf>) {
        let entries = match std::fs::read_dir(root.join(folder)) {
            Ok(entries) => entries,
            Err(error) => {
                let at = root.join(folder);
                self.unread.push(format!("not looked at for worktrees and submodules: {}: {error}", at.display()));
                return;
            }
        };
        let (mut inner, mut bare) = (Vec::new(), 0);
        for entry in entries.flatten() {
            let (name, kind) = (entry.file_name(), entry.file_type());
            let is_folder = kind.is_ok_and(|kind| kind.is_dir());
            bare +=
                usize::from(is_folder == (name != "HEAD") && (name == "HEAD" || name == "objects" || name == "refs"));
            match (name == ".git", is_folder) {
                (true, true) => self.git_dir(root, folder.join(name)),
                (true, false) => self.linked.push(folder.to_owned()),
                (false, true) => inner.push(folder.join(name)),
                (false, false) => {}
            }
        }
        if bare == 3 {
            self.git_dir(root, folder.to_owned());
        } else {
            ahead.append(&mut inner);
        }
    }

    fn git_dir(&mut self, root: &Path, dir: PathBuf) {
        let whole = root.join(&dir);
        let records = folders(&whole.join("worktrees"));
        for holder in records.iter().chain([&whole]) {
            let below = modules(holder).into_iter().filter_map(|found| Some(found.strip_prefix(root).ok()?.to_owned()));
            self.git_dirs.extend(below);
        }
        self.git_dirs.push(dir);
    }

    /// The records of worktrees below `root`: in this repository, in others that the trees themselves name, and in those
    /// that lie in it. Not that of `root` itself.
    pub(super) fn records(&self, root: &Path, common: &Path) -> Vec<Admin> {
        let mut found = Admin::all(common).unwrap_or_default();
        for folder in &self.linked {
            let folder = root.join(folder);
            found.extend(Pointer::dot_git(&folder).target(&folder).map(|dir| Admin { dir }));
        }
        for dir in &self.git_dirs {
            found.extend(folders(&root.join(dir).join("worktrees")).into_iter().map(|dir| Admin { dir }));
        }
        found.retain(|admin| admin.tree().is_some_and(|tree| tree != root && tree.starts_with(root)));
        found.sort_by(|a, b| a.dir.cmp(&b.dir));
        found.dedup();
        found
    }
}

/// The folders in a folder.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

/// The git directories of submodules below a git directory. A submodule's name may have slashes.
fn modules(git_dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = folders(&git_dir.join("modules"));
    while let Some(folder) = ahead.pop() {
        if folder.join("HEAD").exists() && folder.join("objects").is_dir() {
            for holder in folders(&folder.join("worktrees")).iter().chain([&folder]) {
                ahead.extend(folders(&holder.join("modules")));
            }
            found.push(folder);
        } else {
            ahead.extend(folders(&folder));
        }
    }
    found
}

/// Rewrites everything that names a folder which has moved, or what is in it. Returns what it could not.
pub(super) fn mend(git: &Git, common: &Path, shift: &Shift<'_>, cargo: &Cargo) -> Vec<String> {
    let mut mending = Mending { git, common, shift, failed: cargo.unread.clone(), seen: Vec::new() };
    for folder in &cargo.linked {
        mending.linked(&shift.to.join(folder));
    }
    for dir in &cargo.git_dirs {
        mending.git_dir(&shift.to.join(dir));
    }
    // Those whose folder is gone, or has lost its `.git`.
    for admin in Admin::all(common).unwrap_or_default() {
        if admin.tree().is_some_and(|tree| tree.starts_with(shift.from)) {
            mending.git_dir(&admin.dir);
        }
    }
    mending.failed
}

struct Mending<'a> {
    git: &'a Git,
    common: &'a Path,
    shift: &'a Shift<'a>,
    failed: Vec<String>,
    seen: Vec<PathBuf>,
}

impl Mending<'_> {
    fn rewrite(&mut self, pointer: &Pointer) {
        if let Err(why) = pointer.follow(self.git, self.common, self.shift) {
            let file = pointer.file().display();
            self.failed.push(format!("the path in {file} could not be put right: {why}"));
        }
    }

    /// A folder with a `.git` file: that file, and what it names.
    fn linked(&mut self, folder: &Path) {
        let pointer = Pointer::dot_git(folder);
        self.rewrite(&pointer);
        let Some(dir) = pointer.target(folder) else { return };
        self.git_dir(&dir);
        for module in modules(&dir) {
            self.git_dir(&module);
        }
    }

    /// A git directory: what it says of its own work tree, of its linked worktrees and of where more objects are.
    fn git_dir(&mut self, dir: &Path) {
        if self.seen.iter().any(|seen| seen == dir) {
            return;
        }
        self.seen.push(dir.to_owned());
        self.own(dir);
        self.rewrite(&Pointer::Alternates(dir.join("objects/info/alternates")));
        for record in folders(&dir.join("worktrees")) {
            // Every record of a repository that has moved; of others those that name what has moved.
            if dir.starts_with(self.shift.to) {
                self.own(&record);
                self.tree_elsewhere(&record);
            }
        }
    }

    fn own(&mut self, dir: &Path) {
        self.rewrite(&Pointer::Record(dir.join("gitdir")));
        self.rewrite(&Pointer::Config(dir.join("config.worktree")));
        // A record's own configuration is its repository's.
        if !dir.join("commondir").exists() {
            self.rewrite(&Pointer::Config(dir.join("config")));
        }
    }

    /// A worktree outside of what has moved whose repository has moved.
    fn tree_elsewhere(&mut self, record: &Path) {
        let Some(tree) = (Admin { dir: record.to_owned() }).tree() else { return };
        if !tree.starts_with(self.shift.to) {
            self.rewrite(&Pointer::dot_git(&tree));
        }
    }
}

/// Takes git's lock on each record that has none. Returns those that it took.
///
/// # Errors
/// The first that could not be locked; those before it are free again.
pub(super) fn lock_all(records: &[Admin], reason: &str) -> Result<Vec<Admin>, String> {
    let mut taken = Vec::new();
    for admin in records {
        let Some(tree) = admin.tree() else { continue };
        if !matches!(admin.lock(&tree), Lock::No | Lock::Working(_)) {
            continue;
        }
        if let Err(error) = keeping_times(&admin.dir, || admin.take_lock(reason)) {
            unlock_all(&taken);
            return Err(format!("{} could not be locked: {error}", admin.dir.display()));
        }
        taken.push(admin.clone());
    }
    Ok(taken)
}

/// Gives locks back.
pub(super) fn unlock_all(records: &[Admin]) {
    for admin in records {
        // Left locked it would only be harder to remove by hand.
        unlock(admin).ok();
    }
}

/// Takes our lock off.
pub(super) fn unlock(admin: &Admin) -> io::Result<()> {
    keeping_times(&admin.dir, || admin.unlock())
}

/// A record's name, as it can stand in a reference's.
pub(super) fn name_of(admin: &Admin) -> String {
    let name = admin.dir.file_name().unwrap_or_else(|| OsStr::new("x"));
    let plain = name.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    if plain {
        return name.to_string_lossy().into_owned();
    }
    name.as_bytes().iter().fold(String::from("x"), |text, byte| format!("{text}{byte:02x}"))
}
