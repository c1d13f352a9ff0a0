//! The command line as scripts rely on it: exit codes, JSON, options, and what each command prints.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{World, runs, signal, until};

fn keys(value: &Value) -> String {
    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

const TASK: &str = "id title status repo agent base branch priority batch prompt files verify timeout after blocked_by blockers external_id extra \
     reason note activity activity_source activity_since saying waits_until not_before orphans archived pr_url pr_number pr_said review_state review_rounds commits tree head untouched created_at updated_at \
     attempt";
const ATTEMPT: &str = "id number phase live branch worktree base socket session pane_id pane shim_pid agent_pid port started_at \
     ended_at exit_code exit_signal cause kept leftovers touched";

#[test]
fn every_key_of_the_json_is_on_its_page() {
    let page = include_str!("../../docs/json.md");
    for key in TASK.split_whitespace().chain(ATTEMPT.split_whitespace()) {
        assert!(page.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn json_has_the_documented_keys() {
    let world = World::new();
    let added = world
        .ganger(&[
            "add",
            "t",
            "--json",
            "--prompt",
            "echo x > f",
            "--file",
            "a.txt",
            "--priority",
            "3",
            "--batch",
            "2",
            "--external-id",
            "X-1",
            "--timeout",
            "90s",
        ])
        .json();
    assert_eq!(keys(&added), "schema_version tasks");
    assert_eq!(added["schema_version"], 1);
    let task = &added["tasks"][0];
    assert_eq!(keys(task), TASK);
    assert_eq!((&task["files"][0], &task["priority"], &task["batch"]), (&"a.txt".into(), &3.into(), &2.into()));
    assert_eq!((&task["external_id"], &task["timeout"], &task["attempt"]), (&"X-1".into(), &90.into(), &Value::Null));
    let dispatched = world.ganger(&["--json", "dispatch", "1"]).json();
    assert_eq!(keys(&dispatched["tasks"][0]["attempt"]), ATTEMPT);
    world.settled(1, "review");
    let shown = world.task(1);
    assert_eq!(keys(&shown), format!("schema_version {TASK} attempts timeline"));
    assert_eq!(keys(&shown["timeline"][0]), "seq at task attempt from to who cause evidence");
    let listed = world.ganger(&["list", "--json"]).json();
    assert_eq!(keys(&listed), "schema_version tasks");
    let report = world.ganger(&["--reconcile", "--json"]).json();
    assert_eq!(keys(&report), "schema_version observed_at actions doubt unknown");
    let error = world.fails(3, &["show", "99", "--json"]).json();
    assert_eq!(keys(&error), "schema_version error");
    assert_eq!(keys(&error["error"]), "code kind message hint task");
    assert_eq!((&error["error"]["code"], &error["error"]["task"]), (&3.into(), &99.into()));
    let error = world.fails(2, &["list", "--no-such-option", "--json"]).json();
    assert_eq!(error["error"]["kind"], "usage");
    let both = world.fails(4, &["dispatch", "1", "1", "--json"]);
    assert_eq!(keys(&both.json()), "schema_version tasks errors");
}

#[test]
fn a_reconcile_says_what_it_saw_and_did() {
    let world = World::new();
    let id = world.dispatch("sleep 1000");
    let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    world.ok(&["reconcile", "--check"]);
    signal(shim, Signal::SIGKILL);
    until("its end", || (!runs(shim)).then_some(()));
    world.fails(9, &["reconcile", "--check"]);
    world.ok(&["--reconcile", "--dry-run"]);
    assert_eq!(world.status(id), "in-progress", "a dry run changes nothing");
    let report = world.ganger(&["reconcile", "--json"]).json();
    let action = &report["actions"][0];
    assert_eq!(keys(action), "task attempt observed decision reason applied");
    assert_eq!(keys(&action["observed"]), "lock shim agent pane boot dispatcher");
    assert_eq!((&action["decision"], &action["applied"]), (&"requeue".into(), &true.into()));
    assert_eq!((&action["observed"]["lock"], &action["observed"]["shim"]), (&"free".into(), &"dead".into()));
    world.ok(&["reconcile", "--check"]);
}

#[test]
fn every_exit_code_is_what_it_says() {
    let world = World::new();
    world.fails(2, &[]);
    world.fails(2, &["no-such-command"]);
    world.fails(3, &["dispatch", "7"]);
    let id = world.dispatch("while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; exit 1");
    let id = id.to_string();
    world.fails(4, &["dispatch", &id]);
    world.fails(4, &["retry", &id]);
    world.fails(4, &["rm", &id]);
    world.fails(7, &["wait", &id, "--timeout", "50ms"]);
    world.fails(7, &["wait", &id, "--for", "review", "--timeout", "50ms"]);
    fs::write(world.path("go"), "").unwrap();
    world.fails(8, &["wait", &id]);
    world.fails(8, &["wait", &id, "--for", "review"]);
    world.ok(&["wait", &id, "--for", "failed"]);
    world.fails(4, &["dispatch", &id]);
    let good = world.add("echo x > f").to_string();
    world.ok(&["dispatch", &good, "--wait"]);
    let bad = world.add("exit 3").to_string();
    world.fails(8, &["dispatch", &bad, "--wait"]);
    // With nothing to do all is well; with several ids the first that failed counts.
    world.ok(&["dispatch", "--next"]);
    world.ok(&["dispatch", "--all"]);
    let ready = world.add("true").to_string();
    world.fails(3, &["dispatch", &ready, "99", &good]);
    let help = world.ok(&["--help"]);
    for code in 0..=9 {
        assert!(help.contains(&format!("\n  {code}  ")), "{help}");
    }
}

#[test]
fn dependencies_and_priorities_order_the_queue() {
    let world = World::new();
    let first = world.ok(&["add", "first", "--prompt", "echo x > f"]).trim().to_owned();
    let urgent = world.ok(&["add", "urgent", "--priority", "5", "--prompt", "echo x > f"]).trim().to_owned();
    let after = world.ok(&["add", "after", "--priority", "9", "--after", &first]).trim().to_owned();
    world.fails(3, &["add", "x", "--after", "99"]);
    world.fails(4, &["dispatch", &after]);
    world.ok(&["dispatch", "--next"]);
    assert_ne!(world.status(urgent.parse().unwrap()), "ready");
    assert_eq!(world.status(first.parse().unwrap()), "ready");
    world.ok(&["dispatch", "--all"]);
    assert_eq!(world.task(after.parse().unwrap())["blocked_by"][0], first.parse::<i64>().unwrap());
    assert_eq!(world.status(after.parse().unwrap()), "ready");
}

#[test]
fn global_options_stand_anywhere_and_the_board_is_about_the_repository() {
    let world = World::new();
    world.add("true");
    let database = world.path("other/o.db");
    let state = world.path("other/state");
    let (database, state) = (database.to_str().unwrap(), state.to_str().unwrap());
    assert_eq!(world.ok(&["list", "--db", database, "--state-dir", state]), "");
    assert_eq!(world.ok(&["--db", database, "--state-dir", state, "add", "--", "--json"]).trim(), "1");
    let other = world.path("second");
    fs::create_dir(&other).unwrap();
    world.run("git", &["init", "-q"], &other);
    assert_eq!(world.ok(&["list", "-C", other.to_str().unwrap()]), "");
    assert!(world.ok(&["list", "--all", "-C", other.to_str().unwrap()]).contains("a task"));
    // From inside a linked worktree the board is still the main one's.
    world.git(&["worktree", "add", "-q", "../linked"]);
    assert!(world.ok(&["list", "-C", world.path("linked").to_str().unwrap()]).contains("a task"));
    assert_eq!(world.ok(&["list", "--status", "done"]), "");
    assert!(world.ok(&["list", "--status", "ready", "--status", "done"]).contains("a task"));
    world.fails(2, &["list", "--status", "finished"]);
}

#[test]
fn screens_can_be_looked_at_while_and_after() {
    let world = World::new();
    let id = world.add("printf '\\033[31mhello\\033[0m\\n'; while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; echo bye; echo x > f").to_string();
    world.fails(4, &["peek", &id]);
    world.fails(4, &["log", &id]);
    world.fails(4, &["path", &id]);
    world.ok(&["dispatch", &id]);
    until("the screen", || world.ok(&["peek", &id]).contains("hello").then_some(()));
    assert!(world.ok(&["peek", &id, "--color", "always"]).contains("\u{1b}[31mhello"));
    fs::write(world.path("go"), "").unwrap();
    world.settled(id.parse().unwrap(), "review");
    let log = world.ok(&["log", &id]);
    assert!(log.contains("hello\nbye") && !log.contains('\u{1b}'), "{log:?}");
    world.fails(4, &["log", &id, "--attempt", "2"]);
    world.fails(4, &["log", &id, "--verify"]);
    until("the footer", || world.ok(&["peek", &id]).contains("ganger: task 1 is in review").then_some(()));
    assert!(std::path::Path::new(world.ok(&["path", &id]).trim()).join("f").exists());
}

#[test]
fn attach_shows_the_agent_wherever_one_is() {
    let world = World::new();
    let id = world.dispatch("printf 'a visible agent\\n'; sleep 1000");
    let ganger = env!("CARGO_BIN_EXE_ganger");
    let outer = world.path("outer.sock");
    let outer = outer.to_str().unwrap();
    let look = |socket: &str| world.tmux(&["-S", socket, "capture-pane", "-p", "-t", "=look:"]);
    // Outside: a terminal without TMUX.
    let clean = format!("env -u TMUX -u TMUX_PANE {ganger} attach {id}");
    world.tmux(&["-S", outer, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "-s", "look", &clean]);
    until("the agent, attached", || look(outer).contains("a visible agent").then_some(()));
    let clients = world.tmux(&["list-clients", "-F", "#{client_session}"]);
    assert_eq!(clients, "ganger-1-a-task");
    world.tmux(&["-S", outer, "kill-server"]);
    // Inside the same server: its client is switched. Another socket: a server that is ending drops new clients.
    let outer = world.path("outer-2.sock");
    let outer = outer.to_str().unwrap();
    world.tmux(&["new-session", "-d", "-s", "home", "--", "sh"]);
    world.tmux(&[
        "-S",
        outer,
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        "100",
        "-y",
        "30",
        "-s",
        "look",
        "env -u TMUX tmux attach -t =home",
    ]);
    until("a client", || (world.tmux(&["list-clients", "-F", "#{client_session}"]) == "home").then_some(()));
    world.tmux(&["send-keys", "-t", "=home:", &format!("{ganger} attach {id}"), "Enter"]);
    until("the switch", || {
        (world.tmux(&["list-clients", "-F", "#{client_session}"]) == "ganger-1-a-task").then_some(())
    });
    world.tmux(&["-S", outer, "kill-server"]);
    world.ok(&["stop", &id.to_string()]);
    world.fails(3, &["attach", "99"]);
}

#[test]
fn what_can_not_be_looked_at_is_unknown_on_every_surface() {
    let world = World::new();
    let id = world.dispatch("sleep 1000");
    let lock = world.path(&format!("state/ganger/locks/{}.lock", world.task(id)["attempt"]["id"].as_str().unwrap()));
    let away = lock.with_extension("away");
    let other: fn(&std::path::Path) = |lock| fs::write(lock, "").unwrap();
    for (doubt, replace) in [("its lock file is missing", None), ("stands in place of its lock file", Some(other))] {
        fs::rename(&lock, &away).unwrap();
        if let Some(replace) = replace {
            replace(&lock);
        }
        assert_eq!(world.ok(&["status-line"]), "▶1\n", "{doubt}");
        assert!(world.ok(&["list"]).contains(&format!("UNKNOWN: {}", doubt.replace("stands", "another file stands"))));
        assert!(world.ok(&["show", &id.to_string()]).contains(doubt));
        assert_eq!(world.task(id)["attempt"]["live"], Value::Null, "{doubt}");
        let ran = world.fails(6, &["reconcile"]);
        assert!(ran.stderr.contains(doubt), "{ran:?}");
        fs::rename(&away, &lock).unwrap();
    }
    assert_eq!(world.task(id)["attempt"]["live"], true);
    assert!(world.ok(&["list"]).contains("working"));
}

#[test]
fn the_status_line_is_short_and_reads_only() {
    let world = World::new();
    assert_eq!(world.ok(&["status-line"]), "\n");
    assert!(!world.path("data/ganger").exists(), "it makes nothing");
    let id = world.dispatch("sleep 1000");
    world.add("true");
    let failed = world.dispatch("exit 1");
    world.settled(failed, "failed");
    assert_eq!(world.ok(&["status-line"]), "▶1 ✖1\n");
    assert_eq!(world.ok(&["status-line", "--format", "{running}/{failed}/{lost}"]), "1/1/0\n");
    let before = (fs::read(world.database()).unwrap(), world.task(id)["timeline"].as_array().unwrap().len());
    let shim = world.task(id)["attempt"]["shim_pid"].as_i64().unwrap();
    signal(shim, Signal::SIGKILL);
    until("the loss shows", || (world.ok(&["status-line"]) == "✖1 !1\n").then_some(()));
    assert_eq!((fs::read(world.database()).unwrap(), world.task(id)["timeline"].as_array().unwrap().len()), before);
    world.sql("PRAGMA user_version = 99; UPDATE meta SET value = '99' WHERE key = 'min_writer'");
    assert_eq!(world.ok(&["status-line"]), "⚠ ganger doctor\n", "nothing to do is not what it says");
    let ran = world.fails(2, &["list"]);
    assert!(ran.stderr.contains("99") && ran.stderr.contains("newer"), "{ran:?}");
    fs::write(world.database(), "not a database at all").unwrap();
    assert_eq!(world.ok(&["status-line"]), "⚠ ganger doctor\n");
    assert_eq!(world.ok(&["status-line", "--format", "{running}"]), "⚠ ganger doctor\n");
    world.fails(1, &["list"]);
    let doctor = world.fails(1, &["doctor"]).stdout;
    let audit = doctor.lines().find(|line| line.contains("audit")).unwrap();
    assert!(audit.starts_with("unknown"), "nothing was audited: {doctor}");
    let checks = world.fails(1, &["doctor", "--json"]).json();
    assert_eq!(checks["checks"].as_array().unwrap().last().unwrap()["status"], "unknown", "{checks}");
}

#[test]
fn the_configuration_can_be_made_shown_and_checked() {
    let world = World::new();
    let path = world.path("config/ganger/config.toml");
    assert_eq!(world.ok(&["config", "path"]).trim(), path.to_str().unwrap());
    world.fails(4, &["config", "init"]);
    fs::remove_file(&path).unwrap();
    world.ok(&["config", "init"]);
    world.ok(&["config", "check"]);
    let shown = world.ok(&["config", "show"]);
    assert!(shown.contains("max_running = 8") && shown.contains("default_agent = \"claude\""), "{shown}");
    fs::write(&path, "[queue]\nmax_runing = 1\n").unwrap();
    let ran = world.fails(2, &["config", "check"]);
    assert!(ran.stderr.contains("config.toml:2") && ran.stderr.contains("max_running"), "{ran:?}");
    let ran = world.fails(2, &["list"]);
    assert!(ran.stderr.contains("max_runing"), "{ran:?}");
    world.ok(&["--version"]);
}

#[test]
fn completions_and_doctor_work() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(world.ok(&["completions", shell]).contains("COMPLETE"), "{shell}");
    }
    let report = world.ganger(&["doctor", "--json"]).json();
    assert_eq!(report["ok"], true, "{report}");
    let names: Vec<&str> =
        report["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    for name in ["git", "tmux", "database", "state directory", "disk", "agent shell", "attempts"] {
        assert!(names.contains(&name), "{names:?}");
    }
    world.wrap("tmux", "exit 1");
    world.fails(1, &["doctor"]);
}

#[test]
fn the_demo_ends_as_it_should_and_leaves_nothing() {
    let mut world = World::new();
    fs::create_dir(world.path("tmp")).unwrap();
    world.set("TMPDIR", world.path("tmp").to_str().unwrap());
    let said = world.ok(&["demo"]);
    assert!(said.contains("Every task ended where it should"), "{said}");
    assert!(said.contains("LOST"), "{said}");
    assert_eq!(fs::read_dir(world.path("tmp")).unwrap().count(), 0);
}

#[test]
fn the_readme_has_the_key_table_of_the_code() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&readme).unwrap();
    let (open, close) = ("<!-- keys: made from the code's one table; a test compares -->\n", "<!-- /keys -->");
    let (before, rest) = text.split_once(open).unwrap();
    let (found, after) = rest.split_once(close).unwrap();
    let wanted = ganger::tui::keymap::markdown();
    if std::env::var_os("GANGER_UPDATE").is_some() {
        std::fs::write(&readme, format!("{before}{open}{wanted}{close}{after}")).unwrap();
        return;
    }
    assert_eq!(found, wanted, "write it anew with: GANGER_UPDATE=1 cargo test --test it the_readme");
}

