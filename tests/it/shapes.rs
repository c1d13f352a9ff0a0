//! Repositories of other shapes, and what an agent may make of one.

use std::fs;

use crate::support::World;

#[test]
fn g20_an_agent_that_does_nothing_where_git_shows_changes_has_changed_nothing() {
    let world = World::new();
    world.commit("f.txt", "a\r\n");
    world.commit(".gitattributes", "*.txt text eol=lf\n");
    let status = "sleep 1; git status --porcelain > \"$WORLD/seen\"";
    world.configure("[agents.shell]\nno_output = \"failed\"");
    let id = world.dispatch(status);
    let task = world.settled(id, "failed");
    assert_eq!(fs::read_to_string(world.path("seen")).unwrap(), " M f.txt\n", "git shows a change that is none");
    assert_eq!(task["attempt"]["cause"], "no-output");
    let id = world.dispatch("printf 'b\\r\\n' > f.txt");
    world.settled(id, "review");
}

#[test]
fn s20_an_agents_git_directory_filters_and_hooks_are_obeyed_by_nobody() {
    let world = World::new();
    let traps = r#"
        common=$(git rev-parse --path-format=absolute --git-common-dir); own=$(git rev-parse --absolute-git-dir)
        printf '#!/bin/sh\necho "$0 $*" >> "%s/ran"\ncat\n' "$WORLD" > trap.sh; chmod +x trap.sh
        for name in filter.e.clean filter.e.smudge filter.e.process diff.e.textconv diff.external core.fsmonitor; do
            git config $name "$PWD/trap.sh"
        done
        mkdir -p "$common/info" "$common/hooks"; echo '*.txt filter=e diff=e' > "$common/info/attributes"
        for hook in reference-transaction post-index-change post-checkout; do cp trap.sh "$common/hooks/$hook"; done
        mkdir .e; cp -r "$common" .e/git; cp "$own/HEAD" "$own/index" .e/git/
        git config -f .e/git/config core.worktree "$PWD"
        echo '* filter=e diff=e' > .gitattributes; echo y >> a.txt"#;
    for redirect in ["", "rm .git; echo \"gitdir: $PWD/.e/git\" > .git"] {
        let world = if redirect.is_empty() { &world } else { &World::new() };
        let id = world.dispatch(&format!("{traps}\n{redirect}\nrm -f \"$WORLD/ran\"; exit 0"));
        world.settled(id, "review");
        world.phase(id, "exited");
        world.ok(&["show", &id.to_string()]);
        world.ok(&["list", "--json"]);
        world.ganger(&["rm", &id.to_string()]);
        world.ganger(&["--reconcile"]);
        world.ganger(&["doctor"]);
        assert!(!world.path("ran").exists(), "{redirect:?}: {:?}", fs::read_to_string(world.path("ran")));
    }
}

#[test]
fn g22_worktrees_inside_the_repository_do_not_show_in_its_status() {
    for root in ["{repo}/.worktrees", "{repo}", "{repo}/tools/agents"] {
        let world = World::new();
        world.configure(&format!("[worktrees]\nroot = \"{root}\"\ncopy = [\"**/*.local\"]"));
        world.commit("tracked.txt", "x\n");
        fs::create_dir_all(world.repo().join("tools")).unwrap();
        world.commit("tools/tool.txt", "x\n");
        // A folder of the repository that is called like the one for the worktrees.
        fs::create_dir_all(world.repo().join("repo")).unwrap();
        world.commit("repo/own.txt", "x\n");
        world.commit(".gitignore", "*.local\n");
        fs::write(world.repo().join("mine.local"), "x\n").unwrap();
        let status = || world.git(&["status", "--porcelain", "--untracked-files=all"]);
        let id = world.dispatch("echo x > work.txt; echo y > theirs.local");
        let tree = world.settled(id, "review")["attempt"]["worktree"].as_str().unwrap().to_owned();
        world.phase(id, "exited");
        assert!(tree.starts_with(world.repo().canonicalize().unwrap().to_str().unwrap()), "{tree}");
        assert_eq!(status(), "", "{root}: a worktree");
        let second = world.dispatch("ls -A > seen.txt");
        let task = world.settled(second, "review");
        world.phase(second, "exited");
        let other = std::path::Path::new(task["attempt"]["worktree"].as_str().unwrap());
        assert!(other.join("mine.local").exists() && !other.join("theirs.local").exists(), "{root}");
        assert!(fs::read_dir(other).unwrap().all(|entry| entry.unwrap().file_name() != ".worktrees"), "{root}");
        world.ok(&["rm", &id.to_string()]);
        world.ok(&["rm", &second.to_string()]);
        assert_eq!(status(), "", "{root}: the trash");
        // What is a person's there still shows.
        fs::write(world.repo().join("repo/new.txt"), "x\n").unwrap();
        assert_eq!(status(), "?? repo/new.txt", "{root}");
    }
}

