//! Every decision, as tables that are looked at in review: what the reconciler makes of everything that can be seen,
//! what the transition table makes of every event, and what a worktree's record says once the worktree was looked for.

mod table;

use std::path::PathBuf;
use std::time::Duration;

use ganger::domain::attempt::Exit;
use ganger::domain::completion::{Ending, Evidence, How, Vanished};
use ganger::domain::id::{AttemptId, FileId, Place, Process, TaskId};
use ganger::domain::lifecycle::{Current, Event, Limits, State, Step, Verdict, step};
use ganger::domain::reconcile::{Decision, Desired, ExitFile, Lock, Observed, Pane, PlaceSeen, Probe, plan};
use ganger::domain::state::{Cause, Phase, Status, TreeState};
use ganger::domain::time::{BootTime, Now, Timestamp};
use ganger::domain::tree::{Follow, Head, Recorded, Whereabouts, follow};

use crate::support::results::record;
use table::{Column, table};

const NOW: Now = Now { wall: Timestamp(1_000_000_000), boot: BootTime(1_000_000_000) };
const PATIENCE: Duration = Duration::from_mins(15);

const PLACES: [(&str, PlaceSeen); 3] =
    [("here", PlaceSeen::Here), ("restarted", PlaceSeen::OtherBoot), ("elsewhere", PlaceSeen::Elsewhere)];
const LOCKS: [(&str, Lock); 5] = [
    ("held", Lock::Held),
    ("free", Lock::Free),
    ("missing", Lock::Missing),
    ("replaced", Lock::Replaced),
    ("unknown", Lock::Unknown),
];
const PROBES: [(&str, Probe); 3] = [("alive", Probe::Alive), ("dead", Probe::Dead), ("unknown", Probe::Unknown)];
const PANES: [(&str, Pane); 4] =
    [("live", Pane::Live), ("dead", Pane::Dead), ("missing", Pane::Missing), ("unknown", Pane::Unknown)];

fn attempt() -> AttemptId {
    AttemptId::parse("01980000-0000-7000-8000-000000000001").unwrap()
}

