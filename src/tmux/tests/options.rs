//! Options and hooks of a person's server that would turn a call of ours into harm.

use super::support::{Rig, id, until};
use crate::ports::multiplexer::{Multiplexer as _, MuxError, Typed};

#[test]
fn t18_no_server_is_ended_by_a_size_that_is_set_by_hand() {
    let rig = Rig::new("");
    let person = rig.foreign("mine");
    rig.said(&["set-option", "-g", "window-size", "manual"]);
    let usable = rig.tmux.server(&rig.socket);
    // Asked again by the start itself: a person may have set it since.
    let started = rig.start("ganger-1", 1, "run");
    assert!(rig.panes().contains(&person), "the person's session lives");
    if usable.is_ok() {
        started.unwrap();
        assert_eq!(
            rig.said(&["display-message", "-p", "-t", "=ganger-1:", "#{window_width}x#{window_height}"]),
            "90x20"
        );
        return;
    }
    for refused in [usable.map(|_| ()), started] {
        assert!(
            matches!(&refused, Err(MuxError::Unusable(why)) if why.contains("set-option -g window-size latest")),
            "{refused:?}"
        );
    }
    assert_eq!(rig.panes(), [person]);
    let rig = Rig::new("set -g window-size manual");
    assert!(matches!(rig.tmux.server(&rig.socket), Err(MuxError::Unusable(_))));
}

#[test]
fn t19_no_command_of_ours_is_an_alias_of_a_persons() {
    let commands = [
        "new-session",
        "set-option",
        "list-panes",
        "list-sessions",
        "display-message",
        "start-server",
        "if-shell",
        "load-buffer",
        "paste-buffer",
        "delete-buffer",
        "copy-mode",
        "send-keys",
        "capture-pane",
        "kill-pane",
    ];
    let config: Vec<String> = (50..)
        .zip(commands)
        .map(|(number, command)| format!("set -s command-alias[{number}] '{command}=setenv -g STOLEN {command}'"))
        .collect();
    let rig = Rig::new(&config.join("\n"));
    assert!(rig.tmux.server(&rig.socket).unwrap().sessions.is_empty());
    rig.start("ganger-1", 1, "type").unwrap();
    rig.told(1);
    assert_eq!(rig.tmux.server(&rig.socket).unwrap().sessions, ["ganger-1"]);
    let pane = rig.pane(1);
    assert_eq!(pane.mark, Some(id(1)));
    rig.tmux.send(&rig.socket, &pane, Typed::Paste("hello")).unwrap();
    rig.tmux.send(&rig.socket, &pane, Typed::Enter).unwrap();
    until("it is typed", || (rig.typed(1) == "hello\n").then_some(()));
    assert!(rig.tmux.capture(&rig.socket, &pane.id, 5).unwrap().contains("hello"));
    assert_eq!(rig.tmux.rang(&rig.socket, &pane.id), Ok(false));
    let gone = crate::ports::multiplexer::PaneSeen { pid: pane.pid + 1, ..pane.clone() };
    assert!(rig.tmux.send(&rig.socket, &gone, Typed::Paste("x")).is_err());
    assert_eq!(rig.said(&["list-buffers"]), "", "no buffer is left");
    assert!(!rig.said(&["showenv", "-g"]).contains("STOLEN"));
    rig.said(&["new", "-d", "-s", "keeper", "--", "sleep", "600"]);
    rig.tmux.kill(&rig.socket, &pane).unwrap();
    assert!(!rig.said(&["showenv", "-g"]).contains("STOLEN"));
}

#[test]
fn t20_a_hook_that_starts_ended_panes_again_does_not_start_ours() {
    let rig = Rig::new("set-hook -g pane-died 'set-environment -g DIED yes ; respawn-pane'");
    rig.start("ganger-1", 1, "exit").unwrap();
    rig.start("ganger-2", 2, "run").unwrap();
    until("its end", || rig.pane(1).dead.then_some(()));
    rig.said(&["new-session", "-d", "-s", "mine", "--", "sleep", "600"]);
    rig.said(&["set-option", "-g", "remain-on-exit", "on"]);
    let folder = rig.folder.path().display().to_string();
    let once = "mkdir \"seen$TMUX_PANE\" || exec sleep 600";
    // tmux 3.3a now and then runs no hook for a pane whose process ends as soon as its output: another pane is tried then.
    until("the hook works elsewhere", || {
        rig.said(&["new-window", "-d", "-t", "=mine:", "-c", &folder, "--", "sh", "-c", once]);
        rig.said(&["show-environment", "-g"]).contains("DIED").then_some(())
    });
    assert!(rig.pane(1).dead);
}

