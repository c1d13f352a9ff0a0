//! Bringing work home: git makes the merge in a worktree of our own ([`bench`](super::bench)), and then the branch moves
//! forward to it.
//!
//! The move is one command, which moves all or nothing: `update-ref` from a known commit where the branch is checked out
//! nowhere, `git merge --ff-only` in its checkout otherwise. Nothing before it changes anything that is the user's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Git;
use super::bench::{Bench, Hooks, as_user};
use super::call::{failed, option};
use super::follow::Follow;
use super::layout::{Admin, Lock, record_of, settle};
use super::read::Repo;
use super::refs::{Head, Maker, Tip};
use super::repo_lock::RepoLock;
use super::{forget, merged, snapshot};
use crate::domain::id::TaskId;
use crate::domain::merge::{Built, Contained, Home, Method, Target};
use crate::domain::tree;
use crate::os::process::{Answer, Call};
use crate::ports::merges::{Build, Check, Merges, Moved};
use crate::ports::worktrees::{Result, TreeError};

/// How much longer than other calls the move of a checkout may take: it writes files, and runs the user's hook.
const PATIENT: u32 = 30;

const MERGE: &str = "git merge";

/// What a git directory has while an operation is under way in which a merge would interfere, and what that is.
const UNDER_WAY: [(&str, &str); 6] = [
    ("MERGE_HEAD", "a merge is under way"),
    ("CHERRY_PICK_HEAD", "a cherry-pick is under way"),
    ("REVERT_HEAD", "a revert is under way"),
    ("rebase-merge", "a rebase is under way"),
    ("rebase-apply", "a rebase is under way"),
    ("sequencer", "a cherry-pick or revert is under way"),
];

impl Merges for Git {
    fn head(&self, repo: &Path, tree: Option<&Path>) -> Result<tree::Head> {
        let repo = Repo::open(self, repo)?;
        let admin = match tree {
            Some(tree) => record_of(&repo.common, &settle(tree)?).map_err(TreeError::Impossible)?,
            None => Admin::of_main(&repo.common),
        };
        match admin.head() {
            Head::Branch(branch) => Ok(tree::Head::Branch(branch)),
            Head::Detached(commit) => Ok(tree::Head::Detached(commit)),
            Head::Unmade => Err(TreeError::Impossible(format!("{} has no HEAD", admin.dir.display()))),
        }
    }

    fn target(&self, repo: &Path, branch: &str) -> Result<Option<Target>> {
        let repo = Repo::open(self, repo)?;
        match repo.tip(branch)? {
            Tip::Absent => Ok(None),
            Tip::At(tip) => Ok(Some(Target { branch: branch.to_owned(), tip, home: home(&repo, branch)? })),
            Tip::Symbolic => {
                Err(TreeError::Impossible(format!("branch {branch} is a symbolic reference to another; name that one")))
            }
        }
    }

    fn uncommitted(&self, repo: &Path, path: &Path) -> Result<Vec<String>> {
        let paths = snapshot::uncommitted(self, repo, path)?;
        Ok(paths.into_iter().map(|path| path.display().to_string()).collect())
    }

    fn commit_all(&self, repo: &Path, path: &Path, message: &str) -> Result<()> {
        commit_all(self, &Repo::open(self, repo)?, &settle(path)?, message)
    }

    fn contained(&self, repo: &Path, work: &str, target: &str) -> Result<Option<Contained>> {
        merged::look(self, &Repo::open(self, repo)?, work, target)
    }

    fn build(&self, build: &Build<'_>, check: Option<Check<'_>>) -> Result<Built> {
        make(self, &Repo::open(self, build.repo)?, build, check)
    }

    fn advance(&self, repo: &Path, target: &Target, to: &str, why: &str) -> Result<Moved> {
        let repo = Repo::open(self, repo)?;
        let moving = Moving { git: self, repo: &repo, target, to, why };
        match &target.home {
            Home::Nowhere => moving.reference(),
            Home::At(path) => moving.checkout(path),
            Home::Busy(..) | Home::Several(_) => Ok(Moved::No("it is in use".to_owned())),
        }
    }

