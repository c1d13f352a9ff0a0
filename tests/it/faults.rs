//! Hostile input, taken names, and work that must survive.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::support::{World, signal, until};

const HOSTILE: [&str; 14] = [
    "$(touch \"$WORLD/canary\")",
    "`touch $WORLD/canary`",
    "; touch $WORLD/canary ;",
    "#(touch $WORLD/canary)",
    "#{pane_id} #[fg=red]#(touch $WORLD/canary)",
    "--upload-pack=touch",
    "-- -x",
    "a\nb\tc",
    "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}[31m",
    "\u{202e}txt.exe",
    "🚂 приве́т 日本語",
    "../../../etc/passwd",
    "ends in a semicolon;",
    "'\"\\",
];

/// Every file below a folder: mode, and bytes or link target.
type Content = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// Reads a folder's content, a worktree's link to its repository left out.
fn content(folder: &Path) -> Content {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if path == folder.join(".git") {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else {
                let bytes = if kind.is_symlink() {
                    fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
                } else {
                    fs::read(&path).unwrap()
                };
                let mode = entry.metadata().unwrap().mode();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), (mode, bytes));
            }
        }
    }
    found
}

fn readable(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control())
}

#[test]
fn n1_s1_s3_untrusted_text_is_data() {
    let world = World::new();
    world.configure(
        "[agents.echo]\nno_output = \"review\"\ncommand = [\"sh\", \"-c\", \"cat \\\"$1\\\" > \\\"$WORLD/file\\\"; printf %s \\\"$2\\\" > \\\"$WORLD/arg\\\"; printf %s \\\"$3\\\" > \\\"$WORLD/title\\\"\", \"x\", \"{prompt_file}\", \"{prompt}\", \"{title}\"]",
    );
    for text in HOSTILE {
        let id = world.ok(&["add", "--agent", "echo", "--prompt", text, "--", text]).trim().to_owned();
        world.ok(&["dispatch", &id]);
        let task = world.settled(id.parse().unwrap(), "review");
        assert_eq!(task["title"], text);
        for name in ["file", "arg", "title"] {
            assert_eq!(fs::read(world.path(name)).unwrap(), text.as_bytes(), "{name}");
        }
        for args in [vec!["list"], vec!["show", &id], vec!["status-line"], vec!["peek", &id]] {
            let ran = world.ganger(&args);
            assert!(readable(&ran.stdout) && readable(&ran.stderr), "{args:?}: {ran:?}");
        }
    }
    assert!(!world.path("canary").exists() && !world.repo().join("canary").exists());
    world.fails(2, &["add", "   "]);
    let long = "x".repeat(10_000);
    let id = world.ok(&["add", &long, "--agent", "echo"]).trim().to_owned();
    world.ok(&["dispatch", &id]);
    assert!(world.ok(&["list"]).lines().all(|line| line.chars().count() < 220));
    world.reconciled();
}

#[test]
fn a5_a_prompt_of_any_size_arrives_byte_for_byte() {
    let world = World::new();
    world.configure(
        "[agents.echo]\nno_output = \"review\"\ncommand = [\"sh\", \"-c\", \"cat \\\"$1\\\" > \\\"$WORLD/file\\\"; printf %s \\\"$2\\\" > \\\"$WORLD/arg\\\"\", \"x\", \"{prompt_file}\", \"{prompt}\"]",
    );
    for size in [16_400, 100_000, 200_000, 2_000_000] {
        let prompt: String = "-\"quotes\"\n'and' $lines; é".chars().cycle().take(size / 27 * 26).collect();
        let id = world
            .ganger_with(&["add", "t", "--agent", "echo", "--prompt", "-"], prompt.as_bytes())
            .stdout
            .trim()
            .to_owned();
        world.ok(&["dispatch", &id]);
        world.settled(id.parse().unwrap(), "review");
        assert_eq!(fs::read(world.path("file")).unwrap(), prompt.as_bytes());
        let argument = fs::read_to_string(world.path("arg")).unwrap();
        if prompt.len() <= 100_000 {
            assert_eq!(argument, prompt);
        } else {
            assert!(argument.contains("/prompts/"), "{argument}");
        }
    }
    fs::write(world.path("bad"), b"\xff\xfe").unwrap();
    let ran = world.fails(2, &["add", "t", "--prompt", &format!("@{}", world.path("bad").display())]);
    assert!(ran.stderr.contains("not UTF-8"), "{ran:?}");
    fs::write(world.path("nul"), b"a\0b").unwrap();
    world.fails(2, &["add", "t", "--prompt", &format!("@{}", world.path("nul").display())]);
    world.reconciled();
}

