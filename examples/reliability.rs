//! Writes `docs/reliability.md` from what a torture run recorded.
//!
//! `make torture` runs it: `reliability RESULTS SIZE OUTCOME`, where OUTCOME is `passed`, `failed`, or a sentence where
//! the results are those of several runs.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::Value;

const INTRO: &str = "# Reliability

ganger promises that no task is ever left in progress without a running agent, that no work is ever lost, and that the
board never lies; whatever is killed, stopped, late or full, and that one `ganger --reconcile` brings every task back to
where its agent really is. This page says how that was tried. It is written by `make torture` from what the run did; do not
edit it.

After each fault below comes one reconcile and then an audit (`ganger doctor`): the auditor recomputes from rows, locks,
the process table, panes and git that there is no ghost (I1), no twin (I2), no unowned agent (I3), no lost work (I7), no
identity that is not whole (I10), nothing foreign taken for ours (I11), no untruth (I13), no endless retry (I14) and no
move that is not explained (I18). It shares nothing with the reconciler's decisions.
";

const NOT: &str = "## What this did not cover

- macOS: its own code in `src/os/` was never run.
- A power cut: `fsync` is believed. Reboots are simulated by another boot id.
- Network file systems are refused, by name of their kind; none was mounted.
- The model checker's bound is in the table. Several tasks at once share only the count of the limit, and are covered by the
  tests with real processes, not by the model.
- The nemesis of the soak fills the disk of the database, the state files and the worktrees, where it is root and may mount
  one; the repository's own disk it does not fill.
- Real clocks were not moved: nothing that decides on life or death reads one. The soak moves the times in the database.
- The soak's seed makes the same plan again, not the same run: what the kernel schedules when is not in it.
- Mutation testing is not part of this run: what was done, what survived and why is in [mutation.md](mutation.md).
";

#[expect(clippy::disallowed_methods, reason = "an example starts programs itself")]
fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [results, size, outcome] = args.as_slice() else {
        return Err("reliability RESULTS SIZE OUTCOME".into());
    };
    let mut page = INTRO.to_owned();
    writeln!(page, "\n## The last run\n")?;
    let verdict = match outcome.as_str() {
        "passed" => "everything passed",
        "failed" => "SOMETHING FAILED: what is missing below",
        sentence => sentence,
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    writeln!(
        page,
        "{} · size `{size}` · commit {} · {verdict} · {cores} cores, {}, {}, {}\n",
        said("date", &["-u", "+%Y-%m-%d"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
        said("uname", &["-sr"]),
        said("tmux", &["-V"]),
        said("git", &["--version"])
    )?;
    writeln!(page, "| what was run | size | result | again |\n|---|---|---|---|")?;
    let text = fs::read_to_string(results)?;
    let mut rows: Vec<[String; 4]> = Vec::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line)?;
        let cell = |key: &str| row[key].as_str().unwrap_or_default().replace('|', "\\|");
        rows.push([cell("part"), cell("size"), cell("found"), cell("again")]);
    }
    rows.sort();
    for [part, size, found, again] in rows {
        writeln!(page, "| {part} | {size} | {found} | `{again}` |")?;
    }
    writeln!(page, "\nSizes: `ci` is what every change has to pass, `torture` takes tens of minutes, `full` hours:")?;
    writeln!(page, "`make torture`, `TORTURE=full make torture`. Seeds are in the table; `GANGER_SEED` sets them.\n")?;
    page.push_str(NOT);
    fs::create_dir_all("docs")?;
    fs::write("docs/reliability.md", page)?;
    Ok(())
}
