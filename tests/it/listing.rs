//! The list as a user reads it in a terminal, the fields that a script names, and what a shell offers for a word.

use crate::support::pty::Pty;
use crate::support::{World, until};

/// What `list` prints in a terminal of so many columns, of which the last line has `wanted`.
fn shown(world: &World, columns: u16, args: &[&str], wanted: &str) -> String {
    let mut pty = Pty::running(world, (columns, 30), &[&[env!("CARGO_BIN_EXE_ganger"), "list"], args].concat());
    assert_eq!(pty.ended(), Some(0), "{}", pty.all());
    until("the last line", || {
        let said = pty.all();
        said.lines()
            .last()
            .is_some_and(|line| line.contains(wanted))
            .then_some(said)
            .filter(|said| said.ends_with('\n'))
    })
}

#[test]
fn the_list_fits_the_terminal_and_an_empty_one_is_a_sentence() {
    let world = World::new();
    shown(&world, 80, &[], "ganger add");
    let title = "Rework the whole of the login page so that nobody ever waits for it again";
    world.ok(&["add", title, "--agent", "shell", "--prompt", "exit 3"]);
    world.ok(&["dispatch", "1", "--agent", "shell"]);
    world.settled(1, "failed");
    for columns in [80, 120, 200] {
        let said = shown(&world, columns, &["--color", "never"], "Rework the whole");
        let rows: Vec<&str> = said.lines().collect();
        assert!(rows.len() == 2 && rows[0].starts_with("ID  STATUS"), "{said}");
        assert!(rows.iter().all(|row| row.trim_end().chars().count() <= usize::from(columns)), "{columns}: {said}");
        assert!(rows[1].contains(" ago "), "{said}");
    }
    let wide = world.ok(&["list"]);
    assert!(wide.contains("the agent failed: exit status 3") && !wide.contains('\u{1b}'), "{wide}");
    assert!(world.ok(&["list", "--color", "always"]).contains("\u{1b}[31mfailed"));
    assert!(world.ok(&["list", "--all"]).contains("REPOSITORY"));
}

#[test]
fn of_each_task_only_the_named_fields_are_printed() {
    let world = World::new();
    world.ok(&["add", "one", "--priority", "3"]);
    let listed = world.ganger(&["list", "--json=title,id"]).json();
    assert_eq!(listed["tasks"].to_string(), r#"[{"title":"one","id":1}]"#);
    let one = world.ganger(&["--json=priority", "show", "1"]).json();
    assert_eq!((one["priority"].as_i64(), one.as_object().unwrap().len()), (Some(3), 2), "{one}");
    assert!(world.ganger(&["show", "1", "--json"]).json()["timeline"].is_array());
    let refused = world.fails(2, &["list", "--json=titel"]).json();
    assert_eq!(refused["error"]["hint"], "--json=title");
    world.fails(2, &["doctor", "--json=id"]);
}

#[test]
fn a_shell_is_offered_what_can_stand_there() {
    let world = World::new();
    world.ok(&["add", "Fix the login", "--agent", "shell", "--prompt", "echo x > f"]);
    world.ok(&["add", "Write the docs"]);
    world.ok(&["dispatch", "1"]);
    world.settled(1, "review");
    let offered = |line: &str| {
        let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
        let script = format!(
            "source <(ganger completions bash); COMP_WORDS=({}) COMP_CWORD={} COMP_TYPE=9 COMP_LINE='{line}'; \
             COMP_POINT=${{#COMP_LINE}}; _clap_complete_ganger ganger {} ''; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1,
            words.last().unwrap()
        );
        let folder = std::path::Path::new(env!("CARGO_BIN_EXE_ganger")).parent().unwrap().display();
        let said = world.run("bash", &["-c", &format!("PATH={folder}:$PATH; {script}")], &world.repo());
        // Options can stand anywhere.
        said.lines().filter(|word| !word.starts_with("--")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(offered("ganger show "), ["2", "1"]);
    assert_eq!(offered("ganger merge "), ["1"]);
    assert_eq!(offered("ganger dispatch "), ["2"]);
    assert_eq!(offered("ganger show docs"), ["2"]);
    assert!(offered("ganger list --status ").contains(&"in-progress".to_owned()));
    assert!(offered("ganger add x --agent ").contains(&"claude".to_owned()));
    world.git(&["branch", "feature/login"]);
    assert_eq!(offered("ganger add x --base fea"), ["feature/login"]);
    assert!(offered("ganger merge 1 --into ").contains(&"main".to_owned()));
    assert!(offered("ganger disp").contains(&"dispatch".to_owned()));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(world.ok(&["completions", shell]).contains("COMPLETE"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let world = World::new();
    assert!(world.ok(&["man"]).contains(".TH ganger 1"));
    assert!(world.ok(&["man", "dispatch"]).contains("over\\-limit"));
    world.fails(2, &["man", "nonsense"]);
    let folder = world.path("man");
    let written = world.ok(&["man", "--dir", folder.to_str().unwrap()]);
    assert!(written.lines().count() > 30 && folder.join("ganger-add.1").is_file(), "{written}");
}

#[test]
fn tmux_takes_the_lines_that_are_printed_for_it() {
    let world = World::new();
    let conf = world.path("lines.conf");
    std::fs::write(&conf, world.ok(&["tmux-conf"])).unwrap();
    world.tmux(&["-L", "lines", "-f", conf.to_str().unwrap(), "new-session", "-d"]);
    let bound = world.tmux(&["-L", "lines", "list-keys", "-T", "prefix"]);
    assert!(bound.contains("display-popup") && bound.contains("ganger --reconcile"), "{bound}");
    assert!(world.tmux(&["-L", "lines", "show-options", "-gv", "status-right"]).contains("ganger status-line"));
    world.tmux(&["-L", "lines", "kill-server"]);
}

#[test]
fn every_command_that_the_skill_shows_is_one() {
    let world = World::new();
    let skill = world.ok(&["skill"]);
    let mut shown = 0;
    let mut is_code = false;
    for line in skill.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            let line = line.replace("\"$GANGER_BIN\"", "ganger").replace("\"$GANGER_TASK\"", "1");
            // As a shell splits it; the arguments are read by the real definition.
            let words = world.run("bash", &["-c", &format!("printf '%s\\n' {line}")], &world.repo());
            let words: Vec<&str> = words.lines().collect();
            let read = ganger::cli::command().try_get_matches_from(&words);
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
            shown += 1;
        }
    }
    assert!(shown > 15, "{shown}");
}
