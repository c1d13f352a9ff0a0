//! Real git in temporary folders, hermetic. Each file is about one promise.

mod adding;
mod carrying;
mod comparing;
mod crashing;
mod evidence;
mod finding;
mod holding;
mod insisting;
mod merging;
mod parking;
mod reading;
mod removing;

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Git;
use crate::domain::attempt::Tree;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::saga::Remains;
use crate::domain::state::TreeState;
use crate::os::process::{Answer, Call, run};
use crate::ports::worktrees::{NewTree, Parking, Result, TreeError, Worktrees as _};

const DEADLINE: Duration = Duration::from_mins(1);
const BRANCH: &str = "ganger/12-fix";

/// A folder with an empty home, a repository, and a place for trees.
struct Lab {
    folder: tempfile::TempDir,
    repo: PathBuf,
    git: Git,
}

impl Lab {
    /// A repository with one commit: a file, one in a folder, an ignore file.
    fn new() -> Self {
        Self::at("repo")
    }

    fn at(name: &str) -> Self {
        let lab = Self::empty(name);
        lab.write("a.txt", "one\n");
        lab.write("src/b.txt", "two\n");
        lab.write(".gitignore", "ignored/\n*.log\n");
        lab.commit_all();
        lab
    }

    fn empty(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        // From 2.47 on, what a commit leaves to do runs beside whatever comes next, with a lock in the repository.
        write(&root.join("home/.gitconfig"), "[maintenance]\n\tauto = false\n");
        let repo = root.join(name);
        let git = hermetic(Git::new(DEADLINE), &root).with_scratch(&root.join("views"));
        let lab = Self { folder, repo, git };
        std::fs::create_dir_all(&lab.repo).unwrap();
        lab.run(&["init", "--quiet", "--initial-branch=main"]);
        lab
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        write(&self.repo.join(file), text);
    }

    fn commit_all(&self) {
        self.run(&["add", "--all"]);
        self.run(&["commit", "--quiet", "--message=x"]);
    }

    /// Runs git in a folder as a person would.
    fn try_in(&self, folder: &Path, args: &[&str]) -> Answer {
        let mut call = Call::new("git", DEADLINE).cwd(folder).args(args);
        for (name, value) in environment(&self.root()) {
            call = call.env(name, value);
        }
        for person in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
            call = call.env(person, "person");
        }
        run(&call).unwrap()
    }

    fn run_in(&self, folder: &Path, args: &[&str]) -> String {
        let answer = self.try_in(folder, args);
        assert!(answer.ok(), "git {args:?}: {}", answer.complaint());
        answer.text()
    }

    fn run(&self, args: &[&str]) -> String {
        self.run_in(&self.repo, args)
    }

    fn head(&self) -> String {
        self.run(&["rev-parse", "HEAD"])
    }

    fn path(&self) -> PathBuf {
        self.root().join("trees/repo/12-fix")
    }

    fn tree(&self) -> Tree {
        tree_at(&self.root(), self.repo.clone(), self.head())
    }

    fn add_with(git: &Git, tree: &Tree) -> Result<()> {
        git.add(&new(tree), &|| true)
    }

    fn add(&self) -> Tree {
        let tree = self.tree();
        Self::add_with(&self.git, &tree).unwrap();
        tree
    }

    fn remove(&self, tree: &Tree) -> Remains {
        self.git.remove(tree, &|| true).unwrap()
    }

    fn park(&self, tree: &Tree, by: &AttemptId, trash: &Path) -> Result<Option<PathBuf>> {
        let moved = self.git.park(tree, &Parking { by, trash, force: false }, &|| true)?;
        // Nothing was left undone on the way.
        Ok(moved.map(|moved| if moved.said.is_empty() { moved.path } else { panic!("{:?}", moved.said) }))
    }

    /// Asserts that a tree is kept, and returns the reason.
    fn kept(&self, tree: &Tree) -> String {
        let before = content(&tree.path);
        let refs = self.run(&["for-each-ref"]);
        let Remains::Kept(why) = self.remove(tree) else { panic!("it was removed") };
        assert_eq!(content(&tree.path), before);
        assert_eq!(self.run(&["for-each-ref"]), refs);
        why
    }

    /// A program that is called as git, and does this in `sh`; `$GIT` is git.
    fn wrapper(&self, script: &str) -> Git {
        let path = self.root().join("wrapper");
        let text = format!("#!/bin/sh\ncase \" $* \" in\n{script}\nesac\nexec git \"$@\"\n");
        // Written by a program: a descriptor that is open for writing, forked elsewhere, makes exec fail.
        let call = Call::new("sh", DEADLINE).args(["-c", "cat > \"$0\""]).args([&path]).stdin(text.into_bytes());
        assert!(run(&call).unwrap().ok());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self.git.clone().with_program(path)
    }

    /// Everything that git knows of the repository, and every file in it but our lock.
    fn everything(&self) -> (String, BTreeMap<PathBuf, Vec<u8>>) {
        let mut files = content(&self.repo);
        files.retain(|path, _| path.file_name().is_none_or(|name| name != "ganger.lock"));
        (self.run(&["worktree", "list", "--porcelain"]), files)
    }
}

fn tree_at(root: &Path, repo: PathBuf, base: String) -> Tree {
    Tree {
        path: root.join("trees/repo/12-fix"),
        repo,
        branch: BRANCH.to_owned(),
        base,
        owner: attempt(1),
        task: TaskId(12),
        state: TreeState::Planned,
        given: false,
        ran: false,
        parked: None,
    }
}

fn new(tree: &Tree) -> NewTree<'_> {
    NewTree {
        repo: &tree.repo,
        path: &tree.path,
        branch: &tree.branch,
        given: tree.given.then_some(&[]),
        base: &tree.base,
    }
}

fn attempt(number: u8) -> AttemptId {
    AttemptId::parse(&format!("01980000-0000-7000-8000-0000000000{number:02x}")).unwrap()
}

fn environment(root: &Path) -> Vec<(&'static str, PathBuf)> {
    let home = root.join("home");
    vec![
        ("HOME", home.clone()),
        ("XDG_CONFIG_HOME", home),
        ("GIT_CONFIG_NOSYSTEM", PathBuf::from("1")),
        ("GIT_CEILING_DIRECTORIES", root.to_owned()),
    ]
}

fn hermetic(git: Git, root: &Path) -> Git {
    environment(root).into_iter().fold(git, |git, (name, value)| git.with_env(name, value))
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Every file, link and folder below a folder, with what is in it.
fn content(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![root.to_owned()];
    while let Some(folder) = ahead.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let bytes = if meta.is_dir() {
                ahead.push(path.clone());
                b"folder".to_vec()
            } else if meta.is_symlink() {
                std::fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()
            } else {
                std::fs::read(&path).unwrap()
            };
            found.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
        }
    }
    found
}

fn failure(result: &Result<()>) -> String {
    let Err(TreeError::Failed { why, .. }) = result else { panic!("{result:?}") };
    why.clone()
}
