//! README's walk, run as it is written.

use std::os::unix::fs::symlink;

use crate::support::{World, command, finish};

/// A command of the walk, and what the page says that it prints.
struct Step {
    command: String,
    prints: Vec<String>,
}

fn steps() -> Vec<Step> {
    let page = include_str!("../../README.md");
    let (_, rest) = page.split_once("<!-- walk: a test runs it, command by command -->").unwrap();
    let (walk, _) = rest.split_once("<!-- /walk -->").unwrap();
    let mut steps: Vec<Step> = Vec::new();
    let mut is_code = false;
    for line in walk.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if let (true, Some(command)) = (is_code, line.strip_prefix("$ ")) {
            steps.push(Step { command: command.to_owned(), prints: Vec::new() });
        } else if is_code {
            steps.last_mut().unwrap().prints.push(line.to_owned());
        }
    }
    steps
}

#[test]
fn the_readmes_walk_works_as_written() {
    let world = World::new();
    // Nothing but what the page asks for: the configuration is the default one.
    std::fs::remove_file(world.path("config/ganger/config.toml")).unwrap();
    symlink(env!("CARGO_BIN_EXE_ganger"), world.path("bin/ganger")).unwrap();
    let steps = steps();
    assert!(steps.len() > 15, "{}", steps.len());
    let each = steps.iter().enumerate().map(|(number, step)| {
        format!("echo '== {number}'\n{{ {}\n}} 2>&1 || echo \"it ended with status $?\"\n", step.command)
    });
    let script = format!("cd '{}'\n{}", world.path("home").display(), each.collect::<String>());
    let ran = finish(world.spawn("bash", &["-c", &script]));
    let said: Vec<&str> = ran.stdout.split("== ").skip(1).collect();
    assert_eq!(said.len(), steps.len(), "{}", ran.stdout);
    for (step, said) in steps.iter().zip(said) {
        let printed: Vec<&str> = said.lines().skip(1).collect();
        let what = format!("$ {}\n{}", step.command, printed.join("\n"));
        assert!(!said.contains("it ended with status"), "{what}");
        match step.prints.as_slice() {
            [more] if more == "…" => assert!(!printed.is_empty(), "{what}"),
            prints => assert_eq!(printed, *prints, "{what}"),
        }
    }
    let tidy = command("git").arg("-C").arg(world.path("home/shop")).args(["status", "--porcelain"]).output().unwrap();
    assert_eq!(String::from_utf8(tidy.stdout).unwrap(), "", "the checkout is clean");
}
