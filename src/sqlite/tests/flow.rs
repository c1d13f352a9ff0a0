//! Claims, events and book-keeping, one connection at a time.

use std::path::PathBuf;
use std::time::Duration;

use super::{Board, attempt_id, claim, draft, plan, process, stamp, started};
use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How, Vanished};
use crate::domain::id::{FileId, TaskId};
use crate::domain::lifecycle::{Event, Verdict};
use crate::domain::queue::Counts;
use crate::domain::state::{Activity, Cause, Phase, Source, Status, TreeState};
use crate::domain::task::{Blocker, Draft, Edit, Why};
use crate::domain::time::{BootTime, Timestamp};
use crate::ports::store::{
    Amendment, Applied, Capacity, Claim, Claimed, Filter, Heard, News, Store as _, StoreError, Which,
};

fn exit(code: i32) -> Event {
    Event::Ended(Ending {
        how: How::Process(Exit::Code(code)),
        evidence: Evidence::Changed,
        unseen: None,
        review_without_output: false,
        can_verify: true,
    })
}

fn rolled_back(lasting: bool) -> Event {
    Event::RolledBack { cause: Cause::Spawn, reason: "no session".to_owned(), lasting }
}

#[test]
fn a_draft_reads_back_as_it_was_given() {
    let board = Board::new();
    let first = board.add();
    let full = Draft {
        base: Some("main".to_owned()),
        branch: Some("fix/login".to_owned()),
        priority: -3,
        batch: Some(2),
        files: vec!["a b.rs".to_owned(), "ü\n\"".to_owned()],
        verify: vec!["cargo test".to_owned()],
        timeout: Some(Duration::from_millis(90_001)),
        after: vec![first],
        external_id: Some("gh-7".to_owned()),
        extra: Some("{\"labels\":[]}".to_owned()),
        unsafe_mode: true,
        ..draft("\u{1b}[31m$(touch x) '\u{202e}")
    };
    let id = board.store.add(std::slice::from_ref(&full), &stamp(5)).unwrap()[0];
    let task = board.task(id);
    assert_eq!(task.draft, full);
    assert_eq!(
        (task.status, task.attempts, task.blocked_by),
        (Status::Ready, 0, vec![Blocker { task: first, why: Why::Open }])
    );
    assert_eq!(task.created_at, stamp(5).now.wall);
    let listing = board.store.tasks(&Filter::default()).unwrap();
    assert_eq!(listing.tasks.iter().map(|task| task.id).collect::<Vec<_>>(), [first, id]);
    assert_eq!(listing.tasks[1].draft, full);
}

#[test]
fn what_was_seen_before_somebody_spoke_is_not_written_over_it() {
    let board = Board::new();
    let (_, id) = board.running();
    let hear = |news: &News| board.store.hear(&id, news, &stamp(9)).unwrap();
    let asks =
        |question: &str| News { saying: Some(Some(question.to_owned())), ..News::of(Source::Agent, Activity::Waiting) };
    let known = || board.store.attempt(&id).unwrap().map(|row| (row.doing, row.saying)).unwrap();
    let answered = |known| News {
        saying: Some(None),
        contradicts: true,
        unless_beyond: Some(known),
        ..News::of(Source::Process, Activity::Working)
    };
    hear(&asks("this?"));
    let first = known();
    hear(&asks("or that?"));
    assert_eq!(hear(&answered(first)), Heard::Known, "it has asked again");
    assert_eq!(known().1.as_deref(), Some("or that?"));
    hear(&answered(known()));
    let (doing, saying) = known();
    assert_eq!((doing.unwrap().activity, saying), (Activity::Working, None));
}

#[test]
fn one_bad_draft_adds_none() {
    let board = Board::new();
    let external = Draft { external_id: Some("7".to_owned()), ..draft("twice") };
    let error = board.store.add(&[draft("good"), external.clone(), external], &stamp(0)).unwrap_err();
    assert!(error.to_string().contains("external id \"7\""), "{error}");
    let error = board.store.add(&[Draft { after: vec![TaskId(99)], ..draft("x") }], &stamp(0)).unwrap_err();
    assert_eq!(error.to_string(), "adding the task \"x\": there is no task 99 for it to wait for");
    assert!(board.store.tasks(&Filter::default()).unwrap().tasks.is_empty());
    assert_eq!(board.events(), 0);
}

