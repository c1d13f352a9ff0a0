//! What the store promises, checked on real files.

mod acts;
mod contention;
mod files;
mod flow;
mod restored;
mod schema;
mod trust;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::Sqlite;
use crate::domain::attempt::{Brief, Files, Plan};
use crate::domain::id::{AttemptId, FileId, Place, Process, TaskId};
use crate::domain::lifecycle::{Event, Limits};
use crate::domain::state::{Phase, Status, Who};
use crate::domain::task::{Draft, Task};
use crate::domain::time::{BootTime, Now, Timestamp};
use crate::ports::store::{Applied, Claim, Claimed, Stamp, Store as _};

/// A folder with a board in it.
struct Board {
    folder: TempDir,
    store: Sqlite,
}

impl Board {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        Self { folder, store }
    }

    fn db(&self) -> PathBuf {
        db(self.folder.path())
    }

    /// A second connection.
    fn other(&self) -> Sqlite {
        open(self.folder.path())
    }

    fn task(&self, id: TaskId) -> Task {
        self.store.task(id).unwrap().unwrap()
    }

    fn add(&self) -> TaskId {
        self.store.add(&[draft("a task")], &stamp(0)).unwrap()[0]
    }

    /// A task in progress, its first attempt `claimed`.
    fn claimed(&self) -> (TaskId, AttemptId) {
        let task = self.add();
        let claim = claim(plan(task, 1));
        assert_eq!(self.store.claim(&claim, &stamp(1)).unwrap(), Claimed::Won);
        (task, claim.plan.id)
    }

    /// A task in progress, its agent running.
    fn running(&self) -> (TaskId, AttemptId) {
        let (task, attempt) = self.claimed();
        for event in [Event::TreeMade, Event::Spawning, started(), Event::AgentStarted { agent: process(12) }] {
            self.changed(task, Some(&attempt), &event);
        }
        (task, attempt)
    }

    fn apply(&self, task: TaskId, attempt: Option<&AttemptId>, event: &Event) -> Applied {
        self.store.apply(task, attempt, event, Limits::default(), &stamp(2)).unwrap()
    }

    /// Applies an event that must be written; returns status and phase.
    fn changed(&self, task: TaskId, attempt: Option<&AttemptId>, event: &Event) -> (Status, Option<Phase>) {
        match self.apply(task, attempt, event) {
            Applied::Changed { status, phase, .. } => (status, phase),
            other @ (Applied::Already { .. } | Applied::Conflict { .. } | Applied::Missing) => {
                panic!("{event:?}: {other:?}")
            }
        }
    }

    /// Runs SQL that the schema must refuse; returns its message.
    fn refused(&self, sql: &str) -> String {
        self.store.conn.execute_batch(sql).expect_err(sql).to_string()
    }

    fn sql(&self, sql: &str) {
        self.store.conn.execute_batch(sql).unwrap();
    }

    fn events(&self) -> i64 {
        self.store.conn.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap()
    }
}

fn db(folder: &Path) -> PathBuf {
    folder.join("data/ganger.db")
}

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(&db(folder), &folder.join("state"), Duration::from_mins(1)).unwrap()
}

fn stamp(second: i64) -> Stamp {
    Stamp {
        now: Now { wall: Timestamp(1_000_000 + second * 1000), boot: BootTime(500 + second) },
        who: Who::Dispatcher,
        evidence: vec![("lock", "free".to_owned())],
    }
}

fn process(pid: i32) -> Process {
    Process { pid, start: u64::MAX - 5 }
}

fn started() -> Event {
    Event::Started {
        place: Place { host: "host".to_owned(), boot: "boot-2".to_owned() },
        shim: process(11),
        server: Some(process(10)),
        pane: Some("%3".to_owned()),
        lock: FileId { device: 7, inode: u64::MAX },
    }
}

fn draft(title: &str) -> Draft {
    Draft { prompt: "do it\n\"now\"".to_owned(), ..Draft::new(title, "/repo", "claude") }
}

fn attempt_id(task: TaskId, number: u32) -> AttemptId {
    AttemptId::parse(&format!("01980000-0000-7000-{number:04x}-{:012x}", task.0)).unwrap()
}

fn plan(task: TaskId, number: u32) -> Plan {
    let id = attempt_id(task, number);
    Plan {
        task,
        number,
        repo: PathBuf::from("/repo"),
        agent: "claude".to_owned(),
        base: "0123456789012345678901234567890123456789".to_owned(),
        branch: format!("ganger/{task}-{number}"),
        worktree: PathBuf::from(format!("/trees/{task}-{number}")),
        adopts: None,
        socket: PathBuf::from("/tmp/tmux-0/default"),
        session: format!("{task}-{number}"),
        brief: Brief {
            title: "a task".to_owned(),
            prompt: "do it".to_owned(),
            verify: Vec::new(),
            timeout: Some(Duration::from_millis(1500)),
        },
        files: Files::of(Path::new("/state"), &id),
        may: Vec::new(),
        token: "c0ffee".to_owned(),
        port: None,
        id,
    }
}

fn claim(plan: Plan) -> Claim {
    Claim {
        plan,
        read: None,
        note: None,
        from: vec![Status::Ready, Status::Failed, Status::Review],
        place: Place { host: "host".to_owned(), boot: "boot-1".to_owned() },
        dispatcher: process(9),
        capacity: None,
        explicit: false,
        returns: false,
        doubted: false,
    }
}
