//! `ganger agents`: the list, and the hooks in real worktrees of real git.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::World;

/// A linked worktree of the world's repository.
fn linked(world: &World) -> PathBuf {
    let path = world.path("linked");
    world.git(&["worktree", "add", "-q", "-b", "side", path.to_str().unwrap()]);
    path.canonicalize().unwrap()
}

/// What git has to say of a worktree: nothing, when it sees no change.
fn status(world: &World, worktree: &Path) -> String {
    world.git(&["-C", worktree.to_str().unwrap(), "status", "--porcelain", "--untracked-files=all"])
}

/// Everything in a folder but git's own, by name.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".git");
    names.sort();
    names
}

#[test]
fn hooks_come_into_one_worktree_unseen_by_git_and_go_without_a_trace() {
    let world = World::new();
    let tree = linked(&world);
    let place = tree.to_str().unwrap();
    for (agent, file) in [
        ("claude", ".claude/settings.local.json"),
        ("codex", ".codex/hooks.json"),
        ("gemini", ".gemini/settings.json"),
        ("opencode", ".opencode/plugins/ganger.js"),
    ] {
        let said = world.ok(&["-C", place, "agents", "install-hooks", agent]);
        assert_eq!(said, format!("the hooks of {agent} are in {file}\n"));
        let text = fs::read_to_string(tree.join(file)).unwrap();
        assert!(text.contains("__hook") && text.contains("GANGER_BIN"), "{text}");
        assert!(!text.contains(world.path("").to_str().unwrap()), "no path of this machine: {text}");
        assert_eq!(status(&world, &tree), "");
        let again = world.ok(&["-C", place, "agents", "install-hooks", agent]);
        assert_eq!(again, format!("the hooks of {agent} were in {file} already\n"));
        assert_eq!(fs::read_to_string(tree.join(file)).unwrap(), text);
        let printed = world.ok(&["-C", place, "agents", "install-hooks", agent, "--print"]);
        assert_eq!(printed, text);
    }
    assert_eq!(files(&world.repo()), ["a.txt"], "the main worktree is another one");
    for agent in ["claude", "codex", "gemini", "opencode"] {
        world.ok(&["-C", place, "agents", "uninstall-hooks", agent]);
        assert_eq!(status(&world, &tree), "");
    }
    assert_eq!(files(&tree), ["a.txt"]);
    let nothing = world.ok(&["-C", place, "agents", "uninstall-hooks", "claude"]);
    assert_eq!(nothing, "there were no hooks of claude in .claude/settings.local.json\n");
}