#[test]
fn a_path_that_is_not_utf8_is_refused_by_name() {
    use std::os::unix::ffi::OsStringExt as _;
    let board = Board::new();
    let repo = PathBuf::from(std::ffi::OsString::from_vec(b"/r\xff".to_vec()));
    let error = board.store.add(&[Draft { repo, ..draft("x") }], &stamp(0)).unwrap_err();
    assert!(error.to_string().contains("not valid UTF-8"), "{error}");
}

#[test]
fn a_claim_stores_the_whole_plan() {
    let board = Board::new();
    let task = board.add();
    assert!(board.store.amend(&Amendment::Note { task, note: "mind the gap".to_owned() }, &stamp(0)).unwrap());
    let claim = claim(plan(task, 1));
    assert_eq!(board.store.claim(&claim, &stamp(1)).unwrap(), Claimed::Won);
    let attempt = board.store.attempt(&claim.plan.id).unwrap().unwrap();
    assert_eq!(attempt.plan, claim.plan);
    assert_eq!((attempt.phase, attempt.phase_since), (Phase::Claimed, BootTime(501)));
    assert_eq!((attempt.place, attempt.dispatcher), (claim.place, claim.dispatcher));
    let task = board.task(task);
    assert_eq!((task.status, task.attempt, task.attempts), (Status::InProgress, Some(claim.plan.id.clone()), 1));
    assert_eq!(task.note, None);
    let tree = &board.store.trees(task.id).unwrap()[0];
    assert_eq!((tree.state, &tree.owner, tree.ran), (TreeState::Planned, &claim.plan.id, false));
    let last = board.store.timeline(Some(task.id), 0, 10).unwrap().pop().unwrap();
    assert_eq!((last.from.as_str(), last.to.as_str()), ("ready", "in-progress/claimed"));
    assert!(last.evidence.contains("\"lock\":\"free\""), "{}", last.evidence);
}

#[test]
fn a_claim_says_why_it_is_lost() {
    let board = Board::new();
    let (task, holder) = board.claimed();
    let lost = |claim: &Claim| {
        let before = board.events();
        let answer = board.store.claim(claim, &stamp(1)).unwrap();
        assert_eq!(board.events(), before, "a lost claim writes nothing");
        answer
    };
    assert_eq!(lost(&claim(plan(TaskId(99), 1))), Claimed::Missing);
    let taken = Claimed::Taken { status: Status::InProgress, holder: Some(holder) };
    assert_eq!(lost(&claim(plan(task, 2))), taken);

    let other = board.add();
    assert_eq!(lost(&claim(plan(other, 2))), Claimed::Stale);
    let wrong = Claim { from: vec![Status::Failed], ..claim(plan(other, 1)) };
    assert_eq!(lost(&wrong), Claimed::Taken { status: Status::Ready, holder: None });
    let adopting = plan(other, 1);
    let adopting = claim(crate::domain::attempt::Plan { adopts: Some(attempt_id(task, 1)), ..adopting });
    assert_eq!(lost(&adopting), Claimed::Stale);

    for (limits, limit, of) in [
        ((1, None, None), crate::domain::queue::Limit::MaxRunning, 1),
        ((9, Some(1), None), crate::domain::queue::Limit::PerAgent, 1),
        ((9, None, Some(0)), crate::domain::queue::Limit::PerRepo, 0),
    ] {
        let capacity = Capacity {
            max_running: limits.0,
            per_agent: limits.1,
            per_repo: limits.2,
            counts: Counts::default(),
            usage: true,
        };
        let full = Claim { capacity: Some(capacity), ..claim(plan(other, 1)) };
        assert_eq!(lost(&full), Claimed::OverLimit { running: 1, of, limit });
    }

    let blocked = |why| Claimed::Blocked { by: vec![Blocker { task: other, why }] };
    let waiting = board.store.add(&[Draft { after: vec![other], ..draft("later") }], &stamp(0)).unwrap()[0];
    assert_eq!(lost(&claim(plan(waiting, 1))), blocked(Why::Open));
    assert!(board.store.amend(&Amendment::Delete { task: other }, &stamp(0)).unwrap());
    assert_eq!(lost(&claim(plan(waiting, 1))), blocked(Why::Removed), "what it waits for never comes");
    let alone = Edit { after: Some(Vec::new()), ..Edit::default() };
    assert!(board.store.amend(&Amendment::Edit { task: waiting, edit: alone }, &stamp(0)).unwrap());
    assert_eq!(board.store.claim(&claim(plan(waiting, 1)), &stamp(1)).unwrap(), Claimed::Won);
}