#[test]
fn s2_hostile_paths_work() {
    let world = World::new();
    let repo = world.path("re po #(touch canary) 'x\" ;");
    fs::create_dir(&repo).unwrap();
    for args in [vec!["init", "-q"], vec!["commit", "-q", "--allow-empty", "-m", "one"]] {
        world.run("git", &args, &repo);
    }
    let root = world.path("ro ot #(touch canary) #{pane_id};");
    world.configure(&format!("[worktrees]\nroot = '''{}'''", root.display()));
    let repo = repo.to_str().unwrap();
    let id = world.ok(&["add", "t", "-C", repo, "--prompt", "pwd > \"$WORLD/where\"; echo x > f"]).trim().to_owned();
    world.ok(&["dispatch", &id]);
    world.settled(id.parse().unwrap(), "review");
    assert_eq!(world.file("where").trim_end(), world.ok(&["path", &id]).trim_end());
    assert!(!world.path("canary").exists());
    assert_eq!(world.tmux(&["list-panes", "-a", "-F", "#{session_path}"]), world.ok(&["path", &id]).trim_end());
    world.reconciled();
}

#[test]
fn g3_taken_names_are_left_alone_and_others_are_used() {
    let world = World::new();
    // Branch, path of four kinds, session.
    world.git(&["branch", "ganger/1-a-task"]);
    let trees = world.path("data/ganger/worktrees/repo");
    fs::create_dir_all(trees.join("2-a-task/mine")).unwrap();
    fs::write(trees.join("3-a-task"), "mine").unwrap();
    symlink("/nowhere", trees.join("4-a-task")).unwrap();
    world.tmux(&["new-session", "-d", "-s", "ganger-5-a-task", "--", "sleep", "1000"]);
    for id in 1..=5 {
        assert_eq!(world.dispatch("echo x > f"), id);
        world.settled(id, "review");
    }
    assert_eq!(world.git(&["rev-parse", "ganger/1-a-task"]), world.git(&["rev-parse", "main"]));
    assert!(trees.join("2-a-task/mine").is_dir());
    assert_eq!(fs::read_to_string(trees.join("3-a-task")).unwrap(), "mine");
    assert!(trees.join("4-a-task").is_symlink());
    let panes = world.tmux(&["list-panes", "-t", "=ganger-5-a-task:", "-F", "#{pane_start_command}"]);
    assert!(panes.contains("sleep"), "{panes}");
    // A branch called like the folder of ours.
    let world = World::new();
    world.git(&["branch", "ganger"]);
    let id = world.dispatch("echo x > f");
    assert_eq!(world.settled(id, "review")["attempt"]["branch"], "ganger-1-a-task");
    world.reconciled();
}

/// Leaves staged, unstaged, untracked, ignored files and a detached commit.
const WORK: &str = "echo '*.log' > .gitignore; git add .gitignore; git commit -qm ignore; echo b >> a.txt; git add a.txt; \
    echo c >> a.txt; echo new > untracked; echo l > x.log; ln -s nowhere link; chmod +x untracked; \
    git checkout -q --detach; git commit -q --allow-empty -m detached; git rev-parse HEAD > \"$WORLD/head\"; exit 1";

fn worked(world: &World) -> (i64, PathBuf, Content) {
    let id = world.dispatch(WORK);
    let task = world.settled(id, "failed");
    let tree = PathBuf::from(task["attempt"]["worktree"].as_str().unwrap());
    let before = content(&tree);
    assert!(before.contains_key(Path::new("x.log")) && before.len() >= 5, "{before:?}");
    (id, tree, before)
}

fn status_of(world: &World, tree: &Path) -> String {
    world.run("git", &["status", "--porcelain", "--ignored"], tree)
}

