//! Showing a session, reading a screen.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;

use super::hostile::view;
use super::support::{LONG, Rig, id, until};
use crate::os::process::{Call, run};
use crate::ports::multiplexer::{Attach, Multiplexer as _, PaneSeen, Typed};

#[test]
fn the_end_of_a_screen_is_captured_with_its_colours() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "print").unwrap();
    let pane = rig.pane(1).id;
    let whole = until("the text is there", || {
        rig.tmux.capture(&rig.socket, &pane, 100).ok().filter(|text| text.contains("three"))
    });
    // tmux 3.5 ends every line's colours at its end.
    let whole = whole.replace("\x1b[39m\n\x1b[31m", "\n");
    assert_eq!(whole.trim_end_matches("\x1b[39m"), "one\ntwo \x1b[31mred\nthree");
    let last = rig.tmux.capture(&rig.socket, &pane, 1).unwrap();
    assert_eq!(last.trim_end_matches("\x1b[39m"), "\x1b[31mthree");
    assert_eq!(rig.tmux.capture(&rig.socket, &pane, 0).unwrap(), "");
}

#[test]
fn a_text_is_typed_at_its_own_pane_and_at_no_other() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "type").unwrap();
    let pane = rig.pane(1);
    rig.told(1);
    let text = "two lines; $(touch x)\n#{pane_id} `true` ;";
    rig.tmux.send(&rig.socket, &pane, Typed::Paste(text)).unwrap();
    rig.tmux.send(&rig.socket, &pane, Typed::Enter).unwrap();
    let typed = rig.folder.path().join("told").join(format!("{}.typed", id(1)));
    until("it is there", || std::fs::read_to_string(&typed).ok().filter(|typed| *typed == format!("{text}\n")));
    for other in [PaneSeen { pid: pane.pid + 1, ..pane.clone() }, PaneSeen { argv: Some(id(2)), ..pane.clone() }] {
        assert!(rig.tmux.send(&rig.socket, &other, Typed::Paste("x")).is_err());
    }
    assert_eq!(std::fs::read_to_string(&typed).unwrap(), format!("{text}\n"));
    rig.tmux.send(&rig.socket, &pane, Typed::Interrupt).unwrap();
    until("it is interrupted", || rig.panes().iter().all(|pane| pane.dead).then_some(()));
    assert!(rig.tmux.send(&rig.socket, &pane, Typed::Paste("x")).is_err(), "nobody is there any more");
}

#[test]
fn what_was_drawn_on_the_alternate_screen_stays_if_wanted() {
    let rig = Rig::new("");
    for (number, alternate) in [(1, true), (2, false)] {
        rig.start_with(&format!("ganger-{number}"), number, rig.folder.path(), &["alt".into()], alternate).unwrap();
        rig.told(number);
    }
    until("the text is there", || {
        rig.tmux.capture(&rig.socket, &rig.pane(2).id, 100).ok().filter(|text| text.contains("seen"))
    });
    assert_eq!(rig.said(&["show-options", "-wv", "-t", "=ganger-2:", "alternate-screen"]), "off");
    assert_eq!(rig.said(&["show-options", "-wv", "-t", "=ganger-1:", "alternate-screen"]), "");
}

#[test]
fn the_folder_of_the_socket_is_made_private() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "run").unwrap();
    let mode = rig.socket.parent().unwrap().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_group_of_sessions_counts_all_its_clients() {
    let (rig, viewer) = (Rig::new(""), Rig::new(""));
    rig.start("ganger-1", 1, "run").unwrap();
    rig.said(&["new-session", "-d", "-t", "=ganger-1", "-s", "also"]);
    view(&viewer, &rig, "also");
    let panes = rig.panes();
    assert_eq!((panes.len(), panes[0].attached, panes[0].session.as_str()), (1, 1, "ganger-1"));
    assert_eq!(panes[0].argv, Some(id(1)));
}

/// Runs `show` in a pane of `outer`, as a person would there.
fn run_inside(outer: &Rig, argv: &[OsString]) {
    let pane = outer.said(&["display-message", "-p", "-t", "=mine:", "#{pane_id}"]);
    let tmux = outer.said(&["display-message", "-p", "-t", "=mine:", "#{socket_path},#{pid},0"]);
    let call = Call::new(&argv[0], LONG).args(&argv[1..]).env("TMUX", tmux).env("TMUX_PANE", pane);
    let answer = run(&call).unwrap();
    assert!(answer.ok(), "{}", answer.complaint());
}

#[test]
fn a_popup_shows_a_session_of_another_server() {
    let (rig, outer, viewer) = (Rig::new(""), Rig::new(""), Rig::new(""));
    rig.start("ganger-1", 1, "run").unwrap();
    rig.start("ganger-10", 10, "run").unwrap();
    outer.foreign("mine");
    view(&viewer, &outer, "mine");
    let tmux = OsString::from(format!("{},1,0", outer.socket.display()));
    let show = rig.tmux.show(Some(&tmux), &rig.socket, "ganger-1").unwrap();
    assert_eq!(show.how, Attach::Popup);
    std::thread::scope(|scope| {
        let shown = scope.spawn(|| run_inside(&outer, &show.argv));
        until("a client is attached", || Some(rig.pane(1)).filter(|pane| pane.attached == 1));
        assert_eq!(rig.pane(10).attached, 0);
        rig.said(&["detach-client", "-s", "=ganger-1"]);
        shown.join().unwrap();
    });
}

#[test]
fn inside_the_same_server_the_client_is_switched() {
    let (rig, viewer) = (Rig::new(""), Rig::new(""));
    rig.foreign("mine");
    rig.start("ganger-1", 1, "run").unwrap();
    view(&viewer, &rig, "mine");
    let tmux = OsString::from(format!("{},1,0", rig.socket.display()));
    let show = rig.tmux.show(Some(&tmux), &rig.socket, "ganger-1").unwrap();
    assert_eq!(show.how, Attach::Switch);
    run_inside(&rig, &show.argv);
    assert_eq!(rig.pane(1).attached, 1);
}