fn words<T>(values: &[(&'static str, T)]) -> Vec<&'static str> {
    values.iter().map(|(word, _)| *word).collect()
}

fn ending(how: How, evidence: Evidence) -> Ending {
    Ending { how, evidence, unseen: None, review_without_output: false, can_verify: true }
}

fn exit_files() -> [(&'static str, ExitFile); 5] {
    let code = |code, evidence| ExitFile::Says(ending(How::Process(Exit::Code(code)), evidence));
    [
        ("none", ExitFile::None),
        ("exit 3", code(3, Evidence::Unknown)),
        ("exit 0, work", code(0, Evidence::Changed)),
        ("exit 0, none", code(0, Evidence::Unchanged)),
        ("unreadable", ExitFile::Unreadable),
    ]
}

/// What a write would make of a task in this state.
fn written(state: &State, event: &Event) -> String {
    told(state, &step(state, Some(&attempt()), event, NOW, Limits::default()))
}

fn told(state: &State, step: &Step) -> String {
    match step {
        Step::Already => "already so".to_owned(),
        Step::Conflict(why) => format!("refused: {}", why.replace(attempt().as_str(), "ATTEMPT")),
        Step::Change(change) => {
            let phase = change.phase.or(state.attempt.as_ref().map(|current| current.phase));
            let phase = phase.map(|phase| format!("/{phase}")).unwrap_or_default();
            let cause = change.cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
            let wait = change.not_before.map(|at| format!(", again in {:?}", at.since(NOW.wall))).unwrap_or_default();
            let stop = match (stops(state), change.stop_requested) {
                (false, true) => ", stop requested",
                (true, false) => ", stop forgotten",
                (true, true) | (false, false) => "",
            };
            let own = change.attempt_cause.filter(|own| Some(*own) != change.cause);
            let own = own.map(|own| format!(", the attempt's cause {own}")).unwrap_or_default();
            let settled = if change.attempt_cause.is_some() { "" } else { ", the attempt's cause open" };
            let why = match &change.why {
                None => String::new(),
                Some(None) => ", reason cleared".to_owned(),
                Some(Some((cause, reason))) => format!(", because {cause}: {reason}"),
            };
            let orphans = match change.orphans {
                same if same == state.orphans => String::new(),
                other => format!(", orphans {} to {other}", state.orphans),
            };
            format!("{}{phase}{cause}{wait}{stop}{own}{settled}{why}{orphans}", change.status)
        }
    }
}

fn stops(state: &State) -> bool {
    state.attempt.as_ref().is_some_and(|current| current.stop_requested)
}

fn state(status: Status, phase: Phase, (stop, verifies, ended): (bool, bool, bool)) -> State {
    let current = Current {
        origin: None,
        id: attempt(),
        phase,
        stop_requested: stop,
        verifies,
        agent_ended: ended,
        claimed_at: Timestamp(NOW.wall.0 - 60_000),
    };
    State { task: TaskId(1), status, orphans: 1, attempt: Some(current) }
}

/// Which statuses a task can have while its newest attempt is in a phase.
fn can_be(status: Status, phase: Phase) -> bool {
    match phase {
        Phase::Claimed | Phase::Worktree | Phase::Spawning | Phase::Verifying => status == Status::InProgress,
        Phase::Running => matches!(status, Status::InProgress | Status::Review | Status::Failed),
        Phase::Exited | Phase::Revoked => status != Status::InProgress,
    }
}

#[test]
fn the_reconciler_decides_as_in_this_table() {
    let exits = exit_files();
    let columns = [
        Column { name: "phase", values: Phase::ALL.iter().map(ToString::to_string).collect() },
        Column::new("cleaned", &["no", "yes"]),
        Column::new("place", &words(&PLACES)),
        Column::new("saga", &words(&LOCKS)),
        Column::new("age", &["young", "old"]),
        Column::new("lock", &words(&LOCKS)),
        Column::new("shim", &words(&PROBES)),
        Column::new("pane", &words(&PANES)),
        Column::new("exit file", &words(&exits)),
        Column::new("server", &words(&PROBES)),
        Column { name: "status", values: Status::ALL.iter().map(ToString::to_string).collect() },
        Column::new("stop", &["no", "yes"]),
    ];
    let outcome = |chosen: &[usize]| {
        let [phase, cleaned, place, saga, age, lock, shim, pane, exit, server, status, stop] = *chosen else {
            unreachable!()
        };
        let (phase, status) = (Phase::ALL[phase], Status::ALL[status]);
        if !can_be(status, phase) || (cleaned == 1 && phase.is_live()) {
            return None;
        }
        let observed = Observed {
            place: PLACES[place].1,
            lock: LOCKS[lock].1,
            shim: PROBES[shim].1,
            agent: Probe::Dead,
            server: PROBES[server].1,
            pane: PANES[pane].1,
            saga: LOCKS[saga].1,
            exit: exits[exit].1.clone(),
            age: if age == 0 { Duration::ZERO } else { PATIENCE + Duration::from_secs(1) },
        };
        let desired = Desired { attempt: attempt(), phase, cleaned: cleaned == 1, saga_patience: PATIENCE };
        let decision = plan(&observed, &desired);
        // The agent is ended where it survives its shim; it never decides.
        for agent in [Probe::Alive, Probe::Unknown] {
            assert_eq!(plan(&Observed { agent, ..observed.clone() }, &desired), decision);
        }
        let state = state(status, phase, (stop == 1, false, false));
        Some(match decision {
            Decision::Keep => "keep".to_owned(),
            Decision::CleanUp => "clean up".to_owned(),
            Decision::Unknown(why) => format!("unknown: {why}"),
            Decision::Revoke { cause, reason } => {
                let event = Event::RolledBack { cause, reason: reason.to_owned(), lasting: false };
                format!("revoke: {}", written(&state, &event))
            }
            Decision::Record(ending) => format!("record: {}", written(&state, &Event::Ended(ending))),
            Decision::Lost(how) => {
                format!("end survivors, then: {}", written(&state, &Event::Ended(Ending::vanished(how))))
            }
        })
    };
    let (table, count) = table(&columns, &outcome);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("reconciler", table);
    });
    record(
        "decision table of the reconciler",
        &format!("{count} combinations"),
        "as reviewed",
        "cargo test --test it decisions",
    );
}

fn events() -> Vec<(&'static str, Event)> {
    let process = Process { pid: 1, start: 1 };
    let ended = |how, evidence| Event::Ended(ending(how, evidence));
    let exit = |code, evidence| ended(How::Process(Exit::Code(code)), evidence);
    let plain = Ending { review_without_output: true, ..ending(How::Process(Exit::Code(0)), Evidence::Unchanged) };
    let late = Ending { can_verify: false, ..ending(How::Process(Exit::Code(0)), Evidence::Changed) };
    let back = |cause, lasting| Event::RolledBack { cause, reason: "why".to_owned(), lasting };
    vec![
        ("tree made", Event::TreeMade),
        ("spawning", Event::Spawning),
        (
            "shim started",
            Event::Started {
                place: Place { host: "h".to_owned(), boot: "b".to_owned() },
                shim: process,
                server: None,
                pane: None,
                lock: FileId { device: 1, inode: 1 },
            },
        ),
        ("agent started", Event::AgentStarted { agent: process }),
        ("rolled back", back(Cause::Worktree, false)),
        ("rolled back for good", back(Cause::Worktree, true)),
        ("dispatcher died", back(Cause::DispatcherDied, false)),
        ("done", Event::Done),
        ("fail", Event::Failed { reason: "why".to_owned() }),
        ("exit 0, work", exit(0, Evidence::Changed)),
        ("exit 0, work, shim gone", Event::Ended(late)),
        ("exit 0, can't tell", exit(0, Evidence::Unknown)),
        ("exit 0, no work", exit(0, Evidence::Unchanged)),
        ("exit 0, plain command", Event::Ended(plain)),
        ("exit 3", exit(3, Evidence::Unknown)),
        ("exit 127", exit(127, Evidence::Unknown)),
        ("signal", ended(How::Process(Exit::Signal(9)), Evidence::Unknown)),
        ("not started", ended(How::NotStarted("why".to_owned()), Evidence::Unknown)),
        ("setup failed", ended(How::SetupFailed("why".to_owned()), Evidence::Unknown)),
        ("timed out", ended(How::TimedOut, Evidence::Unknown)),
        ("pane closed", ended(How::HungUp { server_alive: true }, Evidence::Unknown)),
        ("pane closed, server gone", ended(How::HungUp { server_alive: false }, Evidence::Unknown)),
        ("terminated", ended(How::Terminated, Evidence::Unknown)),
        ("shim vanished", Event::Ended(Ending::vanished(Vanished::Shim))),
        ("server vanished", Event::Ended(Ending::vanished(Vanished::Server))),
        ("machine restarted", Event::Ended(Ending::vanished(Vanished::Reboot))),
        ("verified", Event::Verified(Verdict::Passed)),
        ("verification failed", Event::Verified(Verdict::Failed("why".to_owned()))),
        ("verification interrupted", Event::Verified(Verdict::Interrupted)),
        ("sent back", Event::Bounced { feedback: "more".to_owned() }),
        ("not sent back", Event::NotBounced { reason: "why".to_owned() }),
        ("stop requested", Event::StopRequested),
    ]
}

#[test]
fn every_event_makes_of_a_task_what_this_table_says() {
    let events = events();
    let columns = [
        Column { name: "event", values: events.iter().map(|(word, _)| (*word).to_owned()).collect() },
        Column { name: "phase", values: Phase::ALL.iter().map(ToString::to_string).collect() },
        Column { name: "status", values: Status::ALL.iter().map(ToString::to_string).collect() },
        Column::new("stop", &["no", "yes"]),
        Column::new("verifies", &["no", "yes"]),
        Column::new("agent", &["there", "ended"]),
    ];
    let outcome = |chosen: &[usize]| {
        let [event, phase, status, stop, verifies, ended] = *chosen else { unreachable!() };
        let (phase, status) = (Phase::ALL[phase], Status::ALL[status]);
        if !can_be(status, phase) {
            return None;
        }
        // An agent that has ended and whose attempt is live is one that is verified.
        if ended == 1 && phase != Phase::Verifying {
            return None;
        }
        Some(written(&state(status, phase, (stop == 1, verifies == 1, ended == 1)), &events[event].1))
    };
    let (table, count) = table(&columns, &outcome);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("transitions", table);
    });
    record("transition table", &format!("{count} combinations"), "as reviewed", "cargo test --test it decisions");
}

