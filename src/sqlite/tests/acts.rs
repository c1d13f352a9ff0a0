//! What a person does to a task at rest, and its undoing.

use std::path::Path;
use std::time::Duration;

use super::{Board, claim, draft, plan, stamp};
use crate::domain::id::TaskId;
use crate::domain::lifecycle::Event;
use crate::domain::state::{Act, Cause, Status, Who};
use crate::domain::task::{Draft, Edit};
use crate::ports::store::{Amendment, Claim, Claimed, Deed, Reverse, Stamp, Store as _};

fn person(second: i64) -> Stamp {
    Stamp { who: Who::Person, evidence: Vec::new(), ..stamp(second) }
}

impl Board {
    fn person(&self, task: TaskId, event: &Event) {
        let limits = crate::domain::lifecycle::Limits::default();
        let applied = self.store.apply(task, None, event, limits, &person(3)).unwrap();
        assert!(matches!(applied, crate::ports::store::Applied::Changed { .. }), "{event:?}: {applied:?}");
    }

    fn amend(&self, amendment: &Amendment) -> bool {
        self.store.amend(amendment, &person(4)).unwrap()
    }

    fn failed(&self) -> TaskId {
        let task = self.add();
        self.changed(task, None, &Event::PreflightFailed { reason: "no base".to_owned() });
        task
    }

    fn deeds(&self) -> Vec<Deed> {
        self.store.deeds(None, 10).unwrap()
    }

    fn edit(&self, task: TaskId, edit: Edit) -> bool {
        self.amend(&Amendment::Edit { task, edit })
    }
}

#[test]
fn acts_are_listed_newest_first_with_what_is_needed_to_go_back() {
    let board = Board::new();
    let task = board.failed();
    board.person(task, &Event::Requeued);
    board.amend(&Amendment::Archive { task });
    board.amend(&Amendment::Note { task, note: "no act".to_owned() });
    let acts: Vec<(Act, String)> = board.deeds().into_iter().map(|deed| (deed.act, deed.left)).collect();
    assert_eq!(acts, [(Act::Archived, "ready".to_owned()), (Act::Requeued, "ready".to_owned())]);
    assert_eq!(board.deeds()[1].why, Some((Cause::Preflight, "no base".to_owned())));
    assert_eq!(board.store.deeds(Some(Path::new("/repo")), 1).unwrap(), board.deeds()[..1]);
    assert_eq!(board.store.deeds(Some(Path::new("/other")), 9).unwrap(), []);
}

#[test]
fn an_act_is_undone_once_and_its_undo_is_no_act() {
    let board = Board::new();
    let task = board.failed();
    board.person(task, &Event::Requeued);
    let deed = board.deeds().remove(0);
    let back = Reverse::Event(Event::Unqueued { why: deed.why.clone() });
    assert!(board.store.undo(&deed, &back, &person(5)).unwrap());
    let found = board.task(task);
    assert_eq!(
        (found.status, found.cause, found.reason.as_deref()),
        (Status::Failed, Some(Cause::Preflight), Some("no base"))
    );
    let last = board.store.timeline(Some(task), 0, 99).unwrap().pop().unwrap();
    assert!(last.evidence.contains(&format!("\"undoes\":\"{}\"", deed.seq)), "{}", last.evidence);
    assert_eq!(board.deeds(), []);
    // Back where the act left it, by another act: the old one is still not undone a second time.
    board.person(task, &Event::Requeued);
    let before = board.events();
    assert!(!board.store.undo(&deed, &back, &person(6)).unwrap());
    assert_eq!((board.events(), board.task(task).status), (before, Status::Ready));
}

