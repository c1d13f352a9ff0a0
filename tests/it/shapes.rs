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