    fn forget(&self, repo: &Path, task: TaskId, into: &str) -> Result<Vec<String>> {
        forget::forget(self, &Repo::open(self, repo)?, task, into)
    }

    fn delete_branch(&self, repo: &Path, branch: &str, tip: &str, parked: Option<&Path>) -> Result<bool> {
        delete_branch(self, &Repo::open(self, repo)?, branch, tip, parked)
    }
}

/// Where a branch is checked out.
fn home(repo: &Repo, branch: &str) -> Result<Home> {
    let mut all = Admin::all(&repo.common).map_err(|error| failed("read worktrees", error))?;
    let main = repo.main_path(None)?;
    // A bare repository has a HEAD, and no files that would follow it.
    if main != repo.common {
        all.insert(0, Admin::of_main(&repo.common));
    }
    all.retain(|admin| admin.holds(branch));
    let place = |admin: &Admin| {
        let tree = if admin.dir == repo.common { Some(main.clone()) } else { admin.tree() };
        tree.unwrap_or_else(|| admin.dir.clone())
    };
    let [admin] = all.as_slice() else {
        let places: Vec<PathBuf> = all.iter().map(place).collect();
        return Ok(if places.is_empty() { Home::Nowhere } else { Home::Several(places) });
    };
    let path = place(admin);
    let busy = |why: &str| Ok(Home::Busy(path.clone(), why.to_owned()));
    if !path.is_dir() {
        return busy("that folder is gone (git worktree prune)");
    }
    if let Some((_, what)) = UNDER_WAY.iter().find(|(name, _)| admin.dir.join(name).symlink_metadata().is_ok()) {
        return busy(what);
    }
    if admin.head() != Head::Branch(branch.to_owned()) {
        return busy("it is being bisected");
    }
    match admin.lock(&path) {
        Lock::Working(_) => busy("an agent works there"),
        Lock::Making => busy("it is being made"),
        Lock::No | Lock::Other(_) => Ok(Home::At(path)),
    }
}

/// Makes the merge on a bench.
fn make(git: &Git, repo: &Repo, build: &Build<'_>, check: Option<Check<'_>>) -> Result<Built> {
    let (onto, work) = (build.target.tip.as_str(), build.work);
    if build.method == Method::FastForward && build.since.is_none() && !is_ancestor(git, repo, onto, work)? {
        return Ok(Built::Diverged);
    }
    let beside = match &build.target.home {
        Home::At(path) => path.clone(),
        Home::Nowhere | Home::Busy(..) | Home::Several(_) => repo.main_path(None)?,
    };
    let hooks = if build.hooks { Hooks::of(git, &beside)? } else { None };
    // Hooks look at the files, as the check does.
    let whole = hooks.is_some() || check.is_some();
    let start = if build.method == Method::Rebase || build.since.is_some() { work } else { onto };
    let bench = Bench::open(git, repo, start, whole, hooks)?;
    if let Some(built) = run(git, &bench, build)? {
        return Ok(built);
    }
    let commit = bench.head()?;
    if let Some(Err(why)) = check.map(|check| check(&bench.path)) {
        return Ok(Built::Unverified(why));
    }
    let in_the_way = match &build.target.home {
        Home::At(path) => Follow { git, repo, path, from: onto, to: &commit }.in_the_way()?,
        Home::Nowhere | Home::Busy(..) | Home::Several(_) => Vec::new(),
    };
    Ok(Built::Made { commit, in_the_way })
}