#[test]
fn settings_that_were_there_are_kept_and_come_back_to_the_byte() {
    let world = World::new();
    let file = world.repo().join(".claude/settings.local.json");
    let before = "{\r\n\t// mine\r\n\t\"hooks\": { \"Stop\": [] },\r\n\t\"model\": \"x\",\r\n}\r\n";
    fs::create_dir(world.repo().join(".claude")).unwrap();
    fs::write(&file, before).unwrap();
    let changed = world.ganger(&["agents", "install-hooks", "claude", "--json"]).json();
    assert_eq!(
        (&changed["agent"], &changed["hooks"], &changed["changed"]),
        (&"claude".into(), &true.into(), &true.into())
    );
    let with = fs::read_to_string(&file).unwrap();
    assert!(with.contains("// mine") && with.contains("\"model\": \"x\""), "{with}");
    assert_eq!(status(&world, &world.repo()), "");
    world.ok(&["agents", "uninstall-hooks", "claude"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert_eq!(files(&world.repo().join(".claude")), ["settings.local.json"]);
}

#[test]
fn a_file_that_git_tracks_gets_hooks_only_by_force() {
    let world = World::new();
    fs::create_dir(world.repo().join(".gemini")).unwrap();
    world.commit(".gemini/settings.json", "{}\n");
    let error = world.fails(4, &["agents", "install-hooks", "gemini", "--json"]).json();
    assert_eq!(error["error"]["kind"], "conflict");
    assert!(error["error"]["message"].as_str().unwrap().contains("tracked by git"), "{error}");
    assert!(error["error"]["hint"].as_str().unwrap().contains("--force"), "{error}");
    assert_eq!(status(&world, &world.repo()), "");
    let printed = world.ok(&["agents", "install-hooks", "gemini", "--print"]);
    assert!(printed.contains("BeforeTool"), "{printed}");
    assert_eq!(status(&world, &world.repo()), "");
    world.ok(&["agents", "install-hooks", "gemini", "--force"]);
    assert_eq!(status(&world, &world.repo()), " M .gemini/settings.json");
    assert_eq!(fs::read_to_string(world.repo().join(".gemini/settings.json")).unwrap(), printed);
    world.ok(&["agents", "uninstall-hooks", "gemini"]);
    assert_eq!(status(&world, &world.repo()), "");
}

#[test]
fn a_repositorys_own_agents_are_listed_once_it_is_trusted() {
    let world = World::new();
    let names = || {
        let listed = world.ganger(&["agents", "--json"]).json();
        let agents = listed["agents"].as_array().unwrap().iter();
        agents.map(|agent| agent["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    fs::write(world.repo().join(".ganger.toml"), "[agents.ours]\ncommand = [\"sh\", \"-c\", \"{prompt}\"]\n").unwrap();
    assert!(!names().contains(&"ours".to_owned()), "nothing is obeyed of what nobody trusts");
    let doctor = world.ganger(&["doctor"]).stdout;
    assert!(doctor.contains(".ganger.toml is not trusted") && doctor.contains("ganger trust -C "), "{doctor}");
    // Also from elsewhere, once a task of that repository is on the board.
    world.add("true");
    let elsewhere = || {
        let program = env!("CARGO_BIN_EXE_ganger");
        world.run("sh", &["-c", &format!("{program} doctor || true")], &world.path("home"))
    };
    assert!(elsewhere().contains(".ganger.toml is not trusted"), "{}", elsewhere());
    world.ok(&["trust"]);
    assert!(!elsewhere().contains("not trusted"), "{}", elsewhere());
    assert!(names().contains(&"ours".to_owned()));
    let doctor = world.ganger(&["doctor"]).stdout;
    assert!(doctor.contains(".ganger.toml is trusted") && doctor.contains("agent ours"), "{doctor}");
}

#[test]
fn nothing_is_written_where_git_ignores_the_file_already_and_nothing_printed_is_written() {
    let world = World::new();
    world.ok(&["agents", "install-hooks", "codex", "--print"]);
    assert_eq!(files(&world.repo()), ["a.txt"]);
    fs::write(world.repo().join(".git/info/exclude"), ".codex/\n").unwrap();
    let ran = world.ganger(&["agents", "install-hooks", "codex"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("/hooks"), "codex has to be told to trust them: {ran:?}");
    assert_eq!(files(&world.repo().join(".codex")), ["hooks.json"]);
    assert_eq!(status(&world, &world.repo()), "");
}

#[test]
fn what_cannot_be_edited_is_refused_and_left_as_it_is() {
    let world = World::new();
    let file = world.repo().join(".codex/hooks.json");
    fs::create_dir(world.repo().join(".codex")).unwrap();
    fs::write(&file, "{ \"hooks\": [] }").unwrap();
    let ran = world.fails(4, &["agents", "install-hooks", "codex"]);
    assert!(ran.stderr.contains(".codex/hooks.json can't be edited: its \"hooks\" is not an object"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{ \"hooks\": [] }");
    assert_eq!(files(&world.repo().join(".codex")), ["hooks.json"]);
    fs::write(&file, "{}").unwrap();
    world.commit(".codex/.gitignore", "secrets\n");
    let ran = world.fails(4, &["agents", "install-hooks", "codex"]);
    assert!(ran.stderr.contains("add the line hooks.json"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{}");
    let ran = world.fails(2, &["agents", "install-hooks", "aider"]);
    assert!(ran.stderr.contains("one of claude, codex, gemini, opencode"), "{ran:?}");
    world.fails(2, &["-C", world.path("home").to_str().unwrap(), "agents", "install-hooks", "claude"]);
}

#[test]
fn the_command_of_a_hook_calls_ganger_inside_an_attempt_and_nothing_outside() {
    let mut world = World::new();
    let printed: Value = serde_json::from_str(&world.ok(&["agents", "install-hooks", "claude", "--print"])).unwrap();
    let command = printed["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().unwrap().to_owned();
    assert_eq!(world.run("sh", &["-c", &command], &world.repo()), "");
    world.program("a ganger", "#!/bin/sh\necho \"called: $*\"\n");
    let bin = world.path("bin/a ganger");
    world.set("GANGER_BIN", bin.to_str().unwrap());
    assert_eq!(world.run("sh", &["-c", &command], &world.repo()).trim(), "called: __hook claude");
}

#[test]
fn agents_are_listed_with_what_is_known_of_them() {
    let world = World::new();
    world.configure(
        "[agents.codex]\ncommand = [\"codex\", \"{prompt}\"]\n[agents.gemini]\ncommand = [\"wrapper\", \"{prompt}\"]\n\
         [agents.mine]\ncommand = [\"mine\", \"{prompt}\"]\nmode = \"headless\"\n",
    );
    world.program("claude", "#!/bin/sh\nprintf '\\n\\033[1m2.1.0 (Claude Code)\\033[0m\\nmore\\n'\n");
    world.program("codex", "#!/bin/sh\nexit 3\n");
    for name in ["wrapper", "mine"] {
        world.program(name, "#!/bin/sh\ntouch \"$WORLD/ran\"\necho 1.0\n");
    }
    let listed = world.ganger(&["agents", "--json"]).json();
    assert_eq!(listed["schema_version"], 1);
    let agent = |listed: &Value, name: &str| {
        listed["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == name).unwrap().clone()
    };
    let claude = agent(&listed, "claude");
    let keys: Vec<&String> = claude.as_object().unwrap().keys().collect();
    assert_eq!(keys[..4], ["name", "mode", "program", "installed"]);
    assert_eq!((&claude["installed"], &claude["version"]), (&true.into(), &"2.1.0 (Claude Code)".into()));
    assert_eq!((&claude["program"], &claude["hooks"]), (&"claude".into(), &false.into()));
    let codex = agent(&listed, "codex");
    assert_eq!((&codex["installed"], &codex["version"]), (&true.into(), &Value::Null));
    let mine = agent(&listed, "mine");
    assert_eq!((&mine["mode"], &mine["installed"], &mine["version"]), (&"headless".into(), &true.into(), &Value::Null));
    assert_eq!(mine["hooks"], Value::Null);
    assert_eq!(agent(&listed, "gemini")["version"], Value::Null);
    assert!(!world.path("ran").exists(), "a program of a person's own is never run to be looked at");

    world.ok(&["agents", "install-hooks", "claude"]);
    assert_eq!(agent(&world.ganger(&["agents", "--json"]).json(), "claude")["hooks"], true);
    let table = world.ok(&["agents"]);
    let row = table.lines().find(|line| line.starts_with("claude")).unwrap();
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["claude", "interactive", "claude", "2.1.0", "(Claude", "Code)", "yes"]
    );
}

#[test]
fn an_agent_that_never_says_its_version_is_not_waited_for() {
    let world = World::new();
    world.program("claude", "#!/bin/sh\nexec sleep 1000\n");
    let listed = world.ganger(&["agents", "--json"]).json();
    let claude = listed["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == "claude").unwrap();
    assert_eq!((&claude["installed"], &claude["version"]), (&true.into(), &Value::Null));
}

#[test]
fn an_agent_is_started_within_what_wraps_it() {
    let world = World::new();
    world.configure(
        "[agents.boxed]\nwrap = [\"env\", \"BOX={task_id}\", \"AT={worktree}\"]\ncommand = [\"sh\", \"{prompt_file}\"]\nsafe = []\nunsafe = [\"--never\"]\nversion = [\"--version\"]",
    );
    world.ok(&["add", "t", "--agent", "boxed", "--prompt", "echo \"$BOX $AT\" > f; \"$GANGER_BIN\" done; sleep 1000"]);
    world.ok(&["dispatch", "1"]);
    let task = world.settled(1, "review");
    let tree = std::path::PathBuf::from(task["attempt"]["worktree"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(tree.join("f")).unwrap(), format!("1 {}\n", tree.display()));
    assert!(world.ok(&["agents"]).lines().any(|line| line.starts_with("boxed") && line.contains("env")));
    world.ok(&["stop", "1"]);
    world.audited();
}
