//! What a new tree gets from the main worktree: copies of ignored files, and links to them.
//!
//! Nothing that is in the tree is overwritten, and nothing is written outside of it: a folder that is a link there is
//! not gone through.

use std::fs::{self, DirBuilder, File, FileType, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::domain::glob::{Match, Pattern};
use crate::domain::text;

/// How much is copied of a file before anything else is looked at.
const PIECE: u64 = 64 * 1024 * 1024;
/// The name of a file that is not there in full yet.
const UNFINISHED: &str = ".ganger-copying";

/// How something comes into the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Copy,
    Link,
}

/// Why not everything was brought.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There was something more important.
    Interrupted,
    /// What was being done, with the file's name, and what the system said.
    Failed(String),
}

/// The way from one tree to the other.
pub(super) struct Carrier<'a> {
    /// The main worktree.
    pub from: &'a Path,
    /// The new tree.
    pub to: &'a Path,
    /// Takes a line for each thing done or left out.
    pub tell: &'a mut dyn FnMut(&str),
    /// Whether to go on; asked before each file.
    pub go_on: &'a mut dyn FnMut() -> bool,
}

/// What became of the files in one that was copied.
#[derive(Default)]
struct Tally {
    copied: u64,
    kept: u64,
}

/// So many files that are included are told of one by one.
const TOLD: usize = 20;

type Carried<T> = Result<T, Trouble>;

fn failed(doing: &str, path: &Path, error: &io::Error) -> Trouble {
    Trouble::Failed(text::line(&format!("{doing} {}: {error}", path.display())))
}

