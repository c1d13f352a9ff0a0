//! The fault catalogue: a tmux server that dies, stops, lies, is another one than before, or somebody else's.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::kills::{AGENT, agents, people_are_untouched, peopled, recovers};
use crate::support::{World, runs, signal, until};

fn server(world: &World) -> i64 {
    world.tmux(&["display-message", "-p", "#{pid}"]).parse().unwrap()
}

fn text<'a>(task: &'a serde_json::Value, key: &str) -> &'a str {
    task["attempt"][key].as_str().unwrap_or_else(|| panic!("no {key}: {task}"))
}

fn started(world: &World, id: i64) {
    until("its agent", || (agents(world, id) == 1).then_some(()));
}

#[test]
fn t1_panes_of_a_new_server_are_not_the_old_ones() {
    let world = World::new();
    let ids = [world.dispatch(AGENT), world.dispatch(AGENT)];
    for id in ids {
        started(&world, id);
    }
    let panes = ids.map(|id| text(&world.task(id), "pane_id").to_owned());
    // Everything dies at once, so that nobody tells what became of it.
    for id in ids {
        signal(world.task(id)["attempt"]["shim_pid"].as_i64().unwrap(), Signal::SIGKILL);
    }
    let old = server(&world);
    signal(old, Signal::SIGKILL);
    until("the server's end", || (!runs(old)).then_some(()));
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000"]);
    world.tmux(&["new-session", "-d", "-s", "other", "--", "sleep", "1000"]);
    let listed = world.tmux(&["list-panes", "-a", "-F", "#{pane_id}"]);
    assert!(panes.iter().all(|pane| listed.lines().any(|line| line == pane)), "they count anew: {listed}");
    world.reconciled();
    for id in ids {
        assert_eq!(world.status(id), "ready");
        world.ok(&["stop", &id.to_string()]);
        world.ok(&["rm", &id.to_string()]);
    }
    world.reconciled();
    assert_eq!(world.sessions(), ["other", "person"]);
}

#[test]
fn t3_a_server_that_is_stopped_and_goes_on_starts_nobody_late() {
    let world = peopled();
    fs::write(
        world.path("config/ganger/config.toml"),
        "default_agent = \"shell\"\n[timing]\nstart = \"1s\"\ntmux = \"500ms\"\n[tmux]\ngrace = \"2s\"\n",
    )
    .unwrap();
    let server = server(&world);
    let id = world.add(AGENT);
    world.wrap("tmux", &format!("case \"$*\" in *__agent*) kill -STOP {server};; esac; real \"$@\"; exit $?"));
    let ran = world.fails(5, &["dispatch", &id.to_string()]);
    world.unwrap("tmux");
    assert_eq!(world.status(id), "ready", "{ran:?}");
    world.ganger(&["--reconcile"]);
    assert_eq!(agents(&world, id), 0);
    signal(server, Signal::SIGCONT);
    recovers(&world, id, "the server goes on");
    people_are_untouched(&world);
}

#[test]
fn t7_names_and_titles_are_decoration() {
    let world = World::new();
    let shows = "printf '\\033]0;#(touch canary) evil\\007\\033kganger-9\\033\\\\\\033]2;x\\007here\\n'; ";
    let id = world.dispatch(&format!("{shows}{AGENT}"));
    let other = world.dispatch(AGENT);
    for id in [id, other] {
        started(&world, id);
    }
    // Names are swapped, so that each is the other's.
    let (session, others) =
        (text(&world.task(id), "session").to_owned(), text(&world.task(other), "session").to_owned());
    world.tmux(&["set-hook", "-g", "window-renamed", "rename-session -t '=mine' 'yours'"]);
    world.tmux(&["set-option", "-g", "automatic-rename", "on"]);
    world.tmux(&["set-option", "-g", "allow-rename", "on"]);
    world.tmux(&["rename-session", "-t", &format!("={session}"), "mine"]);
    world.tmux(&["rename-session", "-t", &format!("={others}"), &session]);
    world.tmux(&["rename-session", "-t", "=mine", &others]);
    world.tmux(&["rename-window", "-t", &format!("={others}:"), "ganger-2-a-task"]);
    world.reconciled();
    assert!(world.ok(&["peek", &id.to_string()]).contains("here"));
    assert!(!world.ok(&["peek", &other.to_string()]).contains("here"));
    for id in [id, other] {
        assert_eq!((world.status(id).as_str(), &world.task(id)["attempt"]["pane"]), ("in-progress", &"live".into()));
    }
    world.ok(&["stop", &id.to_string()]);
    assert_eq!((agents(&world, id), agents(&world, other)), (0, 1));
    world.ok(&["rm", &id.to_string()]);
    world.reconciled();
    assert_eq!((world.status(other).as_str(), agents(&world, other)), ("in-progress", 1));
    assert!(!world.repo().join("canary").exists());
}