#[test]
fn i18_every_transition_is_stored_and_told() {
    let board = Board::new();
    let (task, id) = board.claimed();
    let steps = [
        (Event::TreeMade, "in-progress/claimed", "in-progress/worktree"),
        (Event::Spawning, "in-progress/worktree", "in-progress/spawning"),
        (started(), "in-progress/spawning", "in-progress/running"),
        (Event::AgentStarted { agent: process(12) }, "in-progress/running", "in-progress/running"),
        (Event::Done, "in-progress/running", "review/running"),
        (exit(0), "review/running", "review/exited"),
    ];
    for (event, from, to) in steps {
        let before = board.events();
        board.changed(task, Some(&id), &event);
        assert_eq!(board.events(), before + 1);
        let last = board.store.timeline(None, before, 9).unwrap().pop().unwrap();
        assert_eq!((last.from.as_str(), last.to.as_str(), last.attempt.as_ref()), (from, to, Some(&id)));
    }
    board.changed(task, None, &Event::Approved);
    let attempt = board.store.attempt(&id).unwrap().unwrap();
    assert_eq!(
        (attempt.shim, attempt.agent, attempt.server),
        (Some(process(11)), Some(process(12)), Some(process(10)))
    );
    assert_eq!(attempt.place.boot, "boot-2");
    assert_eq!(attempt.pane.as_deref(), Some("%3"));
    assert_eq!(attempt.lock, Some(FileId { device: 7, inode: u64::MAX }));
    assert_eq!((attempt.exit, attempt.cause), (Some(Exit::Code(0)), Some(Cause::Ok)));
    assert_eq!((attempt.started_at, attempt.ended_at), (Some(stamp(2).now.wall), Some(stamp(2).now.wall)));
    assert!(!attempt.cleaned);
    let tree = &board.store.trees(task).unwrap()[0];
    assert_eq!((tree.state, tree.ran), (TreeState::Present, true));
    let task = board.task(task);
    assert_eq!((task.status, task.cause, task.reason), (Status::Done, None, None));
    let reopened = board.other();
    assert_eq!(reopened.task(task.id).unwrap().unwrap().status, Status::Done);
    assert_eq!(reopened.attempt(&id).unwrap().unwrap(), attempt);
    assert_eq!(reopened.timeline(None, 0, 100).unwrap().len(), usize::try_from(board.events()).unwrap());
}

#[test]
fn an_end_while_its_work_is_verified_is_remembered() {
    let board = Board::new();
    let task = board.add();
    let mut claim = claim(plan(task, 1));
    claim.plan.brief.verify = vec!["true".to_owned()];
    board.store.claim(&claim, &stamp(1)).unwrap();
    let id = claim.plan.id;
    for event in [Event::TreeMade, Event::Spawning, started()] {
        board.changed(task, Some(&id), &event);
    }
    assert_eq!(board.changed(task, Some(&id), &Event::Done), (Status::InProgress, Some(Phase::Verifying)));
    assert_eq!(board.changed(task, Some(&id), &exit(0)), (Status::InProgress, Some(Phase::Verifying)));
    assert!(matches!(board.apply(task, Some(&id), &exit(0)), Applied::Already { .. }));
    assert_eq!(board.store.attempt(&id).unwrap().unwrap().ended_at, None);
    let verdict = Event::Verified(Verdict::Failed("true: 1".to_owned()));
    assert_eq!(board.changed(task, Some(&id), &verdict), (Status::Failed, Some(Phase::Exited)));
    let attempt = board.store.attempt(&id).unwrap().unwrap();
    assert_eq!((attempt.cause, attempt.exit), (Some(Cause::Verify), Some(Exit::Code(0))));
    assert!(attempt.ended_at.is_some());
}

