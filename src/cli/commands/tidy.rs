//! `ganger tidy`.

use std::process::ExitCode;

use serde_json::json;

use super::Outcome;
use crate::cli::args::Tidy as Args;
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::domain::text;
use crate::engine::merge::tidy::{Fate, Tidied, tidy};
use crate::engine::trash;

/// Puts away what done and merged tasks have left.
///
/// # Errors
/// See [`tidy`].
pub fn run(wiring: &Wiring, args: &Args) -> Outcome {
    let engine = wiring.engine()?;
    let repo = wiring.repository(&engine)?;
    wiring.catch_interrupts();
    let tidied = tidy(&engine, &repo, args.dry_run)?;
    if wiring.global.json {
        print_json(&tidied);
    } else {
        print(&tidied, args.dry_run);
        let due = trash::due(&engine, Some(&repo))?;
        if due > 0 {
            let are =
                if due == 1 { "1 worktree in the trash is" } else { &format!("{due} worktrees in the trash are") };
            output::mention(&format!("{are} due by your [trash] settings: ganger trash empty"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(tidied: &[Tidied], dry_run: bool) {
    if tidied.is_empty() {
        output::say("there is nothing to tidy up");
    }
    for Tidied { task, title, fate } in tidied {
        let title = text::cut(&text::line(title), 50);
        match fate {
            Fate::Kept(why) => output::say(&format!("task {task} ({title}) is kept: {}", text::line(why))),
            Fate::Tidy { tree, branch, said } => {
                let (park, delete) =
                    if dry_run { ("would park ", "would delete ") } else { ("parked in ", "deleted ") };
                let tree = tree.as_ref().map(|tree| format!("worktree {park}{}", tree.display()));
                let branch = branch.as_ref().map(|branch| format!("branch {delete}{branch}"));
                let parts: Vec<String> = tree.into_iter().chain(branch).collect();
                output::say(&format!("task {task} ({title}): {}", parts.join("; ")));
                for note in said {
                    output::mention(note);
                }
            }
        }
    }
}

fn print_json(tidied: &[Tidied]) {
    let (mut tidy, mut kept) = (Vec::new(), Vec::new());
    for Tidied { task, title, fate } in tidied {
        match fate {
            Fate::Kept(why) => kept.push(json!({ "task": task.0, "title": title, "why": why })),
            Fate::Tidy { tree, branch, said } => tidy.push(json!({
                "task": task.0,
                "title": title,
                "worktree": tree.as_ref().map(|tree| tree.to_string_lossy()),
                "branch": branch,
                "notes": said,
            })),
        }
    }
    output::object(json!({ "tidied": tidy, "kept": kept }));
}