#[test]
fn g14_what_is_removed_is_parked_whole() {
    let world = World::new();
    let (id, tree, before) = worked(&world);
    let status = status_of(&world, &tree);
    world.ok(&["rm", &id.to_string()]);
    world.fails(3, &["show", &id.to_string()]);
    assert!(!tree.exists());
    let trash = world.path("data/ganger/worktrees/.trash");
    let parked = fs::read_dir(trash).unwrap().next().unwrap().unwrap().path();
    assert_eq!(content(&parked), before);
    assert_eq!(status_of(&world, &parked), status);
    world.git(&["worktree", "prune", "--expire=now"]);
    world.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(status_of(&world, &parked), status, "it outlives a prune and a gc");
    assert_eq!(world.run("git", &["rev-parse", "HEAD"], &parked), world.file("head").trim());
    let rescue = world.git(&["for-each-ref", "--format=%(refname)", "refs/ganger/rescue"]);
    assert!(rescue.starts_with(&format!("refs/ganger/rescue/{id}/")), "{rescue}");
    assert_eq!(world.git(&["show", &format!("{rescue}:untracked")]), "new");
    world.reconciled();
}

#[test]
fn g14_a_retry_and_its_rollback_keep_every_byte() {
    let world = World::new();
    let (id, tree, before) = worked(&world);
    // tmux fails: the adoption is undone, the tree handed back.
    world.wrap("tmux", "case \"$*\" in *__agent*) exit 1;; esac; real \"$@\"; exit $?");
    world.fails(5, &["retry", &id.to_string()]);
    world.unwrap("tmux");
    assert_eq!(world.status(id), "ready");
    assert_eq!(content(&tree), before);
    world.reconciled();
    assert_eq!(content(&tree), before);
    // The next attempt finds it as it was.
    let again = world.ganger(&["dispatch", &id.to_string()]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let task = world.settled(id, "failed");
    assert_eq!(task["attempt"]["worktree"].as_str().unwrap(), tree.to_str().unwrap());
    let after = content(&tree);
    assert!(before.keys().all(|path| after.contains_key(path)));
}

#[test]
fn g14_fresh_parks_and_stop_keeps_every_byte() {
    let world = World::new();
    let (id, tree, before) = worked(&world);
    world.ok(&["stop", &id.to_string()]);
    assert_eq!(content(&tree), before);
    world.ok(&["retry", &id.to_string(), "--fresh"]);
    world.settled(id, "failed");
    let trash = world.path("data/ganger/worktrees/.trash");
    let parked = fs::read_dir(trash).unwrap().next().unwrap().unwrap().path();
    assert_eq!(content(&parked), before);
    assert!(!tree.exists());
    world.reconciled();
}

#[test]
fn a_tree_that_somebody_stands_in_is_left_alone() {
    let world = World::new();
    let (id, tree, before) = worked(&world);
    world.tmux(&["new-session", "-d", "-s", "person", "-c", tree.to_str().unwrap(), "--", "sleep", "1000"]);
    let pid = world.tmux(&["list-panes", "-t", "=person:", "-F", "#{pane_pid}"]);
    for args in [vec!["rm"], vec!["retry"]] {
        let ran = world.fails(4, &[args[0], &id.to_string()]);
        assert!(ran.stderr.contains(&format!("pid {pid}")), "{ran:?}");
    }
    assert_eq!(content(&tree), before);
    signal(pid.parse().unwrap(), Signal::SIGKILL);
    until("nobody stands there", || (world.ganger(&["rm", &id.to_string()]).code == Some(0)).then_some(()));
}

#[test]
fn g16_g19_a_task_that_can_not_be_dispatched_fails_before_any_effect() {
    let world = World::new();
    let bad = world.ok(&["add", "t", "--base", "no-such-branch"]).trim().to_owned();
    let ran = world.fails(5, &["dispatch", &bad]);
    assert!(ran.stderr.contains("no-such-branch"), "{ran:?}");
    assert_eq!(world.status(bad.parse().unwrap()), "failed");
    let unborn = world.path("unborn");
    fs::create_dir(&unborn).unwrap();
    world.run("git", &["init", "-q"], &unborn);
    let id = world.ok(&["add", "t", "-C", unborn.to_str().unwrap()]).trim().to_owned();
    world.fails(5, &["dispatch", &id]);
    let gone = world.path("gone");
    world.run("git", &["clone", "-q", "repo", "gone"], &world.path(""));
    let id = world.ok(&["add", "t", "-C", gone.to_str().unwrap()]).trim().to_owned();
    fs::remove_dir_all(&gone).unwrap();
    world.fails(5, &["dispatch", &id]);
    assert_eq!(world.worktrees(), Vec::<String>::new());
    assert_eq!(world.branches(), Vec::<String>::new());
    // Outside of any repository there is nothing to add to.
    world.fails(2, &["add", "t", "-C", "/"]);
    world.reconciled();
}

#[test]
fn t14_the_machines_fault_leaves_the_task_untouched() {
    let mut world = World::new();
    let id = world.add("true");
    world.wrap("tmux", "echo 'tmux 2.9'; exit 0");
    world.fails(1, &["dispatch", &id.to_string()]);
    world.unwrap("tmux");
    fs::write(world.path("home/.tmux.conf"), "set -s exit-unattached on\n").unwrap();
    let ran = world.fails(1, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("exit-unattached"), "{ran:?}");
    fs::remove_file(world.path("home/.tmux.conf")).unwrap();
    fs::remove_file(world.path("bin/tmux")).unwrap();
    world.set("PATH", world.path("bin").to_str().unwrap());
    let ran = world.fails(1, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("tmux is not installed"), "{ran:?}");
    symlink(World::real("tmux"), world.path("bin/tmux")).unwrap();
    let ran = world.fails(1, &["dispatch", &id.to_string()]);
    assert!(ran.stderr.contains("git is not installed"), "{ran:?}");
    assert_eq!(world.status(id), "ready");
    world.reconciled();
}

#[test]
fn t15_a_hostile_tmux_configuration_changes_nothing() {
    let world = World::new();
    fs::write(
        world.path("home/.tmux.conf"),
        "set -g destroy-unattached on\nset -g default-shell /bin/false\nset -g base-index 1\nset -g pane-base-index 1\n\
         set -g remain-on-exit off\nset -g set-titles on\nset-hook -g after-new-session 'rename-window x'\n",
    )
    .unwrap();
    let id = world.dispatch("while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done; echo x > f");
    assert_eq!(world.task(id)["attempt"]["pane"], "live");
    fs::write(world.path("go"), "").unwrap();
    world.settled(id, "review");
    until("the pane is dead, and kept", || (world.task(id)["attempt"]["pane"] == "dead").then_some(()));
    world.reconciled();
}

#[test]
fn g10_the_users_own_things_are_untouched_by_a_dispatch() {
    let world = World::new();
    for hook in ["post-checkout", "post-commit", "pre-commit", "reference-transaction"] {
        let path = world.repo().join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\necho {hook} >> \"$WORLD/hooks\"\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(world.repo().join("a.txt"), "stashed").unwrap();
    world.git(&["stash", "-q"]);
    fs::write(world.repo().join("a.txt"), "staged").unwrap();
    world.git(&["add", "a.txt"]);
    fs::write(world.repo().join("a.txt"), "changed").unwrap();
    fs::remove_file(world.path("hooks")).ok();
    world.tmux(&["new-session", "-d", "-s", "person", "--", "sleep", "1000"]);
    let look = || {
        (
            content(&world.repo()),
            world.git(&["stash", "list"]),
            world.git(&["diff", "--cached"]),
            world.git(&["config", "--list", "--local"]),
            world.tmux(&["show-options", "-g"])
                + &world.tmux(&["show-options", "-s"])
                + &world.tmux(&["show-hooks", "-g"]),
        )
    };
    let before = look();
    let id = world.dispatch("echo x > f");
    world.settled(id, "review");
    assert_eq!(look(), before);
    assert!(!world.path("hooks").exists(), "the repository's hooks are not run");
    world.reconciled();
}

#[test]
fn g12_s6_gits_variables_lead_nowhere_and_secrets_are_shown_to_nobody() {
    let mut world = World::new();
    let other = world.path("other");
    fs::create_dir(&other).unwrap();
    world.run("git", &["init", "-q"], &other);
    for (name, value) in [("GIT_DIR", ".git"), ("GIT_WORK_TREE", ""), ("GIT_INDEX_FILE", ".git/index")] {
        world.set(name, other.join(value).to_str().unwrap());
    }
    world.set("API_KEY", "hush");
    let id = world.dispatch(
        "env > \"$WORLD/env\"; echo >> \"$WORLD/env\"; echo x > f; while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done",
    );
    let environment = world.file("env");
    assert!(!environment.contains("\nGIT_DIR") && !environment.contains("GIT_INDEX_FILE"), "{environment}");
    let task = world.task(id);
    assert_eq!(task["repo"], world.repo().canonicalize().unwrap().to_str().unwrap());
    let value = |name: &str| {
        environment
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
            .unwrap_or_else(|| panic!("no {name}"))
            .to_owned()
    };
    assert_eq!(value("PWD"), task["attempt"]["worktree"].as_str().unwrap());
    assert_eq!(value("GANGER_WORKTREE"), value("PWD"));
    assert_eq!(value("GANGER_TASK"), id.to_string());
    assert_eq!(value("GANGER_BRANCH"), "ganger/1-a-task");
    assert_eq!(value("API_KEY"), "hush");
    assert!(value("TMUX").starts_with(world.socket().to_str().unwrap()));
    assert_eq!(value("TMUX_PANE"), "%0");
    for name in ["GANGER_ATTEMPT", "GANGER_BASE", "GANGER_DB", "GANGER_STATE_DIR", "GANGER_BIN", "TERM"] {
        assert!(!value(name).is_empty());
    }
    // Secrets are in no command line, in tmux's environment, or in a file that others can read.
    let token = value("GANGER_TOKEN");
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(!line.contains(&token) && !line.contains("hush"), "{line}");
    }
    assert!(!world.tmux(&["show-environment", "-g"]).contains("hush"));
    for below in ["data", "state/ganger"] {
        for (path, (mode, _)) in content(&world.path(below)) {
            if !path.starts_with("ganger/worktrees") {
                assert_eq!(mode & 0o077, 0, "{}", path.display());
            }
        }
    }
    fs::write(world.path("go"), "").unwrap();
    world.reconciled();
}

#[test]
fn g16_a_bare_repository_works() {
    let world = World::new();
    world.run("git", &["clone", "-q", "--bare", "repo", "bare.git"], &world.path(""));
    let bare = world.path("bare.git");
    let id = world.ok(&["add", "t", "-C", bare.to_str().unwrap(), "--prompt", "echo x > f"]).trim().to_owned();
    world.ok(&["dispatch", &id]);
    let task = world.settled(id.parse().unwrap(), "review");
    assert_eq!(task["repo"], bare.canonicalize().unwrap().to_str().unwrap());
    world.reconciled();
}

#[test]
fn g3_a_name_taken_between_claim_and_effect_is_given_up_for_another() {
    let world = World::new();
    // The session: somebody makes one of its name just before we do.
    world.wrap(
        "tmux",
        "case \"$*\" in *__agent*) [ -e \"$WORLD/made\" ] || { touch \"$WORLD/made\"; real -S \"$3\" new-session -d -s ganger-1-a-task -- sleep 1000; };; esac; real \"$@\"; exit $?",
    );
    let id = world.dispatch("echo x > f; while [ ! -e \"$WORLD/go\" ]; do sleep 0.05; done");
    world.unwrap("tmux");
    assert!(world.path("made").exists());
    let task = world.task(id);
    let session = task["attempt"]["session"].as_str().unwrap();
    assert!(session.starts_with("ganger-1-a-task-"), "{session}");
    assert!(world.sessions().contains(&session.to_owned()), "{:?}", world.sessions());
    assert!(world.tmux(&["list-panes", "-t", "=ganger-1-a-task:", "-F", "#{pane_start_command}"]).contains("sleep"));
    fs::write(world.path("go"), "").unwrap();
    world.settled(id, "review");
    // The branch: the same.
    world.wrap(
        "git",
        "case \"$*\" in *'worktree add'*) [ -e \"$WORLD/branched\" ] || { touch \"$WORLD/branched\"; env -i HOME=\"$HOME\" PATH=\"$REAL_PATH\" git -C \"$WORLD/repo\" branch ganger/2-a-task; };; esac; real \"$@\"; exit $?",
    );
    let ran = world.ganger(&["dispatch", &world.add("echo x > f").to_string()]);
    world.unwrap("git");
    assert!(world.path("branched").exists());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let task = world.settled(2, "review");
    assert!(task["attempt"]["branch"].as_str().unwrap().starts_with("ganger/2-a-task-"), "{task}");
    assert_eq!(world.git(&["rev-parse", "ganger/2-a-task"]), world.git(&["rev-parse", "main"]));
    world.reconciled();
}