#[test]
fn what_a_person_does_to_a_task_at_rest_is_in_this_table() {
    let why = Some((Cause::Exit, "its old reason".to_owned()));
    let events = [
        ("preflight failed", Event::PreflightFailed { reason: "why".to_owned() }),
        ("requeued", Event::Requeued),
        ("requeue undone", Event::Unqueued { why: why.clone() }),
        ("approved", Event::Approved),
        ("reopened", Event::Reopened { why }),
        ("done, of no attempt", Event::Done),
    ];
    let columns = [
        Column { name: "event", values: events.iter().map(|(word, _)| (*word).to_owned()).collect() },
        Column { name: "status", values: Status::ALL.iter().map(ToString::to_string).collect() },
        Column::new("attempt", &["none", "over", "live"]),
    ];
    let outcome = |chosen: &[usize]| {
        let [event, status, attempt] = *chosen else { unreachable!() };
        let status = Status::ALL[status];
        let phase = if attempt == 2 { Phase::Running } else { Phase::Exited };
        if attempt > 0 && !can_be(status, phase) || (attempt == 0 && status == Status::InProgress) {
            return None;
        }
        let mut state = state(status, phase, (false, false, false));
        if attempt == 0 {
            state.attempt = None;
        }
        Some(told(&state, &step(&state, None, &events[event].1, NOW, Limits::default())))
    };
    let (table, _) = table(&columns, &outcome);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("acts", table);
    });
}