#[test]
fn c4_i12_a_stale_writer_changes_nothing() {
    let board = Board::new();
    let (task, old) = board.claimed();
    board.changed(task, Some(&old), &rolled_back(false));
    let mut second = claim(plan(task, 2));
    second.plan.adopts = Some(old.clone());
    second.plan.worktree = plan(task, 1).worktree;
    assert_eq!(board.store.claim(&second, &stamp(3)).unwrap(), Claimed::Won);
    let before = (board.task(task), board.events());
    for event in
        [Event::TreeMade, Event::Spawning, started(), Event::Done, exit(0), rolled_back(true), Event::StopRequested]
    {
        assert!(matches!(board.apply(task, Some(&old), &event), Applied::Conflict { .. }), "{event:?}");
    }
    let path = plan(task, 1).worktree;
    let parked = PathBuf::from("/trash/1");
    for amendment in [
        Amendment::TreeParked { path: path.clone(), owner: old.clone(), parked },
        Amendment::TreeGone { path, owner: old.clone() },
        Amendment::Delete { task },
        Amendment::Rename {
            attempt: old,
            branch: "b".to_owned(),
            worktree: PathBuf::from("/trees/x"),
            session: "s".to_owned(),
        },
    ] {
        assert!(!board.store.amend(&amendment, &stamp(4)).unwrap(), "{amendment:?}");
    }
    assert_eq!((board.task(task), board.events()), before);
    assert_eq!(board.apply(TaskId(99), None, &Event::Approved), Applied::Missing);
}

#[test]
fn a_rolled_back_adoption_gives_the_tree_and_the_note_back() {
    let board = Board::new();
    let (task, first) = board.running();
    board.changed(task, Some(&first), &exit(1));
    let note = Amendment::Note { task, note: "try harder".to_owned() };
    assert!(board.store.amend(&note, &stamp(2)).unwrap());
    let mut second = claim(plan(task, 2));
    second.plan.adopts = Some(first.clone());
    second.plan.worktree = plan(task, 1).worktree;
    assert_eq!(board.store.claim(&second, &stamp(3)).unwrap(), Claimed::Won);
    assert_eq!(board.store.trees(task).unwrap()[0].owner, second.plan.id);
    assert_eq!(board.task(task).cause, None);
    let end = board.changed(task, Some(&second.plan.id), &rolled_back(false));
    assert_eq!(end, (Status::Ready, Some(Phase::Revoked)));
    let trees = board.store.trees(task).unwrap();
    assert_eq!((trees.len(), &trees[0].owner, trees[0].state), (1, &first, TreeState::Present));
    let task = board.task(task);
    assert_eq!((task.note.as_deref(), task.cause, task.attempts), (Some("try harder"), Some(Cause::Spawn), 2));
    assert!(matches!(board.apply(task.id, Some(&second.plan.id), &rolled_back(true)), Applied::Already { .. }));
}

#[test]
fn g31_a_tree_that_came_back_is_recorded_by_the_attempt_that_goes_on_in_it() {
    let board = Board::new();
    let (task, first) = board.running();
    board.changed(task, Some(&first), &exit(1));
    let gone = Amendment::TreeGone { path: plan(task, 1).worktree, owner: first.clone() };
    assert!(board.store.amend(&gone, &stamp(2)).unwrap());
    assert_eq!(board.store.trees(task).unwrap(), []);
    let mut second = claim(plan(task, 2));
    second.plan.adopts = Some(first);
    second.plan.worktree = plan(task, 1).worktree;
    assert_eq!(board.store.claim(&second, &stamp(3)).unwrap(), Claimed::Won);
    board.changed(task, Some(&second.plan.id), &Event::TreeMade);
    let trees = board.store.trees(task).unwrap();
    assert_eq!((trees.len(), &trees[0].owner, trees[0].state), (1, &second.plan.id, TreeState::Present));
}

#[test]
fn a_requeue_waits_and_an_explicit_claim_forgets_the_count() {
    let board = Board::new();
    let (task, id) = board.running();
    let vanished = Event::Ended(Ending::vanished(Vanished::Shim));
    assert_eq!(board.changed(task, Some(&id), &vanished), (Status::Ready, Some(Phase::Exited)));
    let found = board.task(task);
    assert_eq!((found.orphans, found.cause), (1, Some(Cause::OrphanShim)));
    assert_eq!(found.not_before, Some(Timestamp(stamp(2).now.wall.0 + 5_000)));
    let explicit = Claim { explicit: true, ..claim(plan(task, 2)) };
    assert_eq!(board.store.claim(&explicit, &stamp(3)).unwrap(), Claimed::Won);
    let found = board.task(task);
    assert_eq!((found.orphans, found.not_before), (0, None));
}