#[test]
fn the_program_that_is_shipped_has_no_failpoints() {
    let world = World::new();
    let log = world.path("points");
    std::fs::create_dir_all(world.path("state/ganger")).unwrap();
    std::fs::write(world.path("state/ganger/failpoint"), format!("{}\nadd.store.add.1.before kill\n", log.display()))
        .unwrap();
    world.ok(&["add", "a task", "--prompt", "x"]);
    assert!(!log.exists());
    let program = std::fs::read(env!("CARGO_BIN_EXE_ganger")).unwrap();
    let mark = b"failpoint ";
    assert!(!program.windows(mark.len()).any(|bytes| bytes == mark));
}

#[test]
fn what_stands_before_a_command_is_obeyed_or_refused() {
    let world = World::new();
    world.add("true");
    let ran = world.fails(2, &["--reconcile", "list"]);
    assert!(ran.stderr.contains("--reconcile is a command of its own"), "{ran:?}");
    world.fails(2, &["--all", "doctor"]);
    assert!(world.ok(&["--all", "list"]).contains("a task"));
}

#[test]
fn a_task_that_is_named_twice_is_dispatched_once() {
    let world = World::new();
    let ids = [world.add("sleep 1000"), world.add("sleep 1000")].map(|id| id.to_string());
    world.ok(&["dispatch", &ids[0], &ids[1], &ids[0]]);
    assert_eq!(world.status(1), "in-progress");
}