#[test]
fn g23_a_task_that_is_added_in_a_linked_worktree_starts_from_what_is_checked_out_there() {
    let world = World::new();
    let linked = world.path("linked");
    world.git(&["worktree", "add", "-q", "-b", "feature", linked.to_str().unwrap()]);
    fs::write(linked.join("feature.txt"), "x\n").unwrap();
    world.run("git", &["add", "."], &linked);
    world.run("git", &["commit", "-qm", "feature"], &linked);
    let head = |folder: &std::path::Path| world.run("git", &["rev-parse", "HEAD"], folder);
    let (main, feature) = (head(&world.repo()), head(&linked));
    let base = |args: &[&str], from: &std::path::Path| {
        let id = world.run(env!("CARGO_BIN_EXE_ganger"), &[&["add", "t", "--prompt", "true"], args].concat(), from);
        world.ok(&["dispatch", &id]);
        world.task(id.parse().unwrap())["attempt"]["base"].as_str().unwrap().to_owned()
    };
    assert_eq!(base(&[], &world.repo()), main);
    assert_eq!(base(&[], &linked), feature);
    assert_eq!(base(&["--base", "HEAD"], &linked), feature);
    assert_eq!(base(&["--base", "@~1"], &linked), main);
    assert_eq!(base(&["--base", "main"], &linked), main);
    assert_eq!(base(&["-C", linked.to_str().unwrap()], &world.repo()), feature);
    assert_eq!(base(&["-C", world.repo().to_str().unwrap()], &linked), main);
    // A tag of the same name is not what is checked out, and a branch is followed until the dispatch.
    world.git(&["tag", "feature", &main]);
    let id = world.run(env!("CARGO_BIN_EXE_ganger"), &["add", "t", "--prompt", "true"], &linked);
    world.run("git", &["commit", "-q", "--allow-empty", "-m", "more"], &linked);
    world.ok(&["dispatch", &id]);
    assert_eq!(world.task(id.parse().unwrap())["attempt"]["base"].as_str(), Some(head(&linked).as_str()));
    world.run("git", &["checkout", "-q", "--detach", &feature], &linked);
    assert_eq!(base(&[], &linked), feature);
}

/// Repositories whose git directory lies elsewhere, each with a commit and an ignored file: by how they are made, in
/// `main`.
const ELSEWHERE: [(&str, &str); 4] = [
    ("a folder", "git init -q main"),
    ("a separate git directory", "git init -q --separate-git-dir apart.git main"),
    ("a link", "git init -q one; mkdir main; mv one/.git apart.git; ln -s ../apart.git main/.git"),
    (
        "a submodule",
        "git init -q in; git -C in commit -q --allow-empty -m x; git init -q outer
      git -C outer -c protocol.file.allow=always submodule -q add ../in sub; ln -s outer/sub main",
    ),
];

