//! What the works on a board come to, and where two of them meet: looked at again only where something has happened.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::diff::{self, Subject};
use super::{Engine, Fault};
use crate::domain::attempt::Doing;
use crate::domain::diff::{Changed, File, Part, Sum};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Phase, Status};
use crate::domain::time::Timestamp;
use crate::ports::store::Filter;
use crate::ports::worktrees::Clash;

/// Two works that change the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The smaller id first.
    pub tasks: [TaskId; 2],
    pub files: Vec<PathBuf>,
    /// Those that could not be merged by themselves.
    pub conflicts: Vec<PathBuf>,
}

impl Overlap {
    /// The other one.
    #[must_use]
    pub fn with(&self, task: TaskId) -> Option<TaskId> {
        let [one, other] = self.tasks;
        match (one == task, other == task) {
            (true, _) => Some(other),
            (_, true) => Some(one),
            _ => None,
        }
    }

    /// The files that matter most, with commas: where they conflict, or else that both change.
    #[must_use]
    pub fn named(&self) -> String {
        let files = if self.conflicts.is_empty() { &self.files } else { &self.conflicts };
        let names: Vec<_> = files.iter().take(3).map(|file| file.to_string_lossy()).collect();
        let more = files.len().saturating_sub(names.len());
        if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
    }
}

/// What a look came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Of the works that were looked at again; `None` where a work can't be compared.
    pub changed: Vec<(TaskId, Option<Changed>)>,
    /// All there are.
    pub overlaps: Vec<Overlap>,
}

/// Who was looked at, and what a look depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    status: Status,
    attempt: AttemptId,
    phase: Phase,
    doing: Option<Doing>,
    updated_at: Timestamp,
}

struct Work {
    stamp: Stamp,
    subject: Option<Subject>,
    /// By each name that it has or had.
    paths: BTreeSet<PathBuf>,
    /// In which look.
    look: u64,
}

/// What is known from earlier looks.
#[derive(Default)]
pub struct Survey {
    works: HashMap<TaskId, Work>,
    /// By the looks that the two works are from.
    pairs: HashMap<[(TaskId, u64); 2], Option<Overlap>>,
    looks: u64,
}

impl Survey {
    /// Looks at the works in progress and in review, of `repo` or of all, for as long as `goes_on`.
    ///
    /// # Errors
    /// Those of the store. A work that can't be read is one that nothing is known of.
    pub fn look(&mut self, engine: &Engine, repo: Option<&Path>, goes_on: &dyn Fn() -> bool) -> Result<Found, Fault> {
        let statuses = vec![Status::InProgress, Status::Review];
        let filter = Filter { repo: repo.map(Path::to_owned), statuses, ..Filter::default() };
        let mut found = Found::default();
        let mut known = HashMap::new();
        self.looks += 1;
        for task in engine.ports.store.tasks(&filter)?.tasks {
            let Some(id) = &task.attempt else { continue };
            let Some(attempt) = engine.ports.store.attempt(id)? else { continue };
            let stamp = Stamp {
                status: task.status,
                attempt: id.clone(),
                phase: attempt.phase,
                doing: attempt.doing,
                updated_at: task.updated_at,
            };
            let work = match self.works.remove(&task.id) {
                Some(work) if work.stamp == stamp || !goes_on() => work,
                _ if !goes_on() => continue,
                _ => {
                    let (work, changed) = self.read(engine, task.id, stamp);
                    found.changed.push((task.id, changed));
                    work
                }
            };
            known.insert(task.id, work);
        }
        self.works = known;
        self.meet(engine, goes_on);
        let mut overlaps: Vec<Overlap> = self.pairs.values().flatten().cloned().collect();
        overlaps.sort_by_key(|overlap| overlap.tasks);
        found.overlaps = overlaps;
        Ok(found)
    }

    fn read(&self, engine: &Engine, id: TaskId, stamp: Stamp) -> (Work, Option<Changed>) {
        let subject = diff::subject(engine, id, None).ok();
        let files = subject.as_ref().and_then(|subject| diff::files(engine, subject, Part::Whole).ok());
        let changed =
            subject.as_ref().zip(files.as_deref()).and_then(|(subject, files)| changed(engine, subject, files));
        let paths = files.iter().flatten().flat_map(|file| [file.path.clone(), file.old().to_owned()]).collect();
        (Work { stamp, subject, paths, look: self.looks }, changed)
    }

    /// Finds the pairs that meet, those of before as they were.
    fn meet(&mut self, engine: &Engine, goes_on: &dyn Fn() -> bool) {
        let mut tasks: Vec<TaskId> = self.works.keys().copied().collect();
        tasks.sort();
        let mut pairs = HashMap::new();
        for (at, one) in tasks.iter().enumerate() {
            for other in &tasks[at + 1..] {
                let works = (&self.works[one], &self.works[other]);
                let key = [(*one, works.0.look), (*other, works.1.look)];
                let overlap = match self.pairs.remove(&key) {
                    Some(overlap) => overlap,
                    None if !goes_on() => continue,
                    None => overlap(engine, [*one, *other], works),
                };
                pairs.insert(key, overlap);
            }
        }
        self.pairs = pairs;
    }
}

/// How much work that is, and how much of it is in no commit.
#[must_use]
pub fn changed(engine: &Engine, subject: &Subject, files: &[File]) -> Option<Changed> {
    let sum = Sum::of(files);
    let uncommitted = diff::files(engine, subject, Part::Uncommitted).ok()?.len();
    Some(Changed { added: sum.added, removed: sum.removed, uncommitted })
}

fn overlap(engine: &Engine, tasks: [TaskId; 2], (one, other): (&Work, &Work)) -> Option<Overlap> {
    let (ours, theirs) = (one.subject.as_ref()?, other.subject.as_ref()?);
    if ours.repo != theirs.repo || ours.place == theirs.place {
        return None;
    }
    let (mut files, mut conflicts) = (Vec::new(), Vec::new());
    for path in one.paths.intersection(&other.paths) {
        match diff::clash(engine, ours, theirs, path).unwrap_or(Clash::Unknown) {
            Clash::Same => continue,
            Clash::Conflicts => conflicts.push(path.clone()),
            Clash::Merges | Clash::Unknown => {}
        }
        files.push(path.clone());
    }
    (!files.is_empty()).then_some(Overlap { tasks, files, conflicts })
}
