//! Other users of the machine: what they can't read, exchange or stand in for. Only root can be somebody else; without it
//! these tests say so and do only what one user can.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use crate::support::{World, until};

/// Nobody's on any machine, and not the one that stands for unknown users.
const STRANGER: u32 = 54_321;

/// Whether another user can be played.
#[expect(clippy::print_stdout, reason = "a test's output says what it could not do")]
fn can_be_another() -> bool {
    let can = nix::unistd::geteuid().is_root();
    if !can {
        println!("not injected here: only root can be another user");
    }
    can
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn s10_another_users_tmux_server_is_never_talked_to() {
    if !can_be_another() {
        return;
    }
    let world = World::new();
    let id = world.add("true");
    mode(&world.path(""), 0o755);
    mode(&world.path("tmux"), 0o777);
    let own = world.path("tmux").canonicalize().unwrap().join(format!("tmux-{}", nix::unistd::getuid()));
    // The stranger was first where our socket is going to be.
    let theirs = |args: &[&str]| {
        let socket = own.join("default");
        let args: Vec<&str> = ["-S", socket.to_str().unwrap()].iter().chain(args).copied().collect();
        world.run_as(STRANGER, "tmux", &args)
    };
    let dispatch = || world.fails(1, &["dispatch", &id.to_string()]).stderr;
    fs::create_dir(&own).unwrap();
    chown(&own, Some(STRANGER), Some(STRANGER)).unwrap();
    assert_eq!(theirs(&["new-session", "-d", "-s", "theirs", "sleep 1000"]).code, Some(0));
    mode(&own, 0o755);
    mode(&own.join("default"), 0o777);
    let said = dispatch();
    assert!(said.contains("belongs to another user (uid 54321)") && said.contains("--socket NAME"), "{said}");
    // Also where the folder is ours, and where $TMUX leads there.
    chown(&own, Some(0), Some(0)).unwrap();
    mode(&own, 0o711);
    assert!(dispatch().contains("belongs to another user (uid 54321)"));
    let tmux = format!("TMUX={},1,0", own.join("default").display());
    let ran = crate::support::finish(world.spawn("env", &[&tmux, env!("CARGO_BIN_EXE_ganger"), "dispatch", "1"]));
    assert!(ran.code == Some(1) && ran.stderr.contains("belongs to another user"), "{ran:?}");
    let theirs_now = theirs(&["list-sessions", "-F", "#{session_name}"]).stdout;
    assert_eq!(theirs_now, "theirs\n", "they were sent nothing");
    assert_eq!((world.status(id).as_str(), world.worktrees().len()), ("ready", 0));
    theirs(&["kill-server"]);
    // An open folder without a socket yet.
    fs::remove_file(own.join("default")).ok();
    mode(&own, 0o777);
    assert!(dispatch().contains("is open to others or not yours"));
    mode(&own, 0o700);
    world.ok(&["dispatch", &id.to_string()]);
}

#[test]
fn s11_folders_that_others_could_exchange_are_refused_or_told() {
    let world = World::new();
    let id = world.dispatch("echo x > f").to_string();
    world.settled(1, "review");
    for below in ["data/ganger", "state/ganger", "data", "state"] {
        let folder = world.path(below);
        let before = folder.metadata().unwrap().permissions();
        mode(&folder, 0o777);
        for command in [["list"].as_slice(), &["approve", &id], &["--reconcile"]] {
            let ran = world.fails(2, command);
            assert!(ran.stderr.contains("is not safe from other users: every user can write to "), "{below}: {ran:?}");
            assert!(ran.stderr.contains("chmod 700"), "{ran:?}");
        }
        let doctor = world.fails(1, &["doctor"]).stdout;
        assert!(doctor.contains("is not safe from other users"), "{below}: {doctor}");
        fs::set_permissions(&folder, before).unwrap();
        if can_be_another() {
            chown(&folder, Some(STRANGER), None).unwrap();
            let ran = world.fails(2, &["list"]);
            assert!(ran.stderr.contains("belongs to user 54321"), "{below}: {ran:?}");
            chown(&folder, Some(0), None).unwrap();
        }
    }
    assert_eq!(world.status(1), "review");
    // Where worktrees are, others would have to be let in to do harm: it is told.
    let root = world.path("data/ganger/worktrees");
    mode(&root, 0o777);
    let doctor = world.ok(&["doctor"]);
    assert!(doctor.contains("worktrees") && doctor.contains("every user can write to"), "{doctor}");
    mode(&root, 0o755);
    mode(&world.database(), 0o644);
    assert!(world.ok(&["doctor"]).contains("can be read by other users"));
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn s12_another_user_reads_nothing_of_prompts_tokens_screens_and_letters() {
    let mut world = World::new();
    world.configure(&format!("[worktrees]\nroot = '{}'", world.path("trees").display()));
    // The user made these folders themselves, and everything that leads there is open to look at.
    for below in ["", "data", "state", "data/ganger", "state/ganger", "trees"] {
        fs::create_dir_all(world.path(below)).unwrap();
        mode(&world.path(below), 0o755);
    }
    world.set("API_KEY", "hush");
    let waits = "echo hush; while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; exit 3";
    // A database that the agent can't open, as from a sandbox, makes it leave letters; nobody delivers that of an attempt
    // that is not its own.
    let letter =
        "GANGER_ATTEMPT=01980000-0000-7000-8000-000000000001 GANGER_DB=/dev/null/x \"$GANGER_BIN\" note hush; ";
    let id = world.add(&format!("{letter}echo hush > secret; echo x > \"$WORLD/ready\"; {waits}"));
    world.ok(&["edit", "1", "--verify", "echo hush"]);
    world.ok(&["dispatch", "1"]);
    world.file("ready");
    let attempt = world.phase(id, "running")["attempt"].clone();
    let tree = Path::new(attempt["worktree"].as_str().unwrap()).to_owned();
    until("the letter is put aside", || {
        files(&tree.join(".ganger"))
            .iter()
            .any(|path| path.extension().is_some_and(|kind| kind == "refused"))
            .then_some(())
    });
    let private: Vec<_> = files(&world.path("data")).into_iter().chain(files(&world.path("state"))).collect();
    let letters = files(&tree.join(".ganger"));
    assert!(private.len() > 4 && letters.len() == 2, "{private:?} {letters:?}");
    for path in private.iter().chain(letters.iter().filter(|path| !path.ends_with(".gitignore"))) {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
    if can_be_another() {
        let pids = ["shim_pid", "agent_pid"].map(|pid| attempt[pid].as_i64().unwrap());
        let secret: Vec<String> = private
            .iter()
            .chain(&letters)
            .map(|path| path.display().to_string())
            .chain(pids.map(|pid| format!("/proc/{pid}/environ")))
            .chain([world.socket().display().to_string()])
            .collect();
        let args: Vec<&str> = secret.iter().map(String::as_str).collect();
        let ran = world.run_as(STRANGER, "cat", &args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
        assert_eq!(
            ran.stderr.lines().filter(|line| line.contains("Permission denied")).count(),
            secret.len(),
            "{ran:?}"
        );
        // Nor can they act: every command of theirs is about a board of their own.
        let database = world.database().display().to_string();
        let state = world.path("state/ganger").display().to_string();
        // Where they can run it.
        let program = world.path("ganger");
        fs::copy(env!("CARGO_BIN_EXE_ganger"), &program).unwrap();
        for command in [["list", "--all"], ["approve", "1"], ["rm", "1"]] {
            let words = [&["--db", &database, "--state-dir", &state], command.as_slice()].concat();
            let ran = world.run_as(STRANGER, program.to_str().unwrap(), &words);
            assert!(!matches!(ran.code, Some(0)), "{command:?}: {ran:?}");
            assert!(!ran.stdout.contains("a task"), "{ran:?}");
        }
        assert_eq!(world.run_as(STRANGER, "tmux", &["-S", world.socket().to_str().unwrap(), "ls"]).code, Some(1));
    }
    fs::write(world.path("go"), "").unwrap();
    world.settled(id, "failed");
    for path in files(&world.path("state")) {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn s13_a_notification_learns_no_token_and_no_attempt() {
    let world = World::new();
    let show = world.path("show");
    fs::write(
        &show,
        format!(
            "#!/bin/sh\nenv > {0}/told.new; echo >> {0}/told.new; mv {0}/told.new {0}/told\n",
            world.path("").display()
        ),
    )
    .unwrap();
    mode(&show, 0o755);
    world.configure(&format!("[notify]\nwaiting = ['{}']", show.display()));
    // By the agent's own process, whose environment has them.
    world.dispatch("\"$GANGER_BIN\" ask 'May I?'; sleep 1000");
    let told = world.file("told");
    assert!(told.contains("HOME=") && !told.contains("GANGER_"), "{told}");
}