#[test]
fn a_removed_task_is_told_as_it_was() {
    let world = World::new();
    let id = world.add("true").to_string();
    let told = world.ganger(&["rm", &id, "--json"]).json();
    assert_eq!((&told["tasks"][0]["title"], &told["removed"]), (&"a task".into(), &1.into()));
}

#[test]
fn a_retry_with_another_agent_and_prompt_is_one_step() {
    let world = World::new();
    world.configure(
        "[agents.other]\ncommand = [\"sh\", \"-c\", 'echo \"$1\" > by-another; git add .; git commit -qm x', \"sh\", \"{prompt}\"]",
    );
    let id = world.dispatch("exit 3").to_string();
    world.settled(1, "failed");
    world.ok(&["retry", &id, "--agent", "other", "--prompt", "as written"]);
    world.settled(1, "review");
    let tree = world.ok(&["path", &id]);
    let told = std::fs::read_to_string(format!("{}/by-another", tree.trim())).unwrap();
    assert!(told.starts_with("as written\n"), "{told}");
    assert_eq!(world.ganger(&["approve", &id]).stderr, "", "all of it is committed");
    let again = world.dispatch("exit 3").to_string();
    world.settled(2, "failed");
    world.fails(2, &["retry", &again, "--verify", "--agent", "other"]);
    world.fails(5, &["retry", &again, "--agent", "nobody"]);
}

