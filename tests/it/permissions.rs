//! Who gives a command: an agent is never taken for a person, and a person is not taken for an agent.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{World, until};

/// An agent that does what stands in the file `do`, once it is there, and says so in the file `done`.
const DOES: &str =
    "while [ ! -e \"$WORLD/do\" ]; do sleep 0.02; done; . \"$WORLD/do\"; echo x > \"$WORLD/done\"; sleep 1000";

/// Lets the agent do something, to its end.
fn let_do(world: &World, script: &str) {
    fs::write(world.path("new"), script).unwrap();
    fs::rename(world.path("new"), world.path("do")).unwrap();
    world.file("done");
}

fn events(world: &World) -> Vec<Value> {
    world.ok(&["events"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything that is a person's, for a task that is another's and for the agent's own.
fn acts(other: i64, own: i64) -> Vec<String> {
    let mut acts: Vec<String> =
        ["add t", "undo", "reconcile", "--reconcile", "trust", "trust --revoke", "doctor --fix"]
            .iter()
            .chain(&["config init --config none", "agents install-hooks claude", "dispatch --next", ""])
            .map(|act| (*act).to_owned())
            .collect();
    for id in [other, own] {
        let of_one =
            ["approve", "reopen", "rm", "rm --stop", "archive", "archive --stop", "unarchive", "dispatch", "stop"]
                .iter()
                .chain(&["retry", "retry --no-dispatch", "attach", "shell", "edit --title x", "bounce --note x"]);
        acts.extend(of_one.map(|act| format!("{act} {id}")));
        acts.push(format!("send {id} x"));
    }
    acts.extend(["done", "fail x", "ask x", "note x"].map(|word| format!("{word} --task {other}")));
    acts
}

#[test]
fn a12_an_agent_that_acts_as_a_person_is_refused_however_it_hides() {
    let world = World::new();
    let other = world.dispatch("echo x > f");
    world.settled(other, "review");
    let ready = world.add("true");
    let own = world.dispatch(DOES);
    let before = (events(&world).len(), world.task(other), world.task(ready));
    let hides = [
        "\"$GANGER_BIN\" $act",
        "env -u GANGER_ATTEMPT -u GANGER_TOKEN \"$GANGER_BIN\" $act",
        "env GANGER_ATTEMPT=01980000-0000-7000-8000-000000000001 \"$GANGER_BIN\" $act",
        // In a session of its own.
        "setsid -w env -u GANGER_ATTEMPT \"$GANGER_BIN\" $act",
        // Through ganger's own way out.
        "\"$GANGER_BIN\" __notify /dev/null \"$GANGER_BIN\" $act; (exit $(($? + 2)))",
        "env -u GANGER_ATTEMPT -u GANGER_TOKEN \"$GANGER_BIN\" __notify /dev/null \"$GANGER_BIN\" $act; (exit $(($? + 2)))",
        // A daemon, with some of its variables left.
        "rm -f \"$WORLD/c\"; (setsid env -u GANGER_ATTEMPT -u GANGER_TOKEN sh -c '\"$GANGER_BIN\" '\"$act\"'; echo $? > \"$WORLD/c\"' &); \
            until [ -s \"$WORLD/c\" ]; do sleep 0.01; done; (exit $(cat \"$WORLD/c\"))",
        // Nobody's child any more, but still in the session.
        "rm -f \"$WORLD/c\"; (env -u GANGER_ATTEMPT sh -c '\"$GANGER_BIN\" '\"$act\"'; echo $? > \"$WORLD/c\"' &); \
            until [ -s \"$WORLD/c\" ]; do sleep 0.01; done; (exit $(cat \"$WORLD/c\"))",
    ];
    let mut script = "exec < /dev/null 2>> \"$WORLD/said\" >> \"$WORLD/said\"\n".to_owned();
    let (acts, hidden) = (acts(other, own), ["approve", "rm", "add t", "undo"]);
    for (way, hide) in hides.iter().enumerate() {
        for act in acts.iter().filter(|act| way == 0 || hidden.iter().any(|hidden| act.starts_with(hidden))) {
            writeln!(script, "act='{act}'; {hide}; echo \"$? $act\" >> \"$WORLD/codes\"").unwrap();
        }
    }
    let_do(&world, &script);
    let codes = fs::read_to_string(world.path("codes")).unwrap();
    assert!(codes.lines().count() > acts.len() + 20, "{codes}");
    assert!(codes.lines().all(|line| line.starts_with("4 ")), "{codes}");
    let said = fs::read_to_string(world.path("said")).unwrap();
    assert!(said.contains("ganger: `approve` is for the user, and this is the agent of task 3"), "{said}");
    assert!(said.contains("an agent may: done, fail, ask and note on its own task, and what only reads"), "{said}");
    assert!(said.contains("permissions.agents = [\"approve\"]"), "{said}");
    let told: Vec<&str> = said.lines().filter(|line| line.contains("unset GANGER_ATTEMPT")).collect();
    assert!(told.len() <= 8, "who is known by descent is not told how to hide: {said}");
    let now = events(&world);
    assert_eq!((now.len(), world.task(other), world.task(ready)), before, "{now:#?}");
    assert_eq!(world.status(own), "in-progress");
    world.audited();
}

#[test]
fn an_agent_may_read_everything_and_speak_for_itself() {
    let world = World::new();
    let other = world.dispatch("echo x > f");
    world.settled(other, "review");
    let own = world.dispatch(DOES);
    let mut script = "exec < /dev/null 2>> \"$WORLD/said\" >> \"$WORLD/said\"\n".to_owned();
    for act in [
        "list",
        "show 1",
        "path 1",
        "log 1",
        "peek 2",
        "wait 1",
        "events",
        "status-line",
        "config show",
        "agents",
        "reconcile --check",
        "--reconcile --dry-run",
        "note one",
        "note --task 2 two",
        "ask three",
    ] {
        writeln!(script, "\"$GANGER_BIN\" {act}; echo \"$? {act}\" >> \"$WORLD/codes\"").unwrap();
    }
    let_do(&world, &script);
    let codes = fs::read_to_string(world.path("codes")).unwrap();
    assert!(
        codes.lines().all(|line| line.starts_with("0 ")),
        "{codes}{}",
        fs::read_to_string(world.path("said")).unwrap()
    );
    let said: Vec<Value> =
        events(&world).into_iter().filter(|event| event["task"] == own && event["who"] == "agent").collect();
    let words: Vec<&str> = said.iter().filter_map(|event| event["evidence"]["event"].as_str()).collect();
    assert_eq!(words, ["remark", "remark", "question"], "{said:#?}");
}

#[test]
fn a13_what_a_setting_gives_is_fixed_at_the_dispatch_and_recorded_as_the_agents() {
    let world = World::new();
    world.configure("[permissions]\nagents = ['add', 'approve']");
    let other = world.dispatch("echo x > f");
    world.settled(other, "review");
    let own = world.dispatch(DOES);
    // Neither the user's file, from now on, nor one of the agent's own changes what it may do.
    world.configure("[permissions]\nagents = ['add', 'rm']");
    let wide = "default_agent = 'shell'\n[permissions]\nagents = ['rm', 'reopen', 'add', 'approve']\n";
    fs::write(world.path("wide.toml"), wide).unwrap();
    let script = "exec 2>> \"$WORLD/said\" >> \"$WORLD/said\"
        try() { \"$GANGER_BIN\" \"$@\"; echo \"$? $*\" >> \"$WORLD/codes\"; }
        try add 'by an agent'; try approve 1; try rm 1; try add x --unsafe; try add x --start; try edit 1 --unsafe
        try --config \"$WORLD/wide.toml\" rm 1; GANGER_CONFIG=\"$WORLD/wide.toml\" try reopen 1\n";
    let_do(&world, script);
    let codes: Vec<String> =
        fs::read_to_string(world.path("codes")).unwrap().lines().map(|line| line[..1].to_owned()).collect();
    assert_eq!(codes, ["0", "0", "4", "4", "4", "4", "4", "4"], "{}", fs::read_to_string(world.path("said")).unwrap());
    let attempt = world.task(own)["attempt"]["id"].clone();
    for (task, event) in [(3, "added"), (other, "approved")] {
        let found: Vec<Value> = events(&world)
            .into_iter()
            .filter(|found| found["task"] == task && found["evidence"]["event"] == event)
            .collect();
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!((&found[0]["who"], &found[0]["evidence"]["by"]), (&Value::from("agent"), &attempt), "{found:#?}");
    }
    // A person takes it back like their own.
    world.ok(&["undo"]);
    assert_eq!(world.status(other), "review");
    world.audited();
}

#[test]
fn a14_no_attempt_speaks_for_another_whatever_it_knows() {
    let world = World::new();
    let victim = world.dispatch("sleep 1000");
    let own = world.dispatch(DOES);
    // As the same user it can read what another agent was given.
    let agent = world.phase(victim, "running")["attempt"]["agent_pid"].as_i64().unwrap();
    let variables = fs::read(format!("/proc/{agent}/environ")).unwrap();
    let text = String::from_utf8_lossy(&variables).into_owned();
    let stolen =
        text.split('\0').filter(|word| word.starts_with("GANGER_ATTEMPT=") || word.starts_with("GANGER_TOKEN="));
    let stolen: Vec<String> = stolen.map(|word| format!("'{word}'")).collect();
    assert_eq!(stolen.len(), 2);
    let token =
        stolen.iter().find_map(|word| word.strip_prefix("'GANGER_TOKEN=")).unwrap().trim_end_matches('\'').to_owned();
    let shown =
        [["show", "1", "--json"].as_slice(), &["events"], &["list", "--json"], &["log", "1"], &["doctor", "--json"]];
    for command in shown {
        assert!(!world.ganger(command).stdout.contains(&token), "{command:?} tells a token");
    }
    let script = format!(
        "exec 2>> \"$WORLD/said\" >> \"$WORLD/said\"
        try() {{ \"$@\"; echo \"$? $*\" >> \"$WORLD/codes\"; }}
        for word in done 'fail x' 'ask x' 'note x'; do
            try env {stolen} \"$GANGER_BIN\" $word
            try env {stolen} \"$GANGER_BIN\" $word --task {victim}
            try env -u GANGER_TOKEN \"$GANGER_BIN\" $word --task {own}
            try env GANGER_TOKEN=wrong \"$GANGER_BIN\" $word
        done
        echo '{{\"hook_event_name\":\"Notification\",\"notification_type\":\"permission_prompt\",\"message\":\"may I?\"}}' | env {stolen} \"$GANGER_BIN\" __hook claude\n",
        stolen = stolen.join(" ")
    );
    let_do(&world, &script);
    let codes = fs::read_to_string(world.path("codes")).unwrap();
    assert_eq!(codes.lines().count(), 16);
    assert!(
        codes.lines().all(|line| line.starts_with("4 ")),
        "{codes}{}",
        fs::read_to_string(world.path("said")).unwrap()
    );
    for id in [victim, own] {
        assert_eq!((world.status(id).as_str(), &world.task(id)["saying"]), ("in-progress", &Value::Null));
    }
}

#[test]
fn a15_a_person_beside_an_agent_is_a_person() {
    let world = World::new();
    let other = world.dispatch("echo x > f");
    let task = world.settled(other, "review");
    let own = world.dispatch("sleep 1000");
    let session = world.phase(own, "running")["attempt"]["session"].as_str().unwrap().to_owned();
    // A window that a person opens in the agent's own session.
    let command = format!("{} approve {other} > {}", env!("CARGO_BIN_EXE_ganger"), world.path("window").display());
    world.tmux(&[
        "new-window",
        "-d",
        "-t",
        &format!("={session}:"),
        &format!("{command} 2>&1; echo >> {}", world.path("window").display()),
    ]);
    world.file("window");
    assert_eq!(world.settled(other, "done")["status"], "done");
    let approved = events(&world).into_iter().find(|event| event["evidence"]["event"] == "approved").unwrap();
    assert_eq!((&approved["who"], &approved["evidence"]["by"]), (&Value::from("person"), &Value::Null));
    // A person who has the variables by accident is told so, and can go on without them.
    let attempt = task["attempt"]["id"].as_str().unwrap();
    let ran = world.spawn("env", &[&format!("GANGER_ATTEMPT={attempt}"), env!("CARGO_BIN_EXE_ganger"), "reopen", "1"]);
    let ran = super::support::finish(ran);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(
        ran.stderr.contains("the environment says that this is the agent of task 1, whose attempt is over"),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("if you are not that agent: unset GANGER_ATTEMPT GANGER_TOKEN GANGER_TASK"), "{ran:?}");
    world.ok(&["reopen", "1"]);
    // Those of another board say nothing here.
    let ran = world.spawn(
        "env",
        &[
            "GANGER_ATTEMPT=01980000-0000-7000-8000-000000000001",
            "GANGER_TOKEN=x",
            env!("CARGO_BIN_EXE_ganger"),
            "approve",
            "1",
        ],
    );
    assert_eq!(super::support::finish(ran).code, Some(0));
}

#[test]
fn a_persons_own_notification_acts_for_the_person_whoever_caused_it() {
    let world = World::new();
    world.configure(&format!("[notify]\nreview = ['{}', 'approve', '{{task_id}}']", env!("CARGO_BIN_EXE_ganger")));
    // By the agent's own word, and by its shim.
    for script in ["echo x > f; \"$GANGER_BIN\" done; sleep 1000", "echo x > f"] {
        let id = world.dispatch(script);
        world.settled(id, "done");
        let who = until("its event", || {
            let event = |event: &Value| event["task"] == id && event["evidence"]["event"] == "approved";
            events(&world).into_iter().find(event)
        });
        assert_eq!(who["who"], "person", "{who}");
    }
}

#[test]
fn a_board_is_another_boards_business() {
    // An agent that works on ganger itself, or plays with a board of its own.
    let world = World::new();
    let id = world.dispatch(DOES);
    let script = "exec 2>> \"$WORLD/said\" >> \"$WORLD/said\"
        export GANGER_DB=\"$WORLD/own/ganger.db\" GANGER_STATE_DIR=\"$WORLD/own/state\"
        for act in 'add t' 'archive 1' undo 'rm 1'; do \"$GANGER_BIN\" $act; echo $? >> \"$WORLD/codes\"; done\n";
    let_do(&world, script);
    let codes = fs::read_to_string(world.path("codes")).unwrap();
    assert_eq!(codes, "0\n0\n0\n0\n", "{}", fs::read_to_string(world.path("said")).unwrap());
    assert!(Path::new(&world.path("own/ganger.db")).exists());
    assert_eq!(world.status(id), "in-progress");
}