/// What kept it from being made, if anything did.
fn run(git: &Git, bench: &Bench<'_>, build: &Build<'_>) -> Result<Option<Built>> {
    let quietly = ["--quiet", "--no-stat"];
    if let Some(since) = build.since {
        let call = bench.call().args(["rebase"]).args(quietly).args(["--no-autostash", "--no-fork-point", "--onto"]);
        if let Some(built) = step(git, bench, &call.args([build.target.tip.as_str(), since]), "git rebase")? {
            return Ok(Some(built));
        }
        if build.method != Method::Squash {
            // It stands on the target as it is.
            return Ok(None);
        }
        let work = bench.head()?;
        git.must(&bench.call().args(["checkout", "--quiet", "--detach", &build.target.tip]), MERGE)?;
        return run(git, bench, &Build { work: &work, since: None, ..build.clone() });
    }
    let merge = bench.call().args(["merge"]).args(quietly).args(["--no-edit", "--no-autostash"]);
    let steps: Vec<(Call, &str)> = match build.method {
        Method::Merge => vec![(merge.args(["-m", build.message, build.work]), MERGE)],
        Method::FastForward => vec![(merge.args(["--ff-only", build.work]), MERGE)],
        Method::Squash => {
            let commit = bench.call().args(["commit", "--quiet", "--no-edit", "-m", build.message]);
            vec![(merge.args(["--squash", build.work]), MERGE), (commit, "git commit")]
        }
        Method::Rebase => {
            let rebase = bench.call().args(["rebase"]).args(quietly);
            vec![(rebase.args(["--no-autostash", "--no-fork-point", &build.target.tip]), "git rebase")]
        }
    };
    for (call, doing) in steps {
        if let Some(built) = step(git, bench, &call, doing)? {
            return Ok(Some(built));
        }
    }
    Ok(None)
}

/// A command on the way; what kept it from its end, if anything did.
fn step(git: &Git, bench: &Bench<'_>, call: &Call, doing: &str) -> Result<Option<Built>> {
    let answer = git.ask(call, doing)?;
    if answer.ok() {
        return Ok(None);
    }
    let files = bench.conflicts()?;
    if !files.is_empty() {
        return Ok(Some(Built::Conflicts(files)));
    }
    if let Some(name) = bench.refused_by() {
        return Ok(Some(Built::Hook { name, said: said(&answer) }));
    }
    Err(failed(doing, answer.complaint()))
}

/// What a hook said, wherever.
fn said(answer: &Answer) -> String {
    let text = [String::from_utf8_lossy(&answer.stderr), String::from_utf8_lossy(&answer.stdout)].concat();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}

fn is_ancestor(git: &Git, repo: &Repo, older: &str, newer: &str) -> Result<bool> {
    let answer = git.ask(&git.call(&repo.common).args(["merge-base", "--is-ancestor", older, newer]), MERGE)?;
    match answer.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(failed(MERGE, answer.complaint())),
    }
}

/// A branch on its way.
struct Moving<'a> {
    git: &'a Git,
    repo: &'a Repo,
    target: &'a Target,
    to: &'a str,
    why: &'a str,
}

