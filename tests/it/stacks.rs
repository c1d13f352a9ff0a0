//! Tasks that start from the branch of another one, which is not home yet.

use crate::support::World;

/// Three tasks, each of which adds a line to what the one before has made.
fn stacked() -> World {
    let world = World::new();
    world.configure("[queue]\nrelease = \"review\"\nmax_running = 9\n[worktrees]\nbase = \"after\"\n");
    world.ok(&["add", "one", "--prompt", "echo one > f; git add f; git commit -qm one"]);
    for (id, before) in [("two", "1"), ("three", "2")] {
        let script = format!("grep -q . f || exit 9; echo {id} >> f; git commit -qam {id}");
        world.ok(&["add", id, "--after", before, "--prompt", &script]);
    }
    world
}

fn file(world: &World) -> String {
    world.git(&["show", "main:f"])
}

#[test]
fn a_chain_of_tasks_builds_on_unmerged_work_and_comes_home_in_order() {
    for how in ["--merge", "--squash", "--rebase"] {
        let world = stacked();
        let ran = world.ganger(&["run", "--json"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for id in 1..=3 {
            let task = world.settled(id, "review");
            assert_eq!(task["commits"].as_array().unwrap().len(), 1, "its own work alone: {task}");
        }
        let refused = world.fails(4, &["merge", "3", how]);
        assert!(refused.stderr.contains("stacked on task 2, whose work is not in main yet"), "{}", refused.stderr);
        assert!(refused.stderr.contains("ganger merge 2"));
        for id in ["1", "2", "3"] {
            world.ok(&["merge", id, how]);
        }
        assert_eq!(file(&world), "one\ntwo\nthree", "{how}");
        assert_eq!(world.git(&["status", "--porcelain"]), "");
        let own = world.git(&["log", "--format=%s", "main"]).lines().filter(|line| *line == "three").count();
        assert_eq!(own, 1, "{how}: brought once");
    }
}

#[test]
fn what_it_waits_for_may_be_home_before_it_starts() {
    let world = stacked();
    world.ok(&["dispatch", "1"]);
    world.settled(1, "review");
    world.ok(&["merge", "1"]);
    world.ok(&["dispatch", "2"]);
    world.settled(2, "review");
    world.ok(&["merge", "2"]);
    assert_eq!(file(&world), "one\ntwo");
    let refused = world.fails(2, &["add", "alone", "--base", "after"]);
    assert!(refused.stderr.contains("--base after goes with --after ID"), "{}", refused.stderr);
    // By the settings it means the same as HEAD for one that waits for nobody.
    let id = world.dispatch("echo x > g; git add g; git commit -qm g");
    world.settled(id, "review");
    world.ok(&["merge", &id.to_string()]);
}
