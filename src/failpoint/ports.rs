//! The ports with a point before and after each call. Written by the pattern of the traits; a method that is missing here
//! does not compile.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{around, read};
use crate::domain::attempt::{Attempt, Plan, Tree};
use crate::domain::comment::Comment;
use crate::domain::diff::{Count, File};
use crate::domain::id::{AttemptId, FileId, Place, Process, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::merge::{Built, Contained, Target};
use crate::domain::patch::{Limit, Patch};
use crate::domain::reconcile::{Lock, Probe};
use crate::domain::saga::Remains;
use crate::domain::settings::Settings;
use crate::domain::task::{Draft, Task};
use crate::domain::time::Timestamp;
use crate::domain::tree::{Head, Whereabouts};
use crate::ports::host::{Access, Content, Disk, Entry, Found, Held, Locks, Processes, Signal, StateFiles, TreeFiles};
use crate::ports::merges::{self as merges, Build, Check, Merges};
use crate::ports::multiplexer::{self as mux, Multiplexer, MuxError, NewSession, PaneSeen, Panes, Server, Typed};
use crate::ports::repositories::{Repositories, Supplied, Unfit};
use crate::ports::store::{
    self as store, Amendment, Applied, Claim, Claimed, Commented, Deed, Filter, Heard, Import, Listing, News, Record,
    Reverse, Stamp, Store, StoreError, Which,
};
use crate::ports::worktrees::{
    self as trees, Compared, Intact, Moved, Name, NewTree, Parking, Snapshot, TreeError, Worktrees,
};

/// The ports of an engine.
pub struct Inner {
    pub store: Box<dyn Store>,
    pub trees: Box<dyn Worktrees>,
    pub merges: Box<dyn Merges>,
    pub mux: Box<dyn Multiplexer>,
    pub locks: Box<dyn Locks>,
    pub processes: Box<dyn Processes>,
    pub files: Box<dyn StateFiles>,
    pub repositories: Box<dyn Repositories>,
    pub disk: Box<dyn Disk>,
    pub tree_files: Box<dyn TreeFiles>,
}

/// Puts points around every call.
#[must_use]
pub fn wrap(state_dir: &Path, inner: Inner) -> Inner {
    read(state_dir);
    Inner {
        store: Box::new(PointedStore(inner.store)),
        trees: Box::new(PointedWorktrees(inner.trees)),
        merges: Box::new(PointedMerges(inner.merges)),
        mux: Box::new(PointedMultiplexer(inner.mux)),
        locks: Box::new(PointedLocks(inner.locks)),
        processes: Box::new(PointedProcesses(inner.processes)),
        files: Box::new(PointedStateFiles(inner.files)),
        repositories: Box::new(PointedRepositories(inner.repositories)),
        disk: Box::new(PointedDisk(inner.disk)),
        tree_files: Box::new(PointedTreeFiles(inner.tree_files)),
    }
}

fn store_fault(why: String) -> StoreError {
    StoreError::Failed { doing: "asking the database".to_owned(), why }
}

fn tree_fault(why: String) -> TreeError {
    TreeError::Failed { doing: "git".to_owned(), why }
}

const fn mux_fault(why: String) -> MuxError {
    MuxError::Failed(why)
}

struct PointedStore(Box<dyn Store>);

impl Store for PointedStore {
    fn task(&self, id: TaskId) -> store::Result<Option<Task>> {
        around("store.task", || self.0.task(id), store_fault)
    }
    fn tasks(&self, filter: &Filter) -> store::Result<Listing> {
        around("store.tasks", || self.0.tasks(filter), store_fault)
    }
    fn attempt(&self, id: &AttemptId) -> store::Result<Option<Attempt>> {
        around("store.attempt", || self.0.attempt(id), store_fault)
    }
    fn attempts(&self, which: &Which) -> store::Result<Vec<Attempt>> {
        around("store.attempts", || self.0.attempts(which), store_fault)
    }
    fn trees(&self, task: TaskId) -> store::Result<Vec<Tree>> {
        around("store.trees", || self.0.trees(task), store_fault)
    }
    fn all_trees(&self, task: Option<TaskId>) -> store::Result<Vec<Tree>> {
        around("store.all-trees", || self.0.all_trees(task), store_fault)
    }
    fn timeline(&self, task: Option<TaskId>, after: i64, limit: u32) -> store::Result<Vec<Record>> {
        around("store.timeline", || self.0.timeline(task, after, limit), store_fault)
    }
    fn add(&self, drafts: &[Draft], stamp: &Stamp) -> store::Result<Vec<TaskId>> {
        around("store.add", || self.0.add(drafts, stamp), store_fault)
    }
    fn import(&self, entries: &[Import], stamp: &Stamp) -> store::Result<Vec<TaskId>> {
        around("store.import", || self.0.import(entries, stamp), store_fault)
    }
    fn claim(&self, claim: &Claim, stamp: &Stamp) -> store::Result<Claimed> {
        around("store.claim", || self.0.claim(claim, stamp), store_fault)
    }
    fn apply(
        &self,
        task: TaskId,
        attempt: Option<&AttemptId>,
        event: &Event,
        limits: Limits,
        stamp: &Stamp,
    ) -> store::Result<Applied> {
        around("store.apply", || self.0.apply(task, attempt, event, limits, stamp), store_fault)
    }
    fn amend(&self, amendment: &Amendment, stamp: &Stamp) -> store::Result<bool> {
        around("store.amend", || self.0.amend(amendment, stamp), store_fault)
    }
    fn hear(&self, attempt: &AttemptId, news: &News, stamp: &Stamp) -> store::Result<Heard> {
        around("store.hear", || self.0.hear(attempt, news, stamp), store_fault)
    }
    fn comments(&self, task: TaskId) -> store::Result<Vec<Comment>> {
        around("store.comments", || self.0.comments(task), store_fault)
    }
    fn seen(&self, task: TaskId) -> store::Result<Vec<String>> {
        around("store.seen", || self.0.seen(task), store_fault)
    }
    fn comment(&self, task: TaskId, act: &Commented, stamp: &Stamp) -> store::Result<bool> {
        around("store.comment", || self.0.comment(task, act, stamp), store_fault)
    }
    fn deeds(&self, repo: Option<&Path>, limit: u32) -> store::Result<Vec<Deed>> {
        around("store.deeds", || self.0.deeds(repo, limit), store_fault)
    }
    fn undo(&self, deed: &Deed, reverse: &Reverse, stamp: &Stamp) -> store::Result<bool> {
        around("store.undo", || self.0.undo(deed, reverse, stamp), store_fault)
    }
    fn history(&self, repo: &Path, after: i64, limit: u32) -> store::Result<Vec<Record>> {
        around("store.history", || self.0.history(repo, after, limit), store_fault)
    }
    fn trusted(&self, repo: &Path) -> store::Result<Vec<String>> {
        around("store.trusted", || self.0.trusted(repo), store_fault)
    }
    fn trust(&self, repo: &Path, supplied: &Supplied, stamp: &Stamp) -> store::Result<()> {
        around("store.trust", || self.0.trust(repo, supplied, stamp), store_fault)
    }
    fn trusted_before(&self, repo: &Path) -> store::Result<Option<Vec<u8>>> {
        around("store.trusted_before", || self.0.trusted_before(repo), store_fault)
    }
    fn distrust(&self, repo: &Path) -> store::Result<usize> {
        around("store.distrust", || self.0.distrust(repo), store_fault)
    }
    fn doubt(&self) -> store::Result<Option<String>> {
        around("store.doubt", || self.0.doubt(), store_fault)
    }
    fn believe(&self) -> store::Result<()> {
        around("store.believe", || self.0.believe(), store_fault)
    }
    fn version(&self) -> store::Result<i64> {
        self.0.version()
    }
}

struct PointedWorktrees(Box<dyn Worktrees>);

impl Worktrees for PointedWorktrees {
    fn repository(&self, from: &Path) -> trees::Result<PathBuf> {
        around("trees.repository", || self.0.repository(from), tree_fault)
    }
    fn resolve(&self, repo: &Path, base: &str) -> trees::Result<String> {
        around("trees.resolve", || self.0.resolve(repo, base), tree_fault)
    }
    fn is_same(&self, one: &Path, other: &Path) -> bool {
        self.0.is_same(one, other)
    }
    fn base_at(&self, from: &Path, base: &str) -> trees::Result<Option<String>> {
        around("trees.base_at", || self.0.base_at(from, base), tree_fault)
    }
    fn branch(&self, repo: &Path, branch: &str) -> trees::Result<Name> {
        around("trees.branch", || self.0.branch(repo, branch), tree_fault)
    }
    fn add(&self, tree: &NewTree<'_>, wanted: &dyn Fn() -> bool) -> trees::Result<()> {
        around("trees.add", || self.0.add(tree, wanted), tree_fault)
    }
    fn intact(&self, repo: &Path, path: &Path) -> Intact {
        self.0.intact(repo, path)
    }
    fn adopt(&self, repo: &Path, path: &Path) -> trees::Result<Intact> {
        around("trees.adopt", || self.0.adopt(repo, path), tree_fault)
    }
    fn glance(&self, path: &Path) -> bool {
        // It answers nothing that would not be looked at once more.
        self.0.glance(path)
    }
    fn whereabouts(&self, tree: &Tree, owners: &[AttemptId]) -> Whereabouts {
        let looked = around("trees.whereabouts", || Ok(self.0.whereabouts(tree, owners)), |why| why);
        looked.unwrap_or_else(Whereabouts::Unknown)
    }
    fn settle(&self, tree: &Tree, owners: &[AttemptId], act: &mut dyn FnMut(&Whereabouts)) -> trees::Result<()> {
        around("trees.settle", || self.0.settle(tree, owners, act), tree_fault)
    }
    fn remake(&self, tree: &Tree, wanted: &dyn Fn() -> bool) -> trees::Result<()> {
        around("trees.remake", || self.0.remake(tree, wanted), tree_fault)
    }
    fn hold(&self, plan: &Plan) -> trees::Result<()> {
        around("trees.hold", || self.0.hold(plan), tree_fault)
    }
    fn release(&self, plan: &Plan) -> trees::Result<()> {
        around("trees.release", || self.0.release(plan), tree_fault)
    }
    fn snapshot(&self, repo: &Path, path: &Path) -> trees::Result<Snapshot> {
        around("trees.snapshot", || self.0.snapshot(repo, path), tree_fault)
    }
    fn fresh(&self, repo: &Path, path: &Path, base: &str) -> trees::Result<Snapshot> {
        around("trees.fresh", || self.0.fresh(repo, path, base), tree_fault)
    }
    fn changed(&self, repo: &Path, path: &Path, since: &Snapshot) -> trees::Result<bool> {
        around("trees.changed", || self.0.changed(repo, path, since), tree_fault)
    }
    fn ignored(&self, repo: &Path) -> trees::Result<Vec<PathBuf>> {
        around("trees.ignored", || self.0.ignored(repo), tree_fault)
    }
    fn included(&self, repo: &Path) -> trees::Result<Vec<PathBuf>> {
        around("trees.included", || self.0.included(repo), tree_fault)
    }
    fn touched(&self, repo: &Path, since: Timestamp) -> trees::Result<Vec<PathBuf>> {
        around("trees.touched", || self.0.touched(repo, since), tree_fault)
    }
    fn commits(&self, repo: &Path, branch: &str, base: &str) -> trees::Result<Vec<String>> {
        around("trees.commits", || self.0.commits(repo, branch, base), tree_fault)
    }
    fn changes(&self, compared: &Compared<'_>) -> trees::Result<Vec<File>> {
        around("trees.changes", || self.0.changes(compared), tree_fault)
    }
    fn patches(
        &self,
        compared: &Compared<'_>,
        files: &[File],
        limit: Limit,
        read: &mut dyn FnMut(usize, Patch) -> bool,
    ) -> trees::Result<()> {
        around("trees.patches", || self.0.patches(compared, files, limit, read), tree_fault)
    }
    fn count(
        &self,
        compared: &Compared<'_>,
        files: &[File],
        counted: &mut dyn FnMut(usize, Option<Count>) -> bool,
    ) -> trees::Result<()> {
        around("trees.count", || self.0.count(compared, files, counted), tree_fault)
    }
    fn clash(
        &self,
        one: &trees::Compared<'_>,
        other: &trees::Compared<'_>,
        path: &Path,
    ) -> trees::Result<trees::Clash> {
        around("trees.clash", || self.0.clash(one, other, path), tree_fault)
    }
    fn remember(&self, tree: &Tree, reference: &str) -> trees::Result<()> {
        around("trees.remember", || self.0.remember(tree, reference), tree_fault)
    }
    fn remove(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<Remains> {
        around("trees.remove", || self.0.remove(tree, owned), tree_fault)
    }
    fn park(&self, tree: &Tree, parking: &Parking<'_>, owned: &dyn Fn() -> bool) -> trees::Result<Option<Moved>> {
        around("trees.park", || self.0.park(tree, parking, owned), tree_fault)
    }
    fn restore(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<Moved> {
        around("trees.restore", || self.0.restore(tree, owned), tree_fault)
    }
    fn delete(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> trees::Result<()> {
        around("trees.delete", || self.0.delete(tree, owned), tree_fault)
    }
    fn size(&self, folder: &Path) -> u64 {
        self.0.size(folder)
    }
}

struct PointedMerges(Box<dyn Merges>);

impl Merges for PointedMerges {
    fn head(&self, repo: &Path, tree: Option<&Path>) -> trees::Result<Head> {
        around("merges.head", || self.0.head(repo, tree), tree_fault)
    }
    fn target(&self, repo: &Path, branch: &str) -> trees::Result<Option<Target>> {
        around("merges.target", || self.0.target(repo, branch), tree_fault)
    }
    fn uncommitted(&self, repo: &Path, path: &Path) -> trees::Result<Vec<String>> {
        around("merges.uncommitted", || self.0.uncommitted(repo, path), tree_fault)
    }
    fn commit_all(&self, repo: &Path, path: &Path, message: &str) -> trees::Result<()> {
        around("merges.commit_all", || self.0.commit_all(repo, path, message), tree_fault)
    }
    fn contained(&self, repo: &Path, work: &str, target: &str) -> trees::Result<Option<Contained>> {
        around("merges.contained", || self.0.contained(repo, work, target), tree_fault)
    }
    fn build(&self, build: &Build<'_>, check: Option<Check<'_>>) -> trees::Result<Built> {
        around("merges.build", || self.0.build(build, check), tree_fault)
    }
    fn advance(&self, repo: &Path, target: &Target, to: &str, why: &str) -> trees::Result<merges::Moved> {
        around("merges.advance", || self.0.advance(repo, target, to, why), tree_fault)
    }
    fn forget(&self, repo: &Path, task: TaskId, into: &str) -> trees::Result<Vec<String>> {
        around("merges.forget", || self.0.forget(repo, task, into), tree_fault)
    }
    fn delete_branch(&self, repo: &Path, branch: &str, tip: &str, parked: Option<&Path>) -> trees::Result<bool> {
        around("merges.delete_branch", || self.0.delete_branch(repo, branch, tip, parked), tree_fault)
    }
}

struct PointedMultiplexer(Box<dyn Multiplexer>);

impl Multiplexer for PointedMultiplexer {
    fn server(&self, socket: &Path) -> mux::Result<Server> {
        around("mux.server", || self.0.server(socket), mux_fault)
    }
    fn start(&self, socket: &Path, session: &NewSession<'_>) -> mux::Result<()> {
        around("mux.start", || self.0.start(socket, session), mux_fault)
    }
    fn panes(&self, socket: &Path) -> mux::Result<Panes> {
        around("mux.panes", || self.0.panes(socket), mux_fault)
    }
    fn glance(&self, socket: &Path) -> mux::Result<Panes> {
        around("mux.panes", || self.0.glance(socket), mux_fault)
    }
    fn kill(&self, socket: &Path, pane: &PaneSeen) -> mux::Result<()> {
        around("mux.kill", || self.0.kill(socket, pane), mux_fault)
    }
    fn send(&self, socket: &Path, pane: &PaneSeen, typed: Typed<'_>) -> mux::Result<()> {
        around("mux.send", || self.0.send(socket, pane, typed), mux_fault)
    }
    fn capture(&self, socket: &Path, pane: &str, lines: u32) -> mux::Result<String> {
        around("mux.capture", || self.0.capture(socket, pane, lines), mux_fault)
    }
    fn resize(&self, socket: &Path, pane: &str, size: (u16, u16)) -> mux::Result<()> {
        around("mux.resize", || self.0.resize(socket, pane, size), mux_fault)
    }
    fn rang(&self, socket: &Path, pane: &str) -> mux::Result<bool> {
        around("mux.rang", || self.0.rang(socket, pane), mux_fault)
    }
}

struct PointedLocks(Box<dyn Locks>);

impl Locks for PointedLocks {
    fn exclusive(&self, path: &Path, wait: Duration) -> io::Result<Box<dyn Held>> {
        around("locks.exclusive", || self.0.exclusive(path, wait), io::Error::other)
    }
    fn shared(&self, path: &Path) -> io::Result<Box<dyn Held>> {
        around("locks.shared", || self.0.shared(path), io::Error::other)
    }
    fn ask(&self, path: &Path, expected: Option<FileId>) -> Lock {
        self.0.ask(path, expected)
    }
}

struct PointedProcesses(Box<dyn Processes>);

impl Processes for PointedProcesses {
    fn place(&self) -> Place {
        self.0.place()
    }
    fn me(&self) -> Process {
        self.0.me()
    }
    fn probe(&self, process: Process) -> Probe {
        self.0.probe(process)
    }
    fn is_ending(&self, process: Process) -> bool {
        self.0.is_ending(process)
    }
    fn is_stopped(&self, process: Process) -> bool {
        self.0.is_stopped(process)
    }
    fn traffic(&self, root: Process) -> Option<u64> {
        self.0.traffic(root)
    }
    fn processor_time(&self, root: Process) -> Option<Duration> {
        self.0.processor_time(root)
    }
    fn has_terminal(&self, process: Process) -> bool {
        self.0.has_terminal(process)
    }
    fn shims(&self) -> io::Result<Vec<(AttemptId, Process)>> {
        around("processes.shims", || self.0.shims(), io::Error::other)
    }
    fn signal(&self, process: Process, signal: Signal) -> io::Result<bool> {
        around("processes.signal", || self.0.signal(process, signal), io::Error::other)
    }
    fn members(&self, shim: Process, attempt: &AttemptId) -> io::Result<Vec<Found>> {
        around("processes.members", || self.0.members(shim, attempt), io::Error::other)
    }
    fn marked(&self, attempt: &AttemptId) -> io::Result<Vec<Found>> {
        around("processes.marked", || self.0.marked(attempt), io::Error::other)
    }
    fn ports_are_free(&self, first: u16, count: u16) -> bool {
        self.0.ports_are_free(first, count)
    }
    fn standing_in(&self, folder: &Path) -> io::Result<Vec<Found>> {
        around("processes.standing_in", || self.0.standing_in(folder), io::Error::other)
    }
}

struct PointedStateFiles(Box<dyn StateFiles>);

impl StateFiles for PointedStateFiles {
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        around("files.write", || self.0.write(path, bytes), io::Error::other)
    }
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        around("files.read", || self.0.read(path), io::Error::other)
    }
    fn read_ends(&self, path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
        around("files.read_ends", || self.0.read_ends(path, most), io::Error::other)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        around("files.list", || self.0.list(folder), io::Error::other)
    }
    fn set_aside(&self, path: &Path) -> io::Result<()> {
        around("files.set_aside", || self.0.set_aside(path), io::Error::other)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        around("files.remove", || self.0.remove(path), io::Error::other)
    }
}

struct PointedRepositories(Box<dyn Repositories>);

impl Repositories for PointedRepositories {
    fn supplied(&self, repo: &Path) -> io::Result<Option<Supplied>> {
        around("repositories.supplied", || self.0.supplied(repo), io::Error::other)
    }
    fn settings(&self, own: &Settings, supplied: &Supplied) -> Result<Settings, Unfit> {
        self.0.settings(own, supplied)
    }
}

struct PointedDisk(Box<dyn Disk>);

impl Disk for PointedDisk {
    fn look(&self, path: &Path) -> io::Result<Option<Entry>> {
        around("disk.look", || self.0.look(path), io::Error::other)
    }
    fn is_program(&self, path: &Path) -> io::Result<bool> {
        around("disk.is_program", || self.0.is_program(path), io::Error::other)
    }
}

struct PointedTreeFiles(Box<dyn TreeFiles>);

impl TreeFiles for PointedTreeFiles {
    fn list(&self, folder: &Path, most: usize) -> io::Result<Vec<PathBuf>> {
        around("tree_files.list", || self.0.list(folder, most), io::Error::other)
    }
    fn read(&self, path: &Path, most: u64) -> io::Result<Content> {
        around("tree_files.read", || self.0.read(path, most), io::Error::other)
    }
    fn make_folder(&self, path: &Path, access: Access) -> io::Result<bool> {
        around("tree_files.make_folder", || self.0.make_folder(path, access), io::Error::other)
    }
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<bool> {
        around("tree_files.create", || self.0.create(path, bytes), io::Error::other)
    }
    fn replace(&self, path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
        around("tree_files.replace", || self.0.replace(path, bytes, access), io::Error::other)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        around("tree_files.rename", || self.0.rename(from, to), io::Error::other)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        around("tree_files.remove", || self.0.remove(path), io::Error::other)
    }
    fn remove_empty(&self, folder: &Path) -> io::Result<bool> {
        around("tree_files.remove_empty", || self.0.remove_empty(folder), io::Error::other)
    }
}