impl Moving<'_> {
    /// Where nothing follows the branch.
    fn reference(&self) -> Result<Moved> {
        let name = format!("refs/heads/{}", self.target.branch);
        let call = as_user(self.git, &self.repo.common).args([option("--git-dir=", &self.repo.common)]).args([
            "update-ref",
            "--no-deref",
            "-m",
            self.why,
            &name,
            self.to,
            &self.target.tip,
        ]);
        let answer = self.git.ask(&call.survives(), "move the branch")?;
        self.seen(&answer)
    }

    /// Where a checkout follows it. git looks at everything once more, and then moves both; only what it would refuse is
    /// kept from it, since it leaves an ORIG_HEAD even then.
    fn checkout(&self, path: &Path) -> Result<Moved> {
        if home(self.repo, &self.target.branch)? != self.target.home
            || self.repo.tip(&self.target.branch)? != Tip::At(self.target.tip.clone())
        {
            return Ok(Moved::Elsewhere);
        }
        let follow = Follow { git: self.git, repo: self.repo, path, from: &self.target.tip, to: self.to };
        let files = follow.in_the_way()?;
        if !files.is_empty() {
            return Ok(Moved::InTheWay(files));
        }
        let patient = Git { deadline: self.git.deadline * PATIENT, ..self.git.clone() };
        let call = as_user(&patient, path)
            .env("GIT_CEILING_DIRECTORIES", path.parent().unwrap_or(path))
            .env("GIT_REFLOG_ACTION", self.why)
            .args(["merge", "--quiet", "--no-stat", "--no-autostash", "--no-verify-signatures", "--no-squash"])
            .args(["--ff-only", "--no-overwrite-ignore", self.to]);
        let answer = patient.ask(&call.survives(), MERGE)?;
        match self.seen(&answer)? {
            Moved::No(why) if why.contains("would be overwritten") => Ok(Moved::InTheWay(follow.in_the_way()?)),
            // It may have stopped half-way.
            Moved::No(why) => match follow.take_back() {
                Ok(left) if left.is_empty() => Ok(Moved::No(why)),
                Ok(left) => Ok(Moved::No(format!("{why}; it was left half-way in {}", left.join(", ")))),
                Err(error) => Ok(Moved::No(format!("{why}; it was left half-way: {error}"))),
            },
            moved => Ok(moved),
        }
    }

    /// What became of it, by where the branch is.
    fn seen(&self, answer: &Answer) -> Result<Moved> {
        Ok(match self.repo.tip(&self.target.branch)? {
            Tip::At(tip) if tip == self.to => Moved::Yes,
            Tip::At(tip) if tip == self.target.tip => Moved::No(said(answer)),
            Tip::At(_) | Tip::Absent | Tip::Symbolic => Moved::Elsewhere,
        })
    }
}

/// See [`Merges::commit_all`].
fn commit_all(git: &Git, repo: &Repo, path: &Path, message: &str) -> Result<()> {
    let admin = record_of(&repo.common, path).map_err(TreeError::Impossible)?;
    let hooks = Hooks::of(git, &repo.main_path(None)?)?;
    let folder = hooks.as_ref().map_or_else(|| OsStr::new("/dev/null").to_owned(), Hooks::folder);
    let call = || {
        as_user(git, path)
            .args([OsStr::new("-c").to_owned(), option("core.hooksPath=", &folder)])
            .args([option("--git-dir=", &admin.dir), option("--work-tree=", path)])
    };
    git.must(&call().args(["add", "--all"]), "git add")?;
    let answer = git.ask(&call().args(["commit", "--quiet", "--no-edit", "-m", message]), "git commit")?;
    if answer.ok() { Ok(()) } else { Err(failed("git commit", said(&answer))) }
}

/// See [`Merges::delete_branch`].
fn delete_branch(git: &Git, repo: &Repo, branch: &str, tip: &str, parked: Option<&Path>) -> Result<bool> {
    let _lock = RepoLock::take(&repo.common, &format!("delete {branch}"), git.patience)?;
    let is_ours = matches!(repo.maker(branch), Maker::UsUntouched | Maker::UsMoved);
    if !is_ours || repo.tip(branch)? != Tip::At(tip.to_owned()) {
        return Ok(false);
    }
    let holder = || repo.holder(branch).map_err(|error| failed("read worktrees", error));
    if let (Some(holder), Some(parked)) = (holder()?, parked)
        && holder == parked
    {
        let admin = record_of(&repo.common, parked).map_err(TreeError::Impossible)?;
        let call = git.call(&admin.dir).args(["update-ref", "--no-deref", "-m", "the branch is merged", "HEAD", tip]);
        git.must(&call, "detach the parked tree")?;
    }
    if holder()?.is_some() {
        return Ok(false);
    }
    let name = format!("refs/heads/{branch}");
    let call = git.call(&repo.common).args(["update-ref", "--no-deref", "-d", &name, tip]);
    Ok(git.ask(&call, "delete the branch")?.ok())
}
