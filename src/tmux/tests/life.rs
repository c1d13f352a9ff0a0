//! Starting, finding and ending panes.

use std::fs;

use super::support::{Rig, id, until};
use crate::os::process::{Call, run};
use crate::ports::multiplexer::{Multiplexer as _, MuxError, Panes};

#[test]
fn a_started_session_shows_up_marked() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "run").unwrap();
    let pane = rig.pane(1);
    assert_eq!((pane.mark.as_ref(), pane.dead, pane.attached, pane.siblings), (Some(&id(1)), false, 0, 1));
    assert_eq!(pane.session, "ganger-1");
    rig.said(&["split-window", "-d", "-t", "=ganger-1:", "--", "sleep", "600"]);
    let panes = rig.panes();
    assert!(panes.iter().all(|pane| pane.siblings == 2) && panes.len() == 2);
    assert_eq!(panes.iter().filter(|pane| pane.argv.is_some() || pane.mark.is_some()).count(), 1);
    assert_eq!(rig.said(&["display-message", "-p", "-t", "=ganger-1:", "#{window_width}x#{window_height}"]), "90x20");
}

#[test]
fn a_pane_that_ends_at_once_is_kept_marked() {
    let rig = Rig::new("");
    rig.foreign("keeper");
    for round in 0..50 {
        rig.start(&format!("ganger-{round}"), round, "exit").unwrap();
    }
    for round in 0..50 {
        let pane = until("the pane is dead", || Some(rig.pane(round)).filter(|pane| pane.dead));
        assert_eq!(pane.mark, Some(id(round)));
        rig.tmux.kill(&rig.socket, &pane).unwrap();
    }
    assert_eq!(rig.panes().len(), 1, "a person's pane is all that is left");
}

#[test]
fn a_name_in_use_is_refused_and_its_session_untouched() {
    let rig = Rig::new("");
    let before = rig.foreign("ganger-1");
    assert_eq!(rig.start("ganger-1", 1, "run"), Err(MuxError::Taken("ganger-1".to_owned())));
    assert_eq!(rig.panes(), [before]);
    assert_eq!(rig.said(&["show-options", "-wv", "-t", "=ganger-1:", "remain-on-exit"]), "");
    assert!(!rig.folder.path().join("told").join(id(1).as_str()).exists());
}

#[test]
fn t6_a_name_that_begins_another_is_not_that_other() {
    let rig = Rig::new("");
    rig.start("ganger-10", 10, "run").unwrap();
    rig.start("ganger-1", 1, "run").unwrap();
    for number in [1, 10] {
        assert_eq!(rig.pane(number).mark, Some(id(number)));
        assert_eq!(rig.pane(number).session, format!("ganger-{number}"));
    }
    rig.tmux.kill(&rig.socket, &rig.pane(1)).unwrap();
    assert_eq!(rig.pane(10).session, "ganger-10");
    assert_eq!(rig.panes().len(), 1);
}

#[test]
fn t1_only_ours_is_ended_after_ids_begin_again() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "run").unwrap();
    let ours = rig.pane(1);
    rig.end();
    assert_eq!(rig.tmux.panes(&rig.socket), Ok(Panes::NoServer));
    rig.tmux.kill(&rig.socket, &ours).unwrap();
    let person = rig.foreign("mine");
    assert_eq!(person.id, ours.id);
    rig.tmux.kill(&rig.socket, &ours).unwrap();
    assert_eq!(rig.panes(), [person]);
}

#[test]
fn a_pane_without_our_command_is_never_ended() {
    let rig = Rig::new("");
    let person = rig.foreign("mine");
    rig.said(&["set-option", "-p", "-t", &person.id, "@ganger_attempt", id(1).as_str()]);
    let marked = rig.panes().remove(0);
    assert_eq!((marked.mark.as_ref(), marked.attempt()), (Some(&id(1)), None));
    assert!(rig.tmux.kill(&rig.socket, &marked).is_err());
    let mut lie = marked.clone();
    lie.argv = Some(id(1));
    assert!(rig.tmux.kill(&rig.socket, &lie).is_err());
    assert_eq!(rig.panes(), [marked]);
}

#[test]
fn a_pane_that_lost_its_mark_is_still_ours_and_one_with_a_foreign_mark_is_not() {
    let rig = Rig::new("");
    rig.foreign("keeper");
    rig.start("ganger-1", 1, "run").unwrap();
    let pane = rig.pane(1);
    rig.said(&["set-option", "-p", "-t", &pane.id, "@ganger_attempt", id(2).as_str()]);
    assert!(rig.tmux.kill(&rig.socket, &pane).is_err());
    rig.said(&["set-option", "-p", "-t", &pane.id, "@ganger_attempt", "a\nb\tc"]);
    assert_eq!(rig.pane(1).mark, None);
    rig.said(&["set-option", "-pu", "-t", &pane.id, "@ganger_attempt"]);
    rig.tmux.kill(&rig.socket, &rig.pane(1)).unwrap();
    assert_eq!(rig.panes().len(), 1);
    rig.tmux.kill(&rig.socket, &pane).unwrap();
}

#[test]
fn the_last_pane_ends_well_and_the_next_server_starts_at_once() {
    let rig = Rig::new("");
    for number in 0..30 {
        rig.start("ganger-1", number, "run").unwrap();
        rig.tmux.kill(&rig.socket, &rig.pane(number)).unwrap();
    }
}

#[test]
fn no_server_is_seen_and_one_can_be_started_right_after_the_look() {
    for round in 0..20 {
        let rig = Rig::new("");
        assert_eq!(rig.tmux.panes(&rig.socket), Ok(Panes::NoServer));
        let server = rig.tmux.server(&rig.socket).unwrap();
        assert!(server.sessions.is_empty() && !server.version.is_empty());
        if round % 2 == 0 {
            assert_eq!(rig.tmux.panes(&rig.socket), Ok(Panes::NoServer), "the look leaves no server behind");
        }
        rig.start("ganger-1", 1, "run").unwrap();
        assert_eq!(rig.tmux.server(&rig.socket).unwrap().sessions, ["ganger-1"]);
        assert!(rig.tmux.capture(&rig.socket, "%77", 5).is_err());
    }
}

#[test]
fn a_server_without_sessions_has_no_panes() {
    let rig = Rig::new("set -s exit-empty off");
    rig.tmux.server(&rig.socket).unwrap();
    assert_eq!(rig.tmux.panes(&rig.socket), Ok(Panes::Listed(Vec::new())));
    assert!(rig.tmux.server(&rig.socket).unwrap().sessions.is_empty());
    rig.start("ganger-1", 1, "run").unwrap();
    assert_eq!(rig.pane(1).session, "ganger-1");
}

#[test]
fn a_deleted_socket_is_no_server_until_it_is_back() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "run").unwrap();
    let pid = rig.said(&["display-message", "-p", "#{pid}"]);
    fs::remove_file(&rig.socket).unwrap();
    let seen = rig.tmux.panes(&rig.socket);
    // A server makes its socket anew on this signal.
    assert!(run(&Call::new("kill", super::support::LONG).args(["-USR1", &pid])).unwrap().ok());
    until("the socket is back", || rig.socket.exists().then_some(()));
    assert_eq!(seen, Ok(Panes::NoServer));
    until("the server answers", || rig.tmux.panes(&rig.socket).ok().filter(|panes| *panes != Panes::NoServer));
    assert_eq!(rig.pane(1).mark, Some(id(1)));
}