#[test]
fn t11_no_agent_starts_elsewhere_when_its_worktree_is_gone() {
    let world = peopled();
    let before = world.git(&["status", "--porcelain", "--ignored"]);
    for gone in ["rm -rf \"$tree\"", "rm -rf \"$tree\"; mkdir \"$tree\"", "mv \"$tree\" \"$tree.away\""] {
        let id = world.add(AGENT);
        let script = format!(
            "case \"$*\" in *__agent*) tree=$(echo \"$WORLD\"/data/ganger/worktrees/*/{id}-a-task); {gone};; esac; real \"$@\"; exit $?"
        );
        world.wrap("tmux", &script);
        let ran = world.ganger(&["dispatch", &id.to_string()]);
        world.unwrap("tmux");
        assert_eq!(ran.code, Some(5), "{gone}: {ran:?}");
        assert_eq!((world.status(id).as_str(), agents(&world, id)), ("ready", 0), "{gone}");
        fs::remove_dir_all(world.path(&format!("data/ganger/worktrees/repo/{id}-a-task.away"))).ok();
        recovers(&world, id, gone);
    }
    assert_eq!(world.git(&["status", "--porcelain", "--ignored"]), before);
    people_are_untouched(&world);
}

#[test]
fn t12_a_second_server_at_the_same_path_ends_nobody() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    started(&world, id);
    fs::remove_file(world.socket()).unwrap();
    world.fails(6, &["--reconcile"]);
    world.tmux(&["new-session", "-d", "-s", text(&world.task(id), "session"), "--", "sleep", "1000"]);
    let sessions = world.sessions();
    let told = world.fails(6, &["--reconcile"]);
    assert!((told.stdout + &told.stderr).contains("without a pane"));
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("in-progress", 1));
    world.ok(&["stop", &id.to_string()]);
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("failed", 0));
    world.reconciled();
    assert_eq!(world.sessions(), sessions, "the second server's session is a person's");
}

/// A server of another version: whatever it is asked, it tells which it is.
fn other_version(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            // It has asked once its first message's head is there.
            client.read_exact(&mut [0; 16]).ok();
            // tmux's message «version», 16 bytes long, from a server of protocol version 7.
            let words = [12_u32, 16, 7, 0];
            let message: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            client.write_all(&message).ok();
            client.read_to_end(&mut Vec::new()).ok();
        }
    });
}

#[test]
fn t13_a_server_of_another_version_is_the_machines_fault_and_resets_nobody() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    started(&world, id);
    let next = world.add(AGENT);
    let (socket, away) = (world.socket(), world.path("tmux/away"));
    fs::rename(&socket, &away).unwrap();
    other_version(&socket);
    let ran = world.fails(1, &["dispatch", &next.to_string()]);
    assert!(ran.stderr.contains("version mismatch"), "{ran:?}");
    assert_eq!((world.status(next).as_str(), &world.task(next)["attempt"]), ("ready", &serde_json::Value::Null));
    world.ganger(&["--reconcile"]);
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("in-progress", 1));
    fs::rename(&away, &socket).unwrap();
    world.reconciled();
    world.ok(&["dispatch", &next.to_string()]);
    assert_eq!((world.status(id).as_str(), agents(&world, id)), ("in-progress", 1));
}