fn everywhere() -> [(&'static str, Whereabouts); 8] {
    [
        ("in place, its branch", Whereabouts::InPlace(Head::Branch("its".to_owned()))),
        ("in place, another branch", Whereabouts::InPlace(Head::Branch("another".to_owned()))),
        ("in place, detached", Whereabouts::InPlace(Head::Detached("1".to_owned()))),
        ("broken", Whereabouts::Broken("why".to_owned())),
        ("in the trash", Whereabouts::Parked(PathBuf::from("/trash/1"))),
        ("moved", Whereabouts::Elsewhere(PathBuf::from("/else"))),
        ("absent", Whereabouts::Absent { held_by: Some("its".to_owned()) }),
        ("unknown", Whereabouts::Unknown("why".to_owned())),
    ]
}

#[test]
fn the_record_of_a_worktree_follows_the_disk_as_in_this_table() {
    const STATES: [TreeState; 4] = [TreeState::Planned, TreeState::Present, TreeState::Parked, TreeState::Gone];
    let parked = [None, Some("/trash/1"), Some("/trash/2")];
    let found = everywhere();
    let columns = [
        Column { name: "record", values: STATES.iter().map(ToString::to_string).collect() },
        Column::new("parked at", &["-", "there", "another place"]),
        Column::new("found", &words(&found)),
        Column::new("agent", &["over", "live"]),
    ];
    let outcome = |chosen: &[usize]| {
        let [state, place, at, live] = *chosen else { unreachable!() };
        let state = STATES[state];
        if (state == TreeState::Parked) != (place > 0) {
            return None;
        }
        let parked = parked[place].map(PathBuf::from);
        let recorded = Recorded { state, parked, branch: "its".to_owned(), live: live == 1 };
        Some(match follow(&recorded, &found[at].1) {
            Follow::Keep => "keep".to_owned(),
            Follow::Present => "present".to_owned(),
            Follow::Parked(at) => format!("parked at {}", at.display()),
            Follow::Gone => "gone".to_owned(),
            Follow::Say => "keep, and say so".to_owned(),
            Follow::Unknown => "keep: unknown".to_owned(),
        })
    };
    let (table, count) = table(&columns, &outcome);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("trees", table);
    });
    let size = format!("{count} combinations");
    record("decision table of the worktrees' records", &size, "as reviewed", "cargo test --test it decisions");
}

/// What no decision may ever do, whatever is seen.
#[test]
fn no_event_leads_out_of_the_table() {
    for (word, event) in events() {
        for phase in Phase::ALL {
            for status in Status::ALL.iter().filter(|status| can_be(**status, *phase)) {
                for flags in [(false, false, false), (true, false, false), (false, true, false), (true, true, true)] {
                    let state = state(*status, *phase, flags);
                    let Step::Change(change) = step(&state, Some(&attempt()), &event, NOW, Limits::default()) else {
                        continue;
                    };
                    let became = change.phase.unwrap_or(*phase);
                    let what = format!("{word} on {status}/{phase}: {}/{became}", change.status);
                    assert!(can_be(change.status, became), "{what}");
                    assert!(phase.is_live() || became == *phase, "what is over stays over: {what}");
                    if matches!(change.status, Status::Ready) && *status != Status::Ready {
                        assert!(
                            !state.attempt.as_ref().unwrap().stop_requested,
                            "a stopped task is never queued: {what}"
                        );
                    }
                    // An older attempt, or none, changes nothing.
                    let other = AttemptId::parse("01980000-0000-7000-8000-000000000002").unwrap();
                    let stale = step(&state, Some(&other), &event, NOW, Limits::default());
                    assert!(matches!(stale, Step::Conflict(_)), "{what}");
                }
            }
        }
    }
}
