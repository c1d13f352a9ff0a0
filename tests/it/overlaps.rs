//! Works in progress and in review that change the same files.

use serde_json::{Value, json};

use crate::support::World;

fn overlaps(world: &World) -> Value {
    world.ganger(&["list", "--overlaps", "--json"]).json()["overlaps"].clone()
}

#[test]
fn works_that_change_the_same_files_are_named_and_where_they_conflict() {
    let world = World::new();
    world.configure("[queue]\nmax_running = 9\n");
    world.commit("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    let commit = "git commit -qam x";
    for script in [
        // 1 and 2 change the same line, 2 without a commit; 3 another one, and 4 does what 1 does. 5 meets nobody.
        format!("sed -i s/2/two/ a.txt; {commit}; echo 1 > new"),
        "sed -i s/2/zwei/ a.txt; echo w > w; git add w; git commit -qm w".to_owned(),
        format!("sed -i s/8/eight/ a.txt; {commit}"),
        format!("sed -i s/2/two/ a.txt; {commit}; echo 2 > new"),
        "echo b > b; git add b; git commit -qm b".to_owned(),
    ] {
        let id = world.dispatch(&script);
        world.settled(id, "review");
    }
    let of = |one: i64, other: i64, files: &[&str], conflicts: &[&str]| json!({ "tasks": [one, other], "files": files, "conflicts": conflicts });
    assert_eq!(
        overlaps(&world),
        json!([
            of(1, 2, &["a.txt"], &["a.txt"]),
            of(1, 3, &["a.txt"], &[]),
            of(1, 4, &["new"], &["new"]),
            of(2, 3, &["a.txt"], &[]),
            of(2, 4, &["a.txt"], &["a.txt"]),
            of(3, 4, &["a.txt"], &[]),
        ])
    );
    let said = world.ok(&["list", "--overlaps"]);
    assert!(said.contains("#1 and #2 conflict in a.txt\n") && said.contains("#1 and #3 both change a.txt\n"), "{said}");
    // What is home is in nobody's way.
    world.ok(&["merge", "3"]);
    assert_eq!(overlaps(&world).as_array().unwrap().len(), 3);
    assert_eq!(world.git(&["status", "--porcelain"]), "", "nothing is written for a look");
    assert!(world.ganger(&["list", "--json"]).json().get("overlaps").is_none());
}
