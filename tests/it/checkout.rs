//! What is written in the user's own checkout while an agent runs, which has a worktree of its own.

use serde_json::json;

use crate::support::World;

#[test]
fn what_is_written_in_the_users_checkout_is_told_and_not_touched() {
    let world = World::new();
    std::fs::write(world.repo().join("mine.txt"), "of before").unwrap();
    std::fs::write(world.repo().join(".git/info/exclude"), "*.log\n").unwrap();
    let script = format!(
        "cd {}; echo x > stray.txt; mkdir -p new; echo y > new/b.txt; echo z > ignored.log; git rm -q --cached a.txt; rm a.txt; cd -; \
         echo work > w; git add w; git commit -qm w",
        world.repo().display()
    );
    world.commit("a.txt", "a");
    world.ok(&["add", "t", "--prompt", &script]);
    world.ok(&["dispatch", "1"]);
    let task = world.settled(1, "review");
    let touched = crate::support::until("the remark", || {
        let touched = world.task(1)["attempt"]["touched"].clone();
        (touched != json!([])).then_some(touched)
    });
    assert_eq!(touched, json!(["a.txt", "new/b.txt", "stray.txt"]), "{task}");
    assert!(world.ok(&["show", "1"]).contains("written in yours while it ran: a.txt, new/b.txt, stray.txt"));
    assert_eq!(std::fs::read_to_string(world.repo().join("stray.txt")).unwrap(), "x\n");
    assert_eq!(std::fs::read_to_string(world.repo().join("mine.txt")).unwrap(), "of before");
}

#[test]
fn who_works_where_it_should_is_not_remarked_on() {
    let world = World::new();
    std::fs::write(world.repo().join("mine.txt"), "of before").unwrap();
    world.configure("[worktrees]\nroot = \"{repo}/.trees\"\n");
    world.ok(&["add", "t", "--prompt", "echo work > w; git add w; git commit -qm w; echo more > v"]);
    world.ok(&["dispatch", "1"]);
    let shim = world.settled(1, "review")["attempt"]["shim_pid"].as_i64().unwrap();
    crate::support::until("the end of its shim", || (!crate::support::runs(shim)).then_some(()));
    assert_eq!(world.task(1)["attempt"]["touched"], json!([]));
}

/// An agent can configure the repository that it shares with its user.
#[test]
fn no_filter_is_run_to_look_at_the_users_checkout() {
    let world = World::new();
    world.commit("a.txt", "a");
    let trap = format!("sh -c 'echo ran >> {}; cat'", world.path("ran").display());
    world.git(&["config", "filter.trap.clean", &trap]);
    std::fs::write(world.repo().join(".git/info/attributes"), "* filter=trap\n").unwrap();
    let id = world.add("echo work > w");
    // Stamps that tell nothing: whoever wants to know has to read.
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_hours(1);
    let index = std::fs::File::options().append(true).open(world.repo().join(".git/index")).unwrap();
    index.set_modified(long_ago).unwrap();
    std::fs::remove_file(world.path("ran")).ok();
    world.ok(&["dispatch", &id.to_string()]);
    let shim = world.settled(id, "review")["attempt"]["shim_pid"].as_i64().unwrap();
    crate::support::until("the end of its shim", || (!crate::support::runs(shim)).then_some(()));
    assert!(!world.path("ran").exists());
}
