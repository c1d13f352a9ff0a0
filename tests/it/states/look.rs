//! What is in a tree, to the last bit, and what git says of everything in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::lgetxattr;

use super::build::Built;
use crate::support::World;

/// One path: type, mode, modification time, bytes or target, and an extended attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    mode: u32,
    modified: (i64, i64),
    bytes: Vec<u8>,
    attribute: Vec<u8>,
}

/// Everything that must be the same before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    paths: BTreeMap<PathBuf, Entry>,
    git: BTreeMap<PathBuf, Vec<String>>,
}

/// Looks at a tree, changing nothing.
pub fn look(world: &World, tree: &Path, built: &Built) -> Looked {
    let mut paths = BTreeMap::new();
    let mut ahead = vec![tree.to_owned()];
    while let Some(path) = ahead.pop() {
        let meta = path.symlink_metadata().unwrap();
        let bytes = if meta.is_dir() {
            ahead.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            Vec::new()
        } else if meta.is_symlink() {
            fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()
        } else if names_a_place(&path) {
            // It says where something is, and must change.
            Vec::new()
        } else {
            fs::read(&path).unwrap()
        };
        let mut attribute = [0; 64];
        let length = lgetxattr(&path, "user.ganger", &mut attribute[..]).unwrap_or(0);
        let entry = Entry {
            mode: meta.mode(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            bytes,
            attribute: attribute[..length].to_vec(),
        };
        paths.insert(path.strip_prefix(tree).unwrap().to_owned(), entry);
    }
    let git = built.repositories.iter().map(|below| (below.clone(), asked(world, &tree.join(below)))).collect();
    Looked { paths, git }
}

/// The files of git's that hold a path: `.git`, and `gitdir` in a record.
fn names_a_place(path: &Path) -> bool {
    let name = path.file_name().unwrap();
    name == ".git" || (name == "gitdir" && path.components().any(|part| part.as_os_str() == "worktrees"))
}

fn asked(world: &World, folder: &Path) -> Vec<String> {
    let ask = |args: &[&str]| {
        let mut all = vec!["--no-optional-locks"];
        all.extend(args);
        world.run("git", &all, folder)
    };
    ask(&["fsck", "--connectivity-only", "--no-dangling"]);
    vec![
        ask(&["status", "--porcelain=v2", "--branch", "--ignored", "--untracked-files=all"]),
        ask(&["log", "--format=%H %s", "HEAD"]),
        ask(&["ls-files", "--stage"]),
        ask(&["stash", "list"]),
    ]
}

impl Looked {
    /// What is not as it was; empty when all is.
    pub fn differences(&self, after: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for path in self.paths.keys().chain(after.paths.keys()) {
            let (was, is) = (self.paths.get(path), after.paths.get(path));
            if was != is {
                let short = |entry: Option<&Entry>| {
                    entry.map(|entry| {
                        (format!("{:o}", entry.mode), entry.modified, entry.bytes.len(), entry.attribute.len())
                    })
                };
                found.push(format!("{}: {:?} was {:?}", path.display(), short(is), short(was)));
            }
        }
        for (folder, was) in &self.git {
            let is = &after.git[folder];
            if was != is {
                found.push(format!("git in {:?}: {is:?} was {was:?}", folder.display()));
            }
        }
        found
    }
}