#[test]
fn a_stop_is_on_record_before_the_end() {
    let board = Board::new();
    let (task, id) = board.running();
    assert_eq!(board.changed(task, Some(&id), &Event::StopRequested), (Status::InProgress, Some(Phase::Running)));
    assert!(board.store.attempt(&id).unwrap().unwrap().stop_requested);
    assert!(matches!(board.apply(task, Some(&id), &Event::StopRequested), Applied::Already { .. }));
    assert_eq!(board.changed(task, Some(&id), &exit(0)), (Status::Failed, Some(Phase::Exited)));
    assert_eq!(board.task(task).cause, Some(Cause::Cancelled));
    board.changed(task, None, &Event::Requeued);
    assert_eq!((board.task(task).status, board.task(task).cause), (Status::Ready, None));
}

#[test]
fn names_change_only_before_the_first_effect() {
    let board = Board::new();
    let (task, id) = board.claimed();
    let (_, other) = board.claimed();
    let rename = |path: PathBuf| Amendment::Rename {
        attempt: id.clone(),
        branch: "ganger/1-x".to_owned(),
        worktree: path,
        session: "1-x".to_owned(),
    };
    let taken = board.store.attempt(&other).unwrap().unwrap().plan.worktree;
    assert!(!board.store.amend(&rename(taken), &stamp(2)).unwrap());
    assert!(board.store.amend(&rename("/trees/1-x".into()), &stamp(2)).unwrap());
    let plan = board.store.attempt(&id).unwrap().unwrap().plan;
    assert_eq!((plan.branch.as_str(), plan.session.as_str()), ("ganger/1-x", "1-x"));
    let tree = board.store.trees(task).unwrap().pop().unwrap();
    assert_eq!((tree.path, tree.branch), (plan.worktree, plan.branch));
    board.changed(task, Some(&id), &Event::TreeMade);
    assert!(!board.store.amend(&rename("/trees/1-y".into()), &stamp(2)).unwrap());
    let session = Amendment::Rename {
        attempt: id.clone(),
        branch: "ganger/1-x".to_owned(),
        worktree: "/trees/1-x".into(),
        session: "1-z".to_owned(),
    };
    board.changed(task, Some(&id), &Event::Spawning);
    assert!(board.store.amend(&session, &stamp(2)).unwrap());
    assert_eq!(board.store.attempt(&id).unwrap().unwrap().plan.session, "1-z");
}

#[test]
fn clean_up_is_recorded_once() {
    let board = Board::new();
    let (task, id) = board.running();
    let kept = vec!["the tree: uncommitted changes".to_owned()];
    let pass = |kept: &[String], done| {
        let amendment = Amendment::Cleaned { attempt: id.clone(), kept: kept.to_vec(), done };
        board.store.amend(&amendment, &stamp(3)).unwrap()
    };
    assert!(!pass(&kept, true), "a live attempt is not cleaned up");
    board.changed(task, Some(&id), &exit(1));
    assert_eq!(board.store.attempts(&Which::Unfinished).unwrap().len(), 1);
    let before = board.events();
    assert!(pass(&kept, false));
    assert!(pass(&kept, false));
    assert_eq!(board.events(), before + 1);
    assert!(pass(&kept, true));
    let server = crate::domain::id::Process { pid: 77, start: 5 };
    let leftovers = Amendment::Leftovers { attempt: id.clone(), leftovers: vec![(server, "node".to_owned())] };
    assert!(board.store.amend(&leftovers, &stamp(3)).unwrap());
    let attempt = board.store.attempt(&id).unwrap().unwrap();
    assert_eq!(attempt.left_running, [server]);
    assert_eq!((attempt.kept, attempt.leftovers, attempt.cleaned), (kept, vec!["77 node".to_owned()], true));
    assert_eq!(board.store.attempts(&Which::Unfinished).unwrap(), []);
    let path = plan(task, 1).worktree;
    let parked = Amendment::TreeParked { path: path.clone(), owner: id.clone(), parked: "/trash/1".into() };
    assert!(board.store.amend(&parked, &stamp(4)).unwrap());
    assert_eq!(board.store.trees(task).unwrap()[0].parked, Some(PathBuf::from("/trash/1")));
    assert!(board.store.amend(&Amendment::TreeGone { path: path.clone(), owner: id }, &stamp(4)).unwrap());
    assert_eq!(board.store.trees(task).unwrap(), []);
    let mut again = claim(plan(task, 2));
    again.plan.worktree = path;
    assert_eq!(board.store.claim(&again, &stamp(5)).unwrap(), Claimed::Won, "the path of a gone tree is free");
}