#[test]
fn t21_what_is_typed_reaches_no_pane_beside_the_agents() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "type").unwrap();
    rig.told(1);
    let pane = rig.pane(1);
    let beside = rig.folder.path().join("beside");
    let write = format!("cat > '{}'", beside.display());
    rig.said(&["split-window", "-d", "-t", &pane.id, &write]);
    until("a person's pane", || beside.exists().then_some(()));
    rig.said(&["set-option", "-w", "-t", &pane.id, "synchronize-panes", "on"]);
    for typed in [Typed::Paste("x"), Typed::Enter, Typed::Interrupt] {
        let refused = rig.tmux.send(&rig.socket, &pane, typed).unwrap_err();
        assert!(refused.to_string().contains("synchronize-panes off"), "{refused}");
    }
    assert!(!rig.said(&["list-buffers"]).contains("ganger"), "no buffer is left");
    rig.said(&["set-option", "-w", "-t", &pane.id, "synchronize-panes", "off"]);
    rig.said(&["set-option", "-p", "-t", &pane.id, "synchronize-panes", "on"]);
    assert!(rig.tmux.send(&rig.socket, &pane, Typed::Enter).is_err());
    rig.said(&["set-option", "-p", "-t", &pane.id, "synchronize-panes", "off"]);
    rig.tmux.send(&rig.socket, &pane, Typed::Paste("hello")).unwrap();
    rig.tmux.send(&rig.socket, &pane, Typed::Enter).unwrap();
    until("the agent has it", || (rig.typed(1) == "hello\n").then_some(()));
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), "");
    // Alone in its window, it is synchronized with nobody.
    rig.start("ganger-2", 2, "type").unwrap();
    rig.told(2);
    rig.said(&["set-option", "-w", "-t", "=ganger-2:", "synchronize-panes", "on"]);
    rig.tmux.send(&rig.socket, &rig.pane(2), Typed::Enter).unwrap();
    until("the agent has it", || (rig.typed(2) == "\n").then_some(()));
}

#[test]
fn t22_a_paste_is_marked_as_one_while_a_person_scrolls() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "marked").unwrap();
    let pane = rig.pane(1);
    until("it is ready", || rig.tmux.capture(&rig.socket, &pane.id, 5).unwrap().contains("ready").then_some(()));
    rig.said(&["copy-mode", "-t", &pane.id]);
    rig.tmux.send(&rig.socket, &pane, Typed::Paste("two\nlines\tand a tab")).unwrap();
    rig.tmux.send(&rig.socket, &pane, Typed::Enter).unwrap();
    let marked = "\u{1b}[200~two\nlines\tand a tab\u{1b}[201~\n";
    until("it is there", || (rig.typed(1) == marked).then_some(()));
}

#[test]
fn t23_a_pane_that_takes_no_input_is_said_to() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "type").unwrap();
    rig.told(1);
    let pane = rig.pane(1);
    rig.said(&["select-pane", "-d", "-t", &pane.id]);
    for typed in [Typed::Paste("x"), Typed::Enter] {
        let refused = rig.tmux.send(&rig.socket, &pane, typed).unwrap_err();
        assert!(refused.to_string().contains("select-pane -e"), "{refused}");
    }
    rig.said(&["select-pane", "-e", "-t", &pane.id]);
    rig.tmux.send(&rig.socket, &pane, Typed::Enter).unwrap();
    until("the agent has it", || (rig.typed(1) == "\n").then_some(()));
}

#[test]
fn a_pane_gets_a_size_and_whoever_attaches_his_own() {
    let rig = Rig::new("");
    rig.start("ganger-1", 1, "type").unwrap();
    rig.told(1);
    let pane = rig.pane(1);
    let size = || rig.said(&["display-message", "-p", "-t", &pane.id, "#{window_width}x#{window_height}"]);
    let held = || rig.said(&["show-options", "-w", "-v", "-t", &pane.id, "window-size"]);
    rig.tmux.resize(&rig.socket, &pane.id, (97, 31)).unwrap();
    assert_eq!((size().trim(), held().trim()), ("97x31", ""));
    rig.tmux.resize(&rig.socket, &pane.id, (120, 40)).unwrap();
    assert_eq!((size().trim(), held().trim()), ("120x40", ""));
    rig.said(&["split-window", "-d", "-t", &pane.id, "--", "sleep", "600"]);
    rig.tmux.resize(&rig.socket, &pane.id, (80, 24)).unwrap();
    assert_eq!(size().trim(), "120x40", "a window with other panes is its owner's to size");
}