fn kind(path: &Path) -> io::Result<Option<FileType>> {
    match path.symlink_metadata() {
        Ok(found) => Ok(Some(found.file_type())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Carrier<'_> {
    /// Brings what matches one of the patterns, out of what is ignored, and what is included besides.
    pub(super) fn bring(
        &mut self,
        way: Way,
        patterns: &[Pattern],
        ignored: &[PathBuf],
        included: &[PathBuf],
    ) -> Carried<()> {
        let found = self.find(patterns, ignored)?;
        for path in &found {
            self.ask()?;
            match way {
                Way::Copy => self.copy(path)?,
                Way::Link => self.link(path)?,
            }
        }
        let more = included.iter().filter(|path| !found.iter().any(|found| path.starts_with(found)));
        self.include(&more.collect::<Vec<_>>())
    }

    /// Copies files, each of which is told of where they are few.
    fn include(&mut self, files: &[&PathBuf]) -> Carried<()> {
        if files.len() <= TOLD {
            return files.iter().try_for_each(|file| self.copy(file));
        }
        let mut tally = Tally::default();
        for file in files {
            if let Some(place) = self.place(file)? {
                self.copy_any(&self.from.join(file), &place, &mut tally)?;
            }
        }
        let Tally { copied, kept } = tally;
        self.tell(&format!("copied {copied} files that .worktreeinclude names; {kept} were here already and are kept"));
        Ok(())
    }

    fn ask(&mut self) -> Carried<()> {
        if (self.go_on)() { Ok(()) } else { Err(Trouble::Interrupted) }
    }

    fn tell(&mut self, line: &str) {
        (self.tell)(&text::line(line));
    }

    /// What matches, each as its topmost folder that does.
    fn find(&mut self, patterns: &[Pattern], ignored: &[PathBuf]) -> Carried<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut open: Vec<PathBuf> = ignored.iter().rev().cloned().collect();
        while let Some(path) = open.pop() {
            self.ask()?;
            let names: Vec<&[u8]> = path.iter().map(OsStrExt::as_bytes).collect();
            let looked: Vec<Match> = patterns.iter().map(|pattern| pattern.look(&names)).collect();
            if looked.contains(&Match::Whole) {
                found.push(path);
            } else if looked.contains(&Match::Below) {
                open.extend(self.content(&path)?);
            }
        }
        Ok(found)
    }

    /// What is in a folder; nothing where it is none, or a worktree of its own.
    fn content(&self, path: &Path) -> Carried<Vec<PathBuf>> {
        let folder = self.from.join(path);
        let looking = |error: &io::Error| failed("looking into", &folder, error);
        let is_folder = kind(&folder).map_err(|error| looking(&error))?.is_some_and(|kind| kind.is_dir());
        if !is_folder || kind(&folder.join(".git")).map_err(|error| looking(&error))?.is_some() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|error| looking(&error))? {
            names.push(path.join(entry.map_err(|error| looking(&error))?.file_name()));
        }
        names.sort_by(|one, other| other.cmp(one));
        Ok(names)
    }

    /// Where it goes, the folders on the way made; `None`, and why is told, where it can't go.
    fn place(&mut self, path: &Path) -> Carried<Option<PathBuf>> {
        if self.to.starts_with(self.from.join(path)) {
            self.tell(&format!("left out {}: this worktree is in it", path.display()));
            return Ok(None);
        }
        let mut below = PathBuf::new();
        for name in path.parent().unwrap_or(Path::new("")) {
            below.push(name);
            let folder = self.to.join(&below);
            let making = |error: &io::Error| failed("making", &folder, error);
            match kind(&folder).map_err(|error| making(&error))? {
                Some(kind) if kind.is_dir() => {}
                Some(_) => {
                    self.tell(&format!("left out {}: {} is not a folder here", path.display(), below.display()));
                    return Ok(None);
                }
                None => {
                    let mode = self.from.join(&below).metadata().map_or(0o755, |found| found.permissions().mode());
                    let made = DirBuilder::new().mode(mode & 0o777 | 0o700).create(&folder);
                    made.map_err(|error| making(&error))?;
                }
            }
        }
        Ok(Some(self.to.join(path)))
    }

    fn link(&mut self, path: &Path) -> Carried<()> {
        let Some(place) = self.place(path)? else { return Ok(()) };
        match symlink(self.from.join(path), &place) {
            Ok(()) => self.tell(&format!("linked {}", path.display())),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.tell(&format!("kept {}: it is here already", path.display()));
            }
            Err(error) => return Err(failed("linking", &place, &error)),
        }
        Ok(())
    }

    fn copy(&mut self, path: &Path) -> Carried<()> {
        let Some(place) = self.place(path)? else { return Ok(()) };
        let mut tally = Tally::default();
        self.copy_any(&self.from.join(path), &place, &mut tally)?;
        let path = path.display();
        match tally {
            Tally { copied: 0, kept: 0 } => {}
            Tally { copied: 0, .. } => self.tell(&format!("kept {path}: it is here already")),
            Tally { copied: 1, kept: 0 } => self.tell(&format!("copied {path}")),
            Tally { copied, kept: 0 } => self.tell(&format!("copied {path} ({copied} files)")),
            Tally { copied, kept } => {
                self.tell(&format!("copied {path} ({copied} files; {kept} were here already and are kept)"));
            }
        }
        Ok(())
    }

    fn copy_any(&mut self, from: &Path, to: &Path, tally: &mut Tally) -> Carried<()> {
        self.ask()?;
        let copying = |error: &io::Error| failed("copying", from, error);
        let there = kind(to).map_err(|error| copying(&error))?;
        let Some(source) = kind(from).map_err(|error| copying(&error))? else {
            self.tell(&format!("left out {}: it is gone", from.display()));
            return Ok(());
        };
        if source.is_dir() && there.is_none_or(|there| there.is_dir()) {
            return self.copy_folder(from, to, there.is_none(), tally);
        }
        if there.is_some() {
            tally.kept += 1;
        } else if source.is_symlink() {
            fs::read_link(from).and_then(|target| symlink(target, to)).map_err(|error| copying(&error))?;
            tally.copied += 1;
        } else if source.is_file() {
            self.copy_file(from, to)?;
            tally.copied += 1;
        } else {
            let what = if source.is_socket() {
                "socket"
            } else if source.is_fifo() {
                "named pipe"
            } else {
                "device"
            };
            self.tell(&format!("left out {}: it is a {what}", from.display()));
        }
        Ok(())
    }

    fn copy_folder(&mut self, from: &Path, to: &Path, new: bool, tally: &mut Tally) -> Carried<()> {
        let copying = |error: &io::Error| failed("copying", from, error);
        if new {
            DirBuilder::new().mode(0o700).create(to).map_err(|error| copying(&error))?;
        }
        for entry in fs::read_dir(from).map_err(|error| copying(&error))? {
            let name = entry.map_err(|error| copying(&error))?.file_name();
            self.copy_any(&from.join(&name), &to.join(&name), tally)?;
        }
        if new {
            // Last: a folder may be one that nothing can be added to.
            let mode = from.metadata().map_err(|error| copying(&error))?.permissions().mode();
            fs::set_permissions(to, Permissions::from_mode(mode & 0o777)).map_err(|error| copying(&error))?;
        }
        Ok(())
    }

    /// Copies under another name first: a copy that is cut off must not pass for the file.
    fn copy_file(&mut self, from: &Path, to: &Path) -> Carried<()> {
        let copying = |error: &io::Error| failed("copying", from, error);
        let unfinished = to.with_file_name(UNFINISHED);
        if let Err(error) = fs::remove_file(&unfinished)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(copying(&error));
        }
        let open = || -> io::Result<(File, File)> {
            let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
            let source = OpenOptions::new().read(true).custom_flags(flags).open(from)?;
            let copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
            Ok((source, copy))
        };
        let (source, mut copy) = open().map_err(|error| copying(&error))?;
        let done = self.pour(from, &source, &mut copy).and_then(|()| {
            let mode = source.metadata().map_err(|error| copying(&error))?.permissions().mode();
            copy.set_permissions(Permissions::from_mode(mode & 0o777)).map_err(|error| copying(&error))?;
            fs::rename(&unfinished, to).map_err(|error| copying(&error))
        });
        if done.is_err() {
            fs::remove_file(&unfinished).ok();
        }
        done
    }

    fn pour(&mut self, from: &Path, source: &File, copy: &mut File) -> Carried<()> {
        // The kernel copies, and shares the blocks where the file system can.
        while io::copy(&mut source.take(PIECE), copy).map_err(|error| failed("copying", from, &error))? == PIECE {
            self.ask()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::{Path, PathBuf};

    use tempfile::TempDir;

    use super::{Carrier, Trouble, Way};
    use crate::domain::glob::Pattern;

    /// Two folders: the main worktree's, and the new one's.
    struct Trees(TempDir);

    impl Trees {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join("from")).unwrap();
            fs::create_dir(folder.path().join("to")).unwrap();
            Self(folder)
        }

        fn write(&self, path: &str, content: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }

        fn read(&self, path: &str) -> String {
            fs::read_to_string(self.0.path().join(path)).unwrap()
        }

        /// Brings what matches of these; what was told.
        fn bring(&self, way: Way, pattern: &str, ignored: &[&str]) -> (Result<(), Trouble>, Vec<String>) {
            self.bring_while(way, pattern, ignored, &mut || true)
        }

        fn bring_while(
            &self,
            way: Way,
            pattern: &str,
            ignored: &[&str],
            go_on: &mut dyn FnMut() -> bool,
        ) -> (Result<(), Trouble>, Vec<String>) {
            let mut told = Vec::new();
            let ignored: Vec<PathBuf> = ignored.iter().map(PathBuf::from).collect();
            let (from, to) = (self.0.path().join("from"), self.0.path().join("to"));
            let brought = Carrier { from: &from, to: &to, tell: &mut |line| told.push(line.to_owned()), go_on }.bring(
                way,
                &[Pattern::parse(pattern).unwrap()],
                &ignored,
                &[],
            );
            (brought, told)
        }
    }

    #[test]
    fn folders_come_with_everything_in_them() {
        let trees = Trees::new();
        trees.write("from/cache/a/b", "deep");
        trees.write("from/cache/run.sh", "#!/bin/sh");
        let from = trees.0.path().join("from/cache");
        fs::set_permissions(from.join("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
        fs::set_permissions(from.join("a"), fs::Permissions::from_mode(0o500)).unwrap();
        symlink("run.sh", from.join("link")).unwrap();
        nix::unistd::mkfifo(&from.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let (brought, told) = trees.bring(Way::Copy, "cache", &["cache", ".env"]);
        brought.unwrap();
        let to = trees.0.path().join("to/cache");
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&to.join("run.sh")), mode(&to.join("a"))), (0o750, 0o500));
        assert_eq!(
            (trees.read("to/cache/a/b").as_str(), fs::read_link(to.join("link")).unwrap()),
            ("deep", "run.sh".into())
        );
        assert!(!to.join("pipe").exists());
        assert!(told[0].ends_with("from/cache/pipe: it is a named pipe"), "{told:?}");
        assert_eq!(told[1], "copied cache (3 files)");
        for folder in [from.join("a"), to.join("a")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
        }
    }

    #[test]
    fn nothing_in_the_tree_is_overwritten() {
        let trees = Trees::new();
        trees.write("from/.env", "theirs");
        trees.write("from/cache/a", "theirs");
        trees.write("from/cache/b", "theirs");
        trees.write("to/.env", "mine");
        trees.write("to/cache/a", "mine");
        let (brought, told) = trees.bring(Way::Copy, "**", &[".env", "cache"]);
        brought.unwrap();
        assert_eq!(told, ["kept .env: it is here already", "copied cache (1 files; 1 were here already and are kept)"]);
        assert_eq!(
            (trees.read("to/.env"), trees.read("to/cache/a"), trees.read("to/cache/b")),
            ("mine".into(), "mine".into(), "theirs".into())
        );
        let (brought, told) = trees.bring(Way::Link, "*", &[".env"]);
        brought.unwrap();
        assert_eq!(
            (told, trees.read("to/.env")),
            (vec!["kept .env: it is here already".to_owned()], "mine".to_owned())
        );
    }

    #[test]
    fn nothing_is_written_outside_of_the_tree() {
        let trees = Trees::new();
        trees.write("from/config/x.local", "theirs");
        trees.write("outside/keep", "");
        symlink("../outside", trees.0.path().join("to/config")).unwrap();
        for way in [Way::Copy, Way::Link] {
            let (brought, told) = trees.bring(way, "config/*.local", &["config/x.local"]);
            brought.unwrap();
            assert_eq!(told, ["left out config/x.local: config is not a folder here"]);
        }
        assert_eq!(fs::read_dir(trees.0.path().join("outside")).unwrap().count(), 1);
    }

    #[test]
    fn links_are_absolute_and_folders_on_the_way_are_made() {
        let trees = Trees::new();
        trees.write("from/web/node_modules/left-pad/index.js", "");
        let (brought, told) = trees.bring(Way::Link, "**/node_modules", &["web/node_modules"]);
        brought.unwrap();
        assert_eq!(told, ["linked web/node_modules"]);
        let target = fs::read_link(trees.0.path().join("to/web/node_modules")).unwrap();
        assert_eq!(target, trees.0.path().join("from/web/node_modules"));
    }

    #[test]
    fn a_pattern_reaches_into_ignored_folders_but_not_into_other_worktrees() {
        let trees = Trees::new();
        trees.write("from/out/deep/x.local", "");
        trees.write("from/out/other", "");
        trees.write("from/trees/one/.git", "gitdir: elsewhere");
        trees.write("from/trees/one/x.local", "");
        let (brought, told) = trees.bring(Way::Copy, "**/*.local", &["out", "trees"]);
        brought.unwrap();
        assert_eq!(told, ["copied out/deep/x.local"]);
        assert!(!trees.0.path().join("to/out/other").exists());
    }

    #[test]
    fn a_tree_inside_of_the_repository_is_not_brought_into_itself() {
        let trees = Trees::new();
        let from = trees.0.path();
        trees.write("to/a", "");
        let mut told = Vec::new();
        let (root, tree) = (from.to_owned(), from.join("to"));
        Carrier { from: &root, to: &tree, tell: &mut |line| told.push(line.to_owned()), go_on: &mut || true }
            .bring(Way::Copy, &[Pattern::parse("*").unwrap()], &["to".into()], &[])
            .unwrap();
        assert_eq!(told, ["left out to: this worktree is in it"]);
    }

    #[test]
    fn a_copy_that_was_cut_off_is_made_again_and_never_passes_for_the_file() {
        let trees = Trees::new();
        trees.write("from/.env", "whole");
        trees.write("to/.ganger-copying", "who");
        assert!(trees.bring(Way::Copy, ".env", &[".env"]).0.is_ok());
        assert_eq!(trees.read("to/.env"), "whole");
        assert_eq!(fs::read_dir(trees.0.path().join("to")).unwrap().count(), 1);
    }

    #[test]
    fn it_stops_when_it_is_asked_to_and_names_what_it_can_not_copy() {
        let trees = Trees::new();
        trees.write("from/a", "");
        let (brought, _) = trees.bring_while(Way::Copy, "a", &["a"], &mut || false);
        assert!(matches!(brought, Err(Trouble::Interrupted)));
        fs::remove_dir(trees.0.path().join("to")).unwrap();
        let (brought, told) = trees.bring(Way::Copy, "a", &["a"]);
        let Err(Trouble::Failed(why)) = brought else { panic!("{brought:?}") };
        assert!(why.starts_with("copying ") && why.contains("from/a: No such file"), "{why}");
        assert_eq!(told, Vec::<String>::new());
    }
}