#[test]
fn an_act_is_not_undone_once_its_task_has_moved_on() {
    let board = Board::new();
    let task = board.failed();
    board.person(task, &Event::Requeued);
    let deed = board.deeds().remove(0);
    let back = Reverse::Event(Event::Unqueued { why: deed.why.clone() });
    assert_eq!(board.store.claim(&claim(plan(task, 1)), &stamp(5)).unwrap(), Claimed::Won);
    assert!(!board.store.undo(&deed, &back, &person(6)).unwrap());
    let id = board.task(task).attempt.unwrap();
    let rolled_back = Event::RolledBack { cause: Cause::Spawn, reason: "no session".to_owned(), lasting: false };
    board.changed(task, Some(&id), &rolled_back);
    // Ready again, yet another attempt's ready.
    assert!(!board.store.undo(&deed, &back, &person(6)).unwrap());
    assert_eq!(board.task(task).status, Status::Ready);
}

#[test]
fn deletion_and_archiving_go_there_and_back() {
    let board = Board::new();
    let task = board.store.add(&[Draft { external_id: Some("x-1".to_owned()), ..draft("one") }], &stamp(0)).unwrap()[0];
    assert!(!board.amend(&Amendment::Unarchive { task }) && !board.amend(&Amendment::Undelete { task }));
    assert!(board.amend(&Amendment::Archive { task }) && board.task(task).archived);
    assert!(!board.amend(&Amendment::Archive { task }));
    assert!(board.amend(&Amendment::Unarchive { task }) && !board.task(task).archived);
    assert!(board.amend(&Amendment::Delete { task }));
    assert!(!board.amend(&Amendment::Archive { task }) && !board.amend(&Amendment::Unarchive { task }));
    let deed = board.deeds().remove(0);
    assert_eq!((deed.act, deed.task), (Act::Deleted, task));
    // Its external id was given to another meanwhile.
    let other =
        board.store.add(&[Draft { external_id: Some("x-1".to_owned()), ..draft("two") }], &stamp(0)).unwrap()[0];
    let back = Reverse::Amendment(Amendment::Undelete { task });
    assert!(!board.store.undo(&deed, &back, &person(5)).unwrap());
    assert!(board.amend(&Amendment::Delete { task: other }));
    assert!(board.store.undo(&deed, &back, &person(5)).unwrap());
    assert_eq!(board.task(task).draft.title, "one");
    let told = board.store.history(Path::new("/repo"), 0, 99).unwrap();
    assert!(told.iter().any(|record| record.task == other), "a deleted task is still of its repository");
    assert_eq!(board.store.history(Path::new("/other"), 0, 99).unwrap(), []);
}

#[test]
fn nothing_live_is_archived() {
    let board = Board::new();
    let (task, id) = board.running();
    assert!(!board.amend(&Amendment::Archive { task }));
    board.changed(task, Some(&id), &Event::Done);
    assert!(!board.amend(&Amendment::Archive { task }), "its agent lives on");
}

#[test]
fn c4_an_edit_writes_what_it_names_and_nothing_else() {
    let board = Board::new();
    let (task, other) = (board.add(), board.add());
    let was = board.task(task).draft;
    // Another process moves the task between the look and the edit.
    board.changed(task, None, &Event::PreflightFailed { reason: "no base".to_owned() });
    assert!(board.edit(task, Edit { title: Some("other words".to_owned()), ..Edit::default() }));
    let found = board.task(task);
    assert_eq!((found.status, found.reason.as_deref()), (Status::Failed, Some("no base")));
    assert_eq!(found.draft, Draft { title: "other words".to_owned(), ..was });
    let all = Edit {
        batch: Some(Some(2)),
        title: Some("t".to_owned()),
        prompt: Some("secret words".to_owned()),
        agent: Some("codex".to_owned()),
        base: Some(Some("main".to_owned())),
        priority: Some(-7),
        files: Some(vec!["f".to_owned()]),
        verify: Some(vec!["make".to_owned()]),
        timeout: Some(Some(Duration::from_secs(9))),
        after: Some(vec![other]),
        unsafe_mode: Some(true),
        branch: Some(Some("fix".to_owned())),
    };
    let wanted = all.applied(&found.draft);
    assert!(board.edit(task, all.clone()));
    assert_eq!(board.task(task).draft, wanted);
    let last = board.store.timeline(Some(task), 0, 99).unwrap().pop().unwrap();
    let fields =
        "\"fields\":\"title, prompt, agent, base, branch, priority, batch, files, verify, timeout, after, unsafe\"";
    assert!(last.evidence.contains(fields) && !last.evidence.contains("secret"), "{}", last.evidence);
    let before = (board.task(task), board.events());
    assert!(board.edit(task, all));
    assert_eq!((board.task(task), board.events()), before, "nothing changes, nothing is told");
    let none = Edit { base: Some(None), timeout: Some(None), after: Some(Vec::new()), ..Edit::default() };
    assert!(board.edit(task, none));
    let draft = board.task(task).draft;
    assert_eq!((draft.base, draft.timeout, draft.after), (None, None, Vec::new()));
}