#[test]
fn a_retry_that_has_to_go_on_does_not_begin_anew() {
    let world = World::new();
    let id = world.dispatch("exit 3");
    world.settled(id, "failed");
    world.phase(id, "exited");
    let name = id.to_string();
    let tree = world.ok(&["path", &name]);
    std::fs::remove_dir_all(tree.trim()).unwrap();
    let ran = world.fails(4, &["retry", &name, "--resume", "--note", "mind it"]);
    assert!(
        ran.stderr.contains("no worktree of an earlier attempt") && ran.stderr.contains("retry 1 --fresh"),
        "{ran:?}"
    );
    let task = world.task(id);
    assert_eq!(
        (&task["status"], &task["note"]),
        (&"failed".into(), &"mind it".into()),
        "what was written for it is kept"
    );
    world.ok(&["retry", &name]);
}

#[test]
fn a_task_is_named_by_its_title_where_only_one_can_be_meant() {
    let world = World::new();
    for title in ["Fix login", "Fix cart", "Write the notes", "fix login page"] {
        world.ok(&["add", title]);
    }
    let said = |args: &[&str]| world.ok(args);
    assert!(said(&["show", "fix login"]).starts_with("task 1: Fix login\n"), "the whole title goes first");
    assert!(said(&["show", "FIX LOGIN P"]).starts_with("task 4: "), "any case, and its beginning is enough");
    let database = world.database();
    let database = database.to_str().unwrap();
    assert!(said(&["path", "--help", "Write"]).contains("Usage"));
    assert!(said(&["edit", "write", "--title", "Write", "--db", database]).contains("task 3 is edited"));
    let several = world.fails(2, &["rm", "fix"]);
    assert!(several.stderr.contains("#1 Fix login, #2 Fix cart, #4 fix login page"), "{}", several.stderr);
    let none = world.fails(3, &["rm", "login"]);
    assert!(
        none.stderr.contains("no task is called \"login\"") && none.stderr.contains("ganger list"),
        "{}",
        none.stderr
    );
    let json = world.fails(3, &["show", "nowhere", "--json"]).json();
    assert_eq!(json["error"]["kind"], "no-such-task");
    assert_eq!(world.fails(2, &["show", "1-"]).stdout, "");
    said(&["add", "Write", "--after", "Write", "--after", "fix cart"]);
    assert_eq!(world.task(5)["after"], serde_json::json!([3, 2]));
    assert_eq!(world.task(5)["title"], "Write");
    said(&["archive", "fix cart"]);
    assert!(said(&["unarchive", "Fix Cart"]).contains("task 2 is on the board"));
    // Beside it, another repository has a task of that title: the one around here is meant.
    let other = world.path("other");
    world.run("git", &["init", "-q", other.to_str().unwrap()], &world.path(""));
    said(&["-C", other.to_str().unwrap(), "add", "Fix cart"]);
    assert!(said(&["show", "fix cart"]).starts_with("task 2: "));
    assert!(said(&["-C", other.to_str().unwrap(), "show", "fix cart"]).starts_with("task 6: "));
    assert!(said(&["-C", other.to_str().unwrap(), "show", "fix login p"]).starts_with("task 4: "));
    // What was done elsewhere says so.
    assert_eq!(said(&["edit", "6", "--priority", "1"]), "task 6 is edited (in other)\n");
    assert_eq!(said(&["-C", other.to_str().unwrap(), "edit", "6", "--priority", "2"]), "task 6 is edited\n");
    assert_eq!(said(&["rm", "6"]), "task 6 is removed (in other)\n");
}