#[test]
fn t16_a_restored_session_with_a_bare_shell_is_no_agent() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    started(&world, id);
    let task = world.task(id);
    signal(task["attempt"]["shim_pid"].as_i64().unwrap(), Signal::SIGKILL);
    let old = server(&world);
    signal(old, Signal::SIGKILL);
    until("the server's end", || (!runs(old)).then_some(()));
    let (session, tree) = (text(&task, "session"), text(&task, "worktree"));
    world.tmux(&["new-session", "-d", "-s", session, "-c", "/", "--", "sh"]);
    world.tmux(&["set-option", "-p", "-t", &format!("={session}:"), "@ganger_attempt", text(&task, "id")]);
    let shell: i64 =
        world.tmux(&["display-message", "-p", "-t", &format!("={session}:"), "#{pane_pid}"]).parse().unwrap();
    assert_eq!(world.task(id)["attempt"]["live"], false);
    world.ok(&["--reconcile"]);
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), text(&task, "cause")), (Some("ready"), "orphan-server"));
    world.ok(&["dispatch", &id.to_string()]);
    started(&world, id);
    let again = world.task(id);
    assert_eq!(text(&again, "worktree"), tree);
    assert_ne!(text(&again, "session"), session, "that name is a person's now");
    assert!(runs(shell), "a person's shell is left alone");
    world.ok(&["rm", &id.to_string(), "--stop"]);
    world.ok(&["--reconcile"]);
    assert!(runs(shell) && world.sessions().contains(&session.to_owned()));
    world.tmux(&["set-option", "-pu", "-t", &format!("={session}:"), "@ganger_attempt"]);
    world.reconciled();
    assert!(runs(shell));
}

#[test]
fn t18_a_size_set_by_hand_is_the_machines_fault_and_ends_no_server() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    started(&world, id);
    let before = server(&world);
    world.tmux(&["set-option", "-g", "window-size", "manual"]);
    let next = world.add(AGENT);
    let ran = world.ganger(&["dispatch", &next.to_string()]);
    assert_eq!((server(&world), agents(&world, id)), (before, 1), "{ran:?}");
    if ran.code != Some(0) {
        assert!(ran.code == Some(1) && ran.stderr.contains("set-option -g window-size latest"), "{ran:?}");
        assert_eq!((world.status(next).as_str(), &world.task(next)["attempt"]), ("ready", &serde_json::Value::Null));
        world.tmux(&["set-option", "-g", "window-size", "latest"]);
        world.ok(&["dispatch", &next.to_string()]);
    }
    started(&world, next);
    world.tmux(&["set-option", "-g", "window-size", "manual"]);
    world.reconciled();
    assert_eq!((agents(&world, id), agents(&world, next)), (1, 1));
}

#[test]
fn t25_who_only_looks_does_not_wait_for_a_server_that_is_stopped() {
    let world = World::new();
    let id = world.dispatch(AGENT);
    started(&world, id);
    let server = server(&world);
    signal(server, Signal::SIGSTOP);
    let name = id.to_string();
    for look in [&["list"][..], &["show", &name], &["--json", "show", &name], &["status-line"], &["peek", &name]] {
        let began = Instant::now();
        let ran = world.ganger(look);
        // An act waits for ten seconds.
        assert!(began.elapsed() < Duration::from_secs(6), "{look:?} took {:?}", began.elapsed());
        assert_eq!(ran.code == Some(0), look[0] != "peek", "{look:?}: {ran:?}");
    }
    assert_eq!((world.status(id).as_str(), &world.task(id)["attempt"]["pane"]), ("in-progress", &"unknown".into()));
    signal(server, Signal::SIGCONT);
    assert_eq!(world.task(id)["attempt"]["pane"], "live");
}

#[test]
fn s26_a_text_to_an_agent_holds_no_key_but_its_enter() {
    let world = World::new();
    let id = world.dispatch("stty raw -echo; printf '\\033[?2004hready'; exec cat > \"$WORLD/typed\"");
    let name = id.to_string();
    until("it is ready", || world.ok(&["peek", &name]).contains("ready").then_some(()));
    let sent = world.ganger(&["send", &name, "one\u{1b}[201~\u{3}\u{4}\r\ntwo\u{9b}A\tthree\u{7f}"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(sent.stderr.contains("5 control characters were left out"), "{sent:?}");
    let typed = fs::read_to_string(world.path("typed")).unwrap();
    assert_eq!(typed, "\u{1b}[200~one[201~\ntwoA\tthree\u{1b}[201~\r");
    let refused = world.fails(2, &["send", &name, "\u{3}\u{1b}"]);
    assert!(refused.stderr.contains("nothing of that text can be typed"), "{refused:?}");
    assert_eq!(fs::read_to_string(world.path("typed")).unwrap(), typed);
}