#[test]
fn a_live_attempt_holds_all_but_title_prompt_and_priority() {
    let board = Board::new();
    let (task, id) = board.running();
    let free = Edit {
        title: Some("t".to_owned()),
        prompt: Some("p".to_owned()),
        priority: Some(3),
        // As it is: no change.
        agent: Some("claude".to_owned()),
        ..Edit::default()
    };
    assert!(board.edit(task, free));
    assert_eq!(board.store.attempt(&id).unwrap().unwrap().plan.brief.title, "a task");
    let before = (board.task(task), board.events());
    for held in [
        Edit { agent: Some("codex".to_owned()), title: Some("x".to_owned()), ..Edit::default() },
        Edit { verify: Some(vec!["true".to_owned()]), ..Edit::default() },
        Edit { timeout: Some(Some(Duration::from_secs(1))), ..Edit::default() },
    ] {
        assert!(!board.edit(task, held));
    }
    assert_eq!((board.task(task), board.events()), before);
}

#[test]
fn tasks_never_wait_for_each_other() {
    let board = Board::new();
    let (one, two, three) = (board.add(), board.add(), board.add());
    let after = |ids: &[TaskId]| Edit { after: Some(ids.to_vec()), ..Edit::default() };
    assert!(board.edit(two, after(&[one])));
    assert!(board.edit(three, after(&[two, one])));
    let before = (board.task(one), board.task(two), board.events());
    for (task, edit, why) in [
        (one, after(&[three]), "editing task 1: it would wait for itself"),
        (one, after(&[two]), "editing task 1: it would wait for itself"),
        (two, after(&[TaskId(99)]), "editing task 2: there is no task 99 for it to wait for"),
        (two, after(&[two]), "editing task 2: there is no task 2 for it to wait for"),
    ] {
        let error = board.store.amend(&Amendment::Edit { task, edit }, &person(4)).unwrap_err();
        assert_eq!(error.to_string(), why);
    }
    assert_eq!((board.task(one), board.task(two), board.events()), before);
    assert_eq!(board.task(three).draft.after, [two, one]);
}

#[test]
fn a_plan_for_other_wishes_is_stale() {
    let board = Board::new();
    let task = board.add();
    let read = |claim: Claim| Claim { read: Some(board.task(task)), ..claim };
    let (edited, noted) = (read(claim(plan(task, 1))), read(claim(plan(task, 1))));
    assert!(board.edit(task, Edit { prompt: Some("other words".to_owned()), ..Edit::default() }));
    assert_eq!(board.store.claim(&edited, &stamp(5)).unwrap(), Claimed::Stale);
    assert!(
        board.edit(task, Edit { prompt: Some(noted.read.as_ref().unwrap().draft.prompt.clone()), ..Edit::default() })
    );
    assert!(board.amend(&Amendment::Note { task, note: "mind the gap".to_owned() }));
    assert_eq!(board.store.claim(&noted, &stamp(5)).unwrap(), Claimed::Stale);
    assert_eq!(board.store.claim(&read(claim(plan(task, 1))), &stamp(5)).unwrap(), Claimed::Won);
}