#[test]
fn a_deleted_task_is_gone_from_the_board_and_its_id_is_not_reused() {
    let board = Board::new();
    let task = board.add();
    assert!(board.store.amend(&Amendment::Delete { task }, &stamp(2)).unwrap());
    assert!(!board.store.amend(&Amendment::Delete { task }, &stamp(2)).unwrap());
    assert_eq!(board.store.task(task).unwrap(), None);
    assert_eq!(board.store.claim(&claim(plan(task, 1)), &stamp(3)).unwrap(), Claimed::Missing);
    assert!(board.add() > task);
}

#[test]
fn a_live_attempt_holds_its_task_on_the_board() {
    let board = Board::new();
    let (task, id) = board.running();
    board.changed(task, Some(&id), &Event::Done);
    assert!(!board.store.amend(&Amendment::Delete { task }, &stamp(2)).unwrap());
    assert_eq!(board.store.attempts(&Which::Live).unwrap().len(), 1);
    assert_eq!(board.store.attempts(&Which::Of(task)).unwrap()[0].plan.id, id);
}

#[test]
fn a_listing_is_filtered_and_counted() {
    let board = Board::new();
    let (running, _) = board.running();
    let ready = board.store.add(&[Draft { repo: "/other".into(), ..draft("elsewhere") }], &stamp(0)).unwrap()[0];
    let archived = board.add();
    board.changed(archived, None, &Event::PreflightFailed { reason: "no base".to_owned() });
    assert_eq!(board.store.tallies().unwrap(), [(Status::InProgress, 1), (Status::Review, 0), (Status::Failed, 1)]);
    board.sql(&format!("UPDATE tasks SET archived = 1 WHERE id = {archived}"));
    assert_eq!(board.store.tallies().unwrap()[2], (Status::Failed, 0));
    let ids = |filter: &Filter| board.store.tasks(filter).unwrap().tasks.iter().map(|task| task.id).collect::<Vec<_>>();
    assert_eq!(ids(&Filter::default()), [running, ready]);
    assert_eq!(ids(&Filter { archived: true, ..Filter::default() }), [running, ready, archived]);
    assert_eq!(ids(&Filter { repo: Some("/other".into()), ..Filter::default() }), [ready]);
    assert_eq!(ids(&Filter { statuses: vec![Status::InProgress], ..Filter::default() }), [running]);
}

#[test]
fn c5_a_row_that_can_not_be_read_is_reported_and_never_dropped() {
    let board = Board::new();
    let (task, id) = board.running();
    let good = board.add();
    let bad = board.add();
    board.sql("PRAGMA ignore_check_constraints = ON");
    board.sql(&format!("UPDATE tasks SET status = 'paused' WHERE id = {bad}"));
    let said = format!("unreadable row: tasks {bad}, column status: unknown status \"paused\"");
    for filter in [Filter::default(), Filter { statuses: vec![Status::Ready], ..Filter::default() }] {
        let listing = board.store.tasks(&filter).unwrap();
        assert!(listing.tasks.iter().any(|task| task.id == good));
        assert_eq!(listing.unreadable, std::slice::from_ref(&said));
    }
    assert_eq!(board.store.task(bad).unwrap_err().to_string(), said);
    assert_eq!(board.store.claim(&claim(plan(bad, 1)), &stamp(1)).unwrap_err().to_string(), said);
    for (sql, table, column) in [
        ("UPDATE attempts SET kept = '[1]'", "attempts", "kept"),
        ("UPDATE attempts SET kept = '[]', shim_start = NULL", "attempts", "shim_start"),
        ("UPDATE attempts SET shim_start = 0, phase = 'sleeping'", "attempts", "phase"),
    ] {
        board.sql(sql);
        let error = board.store.attempt(&id).unwrap_err();
        let StoreError::Unreadable { table: found, row, column: cell, .. } = error else { panic!("{error}") };
        assert_eq!((found, row.as_str(), cell), (table, id.as_str(), column));
    }
    let error =
        board.store.apply(task, Some(&id), &Event::Done, crate::domain::lifecycle::Limits::default(), &stamp(2));
    assert!(matches!(error, Err(StoreError::Unreadable { table: "attempts", column: "phase", .. })), "{error:?}");
    board.sql("UPDATE trees SET state = 'lost'");
    assert!(matches!(board.store.trees(task), Err(StoreError::Unreadable { table: "trees", column: "state", .. })));
}