#[test]
fn g24_a_repository_is_one_wherever_its_git_directory_lies_and_whatever_is_set_there() {
    for (shape, make) in ELSEWHERE {
        let world = World::new();
        world.configure("[worktrees]\ncopy = [\".env\"]");
        let fill =
            "cd main; echo .env > .gitignore; echo x > .env; mkdir deep; echo x > deep/x; git add .; git commit -qm x
            git worktree add -q -b linked \"$WORLD/linked\"";
        world.run("sh", &["-ec", &format!("{make}\n{fill}")], &world.path(""));
        let ganger = |args: &[&str], from: &str| world.run(env!("CARGO_BIN_EXE_ganger"), args, &world.path(from));
        let id: i64 = ganger(&["add", "t", "--prompt", "cat .env > work"], "main").parse().unwrap();
        let repo = world.path("main").canonicalize().unwrap();
        let boards = |what: &str| {
            for from in ["main", "main/deep", "linked"] {
                let listed = ganger(&["list", "--json"], from);
                let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
                assert_eq!(listed["tasks"][0]["repo"].as_str(), repo.to_str(), "{shape}, {what}, from {from}");
            }
        };
        boards("as it was made");
        ganger(&["dispatch", &id.to_string()], "main");
        let task = world.settled(id, "review");
        let tree = task["attempt"]["worktree"].as_str().unwrap().to_owned();
        assert_eq!(fs::read_to_string(format!("{tree}/work")).unwrap(), "x\n", "{shape}");
        for (name, value) in [("core.worktree", "/nowhere"), ("core.bare", "true")] {
            world.run("git", &["-C", &tree, "config", name, value], &world.path(""));
            boards(name);
            ganger(&["show", &id.to_string()], "main");
        }
        world.run("git", &["-C", &tree, "config", "--unset", "core.worktree"], &world.path(""));
        let second: i64 = ganger(&["add", "t", "--prompt", "cat .env > work"], "main").parse().unwrap();
        ganger(&["dispatch", &second.to_string()], "main");
        world.settled(second, "review");
        world.phase(second, "exited");
        world.ok(&["rm", &second.to_string()]);
        world.audited();
    }
}

#[test]
fn g25_formats_that_libgit2_does_not_read_work_by_the_git_program() {
    for format in ["--ref-format=reftable", "--object-format=sha256"] {
        let world = World::new();
        world.run(
            "sh",
            &["-ec", &format!("git init -q {format} q; cd q; echo a > a; git add .; git commit -qm i")],
            &world.path(""),
        );
        let here = world.path("q");
        let ganger = |args: &[&str]| world.run(env!("CARGO_BIN_EXE_ganger"), args, &here);
        let git = |args: &[&str]| world.run("git", args, &here);
        let add = |script: &str| -> i64 {
            let id = ganger(&["add", "t", "--prompt", script]);
            world.tries(env!("CARGO_BIN_EXE_ganger"), &["dispatch", &id]);
            id.parse().unwrap()
        };
        world.configure("[agents.shell]\nno_output = \"failed\"");
        let idle = add("touch -d yesterday a; git status");
        world.settled(idle, "failed");
        world.ok(&["retry", &idle.to_string(), "--note", "again"]);
        world.phase(idle, "exited");
        world.settled(idle, "failed");
        let dirty = add("echo b >> a; echo c > c");
        world.settled(dirty, "review");
        let work = add("echo b > b; git add .; git commit -qm b");
        let task = world.settled(work, "review");
        assert_eq!(task["commits"].as_array().map(Vec::len), Some(1), "{format}: {task:#}");
        world.phase(dirty, "exited");
        world.phase(work, "exited");
        for id in [idle, dirty, work] {
            world.ok(&["rm", &id.to_string()]);
        }
        assert_eq!(git(&["log", "--format=%s", "--all", "--grep=^b$"]), "b", "{format}");
        // A dispatch that is undone leaves nothing.
        let (branches, trees) = (git(&["branch", "--list"]), git(&["worktree", "list"]));
        world.wrap("tmux", "case \"$*\" in *__agent*) exit 1;; esac; real \"$@\"; exit $?");
        add("true");
        world.unwrap("tmux");
        world.reconciled();
        assert_eq!((git(&["branch", "--list"]), git(&["worktree", "list"])), (branches, trees), "{format}");
    }
}
