//! A dispatch beside its floor: `git worktree add` and `tmux new-session` from a script, in the same run.
//!
//! `make bench`. Prints medians and their ratio; the machine's own speed cancels out.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;

struct Bench {
    folder: tempfile::TempDir,
    ganger: PathBuf,
}

impl Bench {
    #[expect(clippy::disallowed_methods, reason = "a benchmark starts programs itself")]
    fn run(&self, program: &Path, args: &[&str]) -> Result<Duration, Box<dyn Error>> {
        let folder = self.folder.path();
        let started = Instant::now();
        let output = Command::new(program)
            .args(args)
            .current_dir(folder.join("repo"))
            .env("HOME", folder)
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("XDG_STATE_HOME", folder.join("state"))
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("TMUX_TMPDIR", folder)
            .env_remove("TMUX")
            .output()?;
        let took = started.elapsed();
        if output.status.success() {
            Ok(took)
        } else {
            Err(format!("{} {args:?}: {}", program.display(), String::from_utf8_lossy(&output.stderr)).into())
        }
    }

    fn git(&self, args: &[&str]) -> Result<(), Box<dyn Error>> {
        self.run(Path::new("git"), args).map(drop)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.run(Path::new("tmux"), &["kill-server"]).ok();
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let ganger = program.ancestors().nth(2).ok_or("no target folder")?.join("ganger");
    let bench = Bench { folder: tempfile::tempdir()?, ganger };
    std::fs::create_dir(bench.folder.path().join("repo"))?;
    std::fs::write(bench.folder.path().join(".gitconfig"), "[user]\nname = b\nemail = b@example.org\n")?;
    bench.git(&["init", "-q", "-b", "main"])?;
    std::fs::write(bench.folder.path().join("repo/a.txt"), "a\n")?;
    bench.git(&["add", "."])?;
    bench.git(&["commit", "-qm", "a"])?;
    bench.run(Path::new("tmux"), &["new-session", "-d", "-s", "keep", "--", "sleep", "1000"])?;

    let (mut floor, mut ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (tree, branch, session) =
            (format!("{}/t{round}", bench.folder.path().display()), format!("b{round}"), format!("s{round}"));
        let git = bench.run(Path::new("git"), &["worktree", "add", "-q", "-b", &branch, &tree])?;
        let tmux = bench.run(
            Path::new("tmux"),
            &["new-session", "-d", "-s", &session, "-c", &tree, "--", "sh", "-c", "sleep 1000"],
        )?;
        floor.push(git + tmux);
        let id = (round + 1).to_string();
        bench.run(&bench.ganger, &["add", "x", "--agent", "shell", "--prompt", "sleep 1000"])?;
        ours.push(bench.run(&bench.ganger, &["dispatch", &id, "--over-limit"])?);
    }
    let (floor, ours) = (median(floor), median(ours));
    println!(
        "dispatch, until the agent runs: floor {floor:?}, ganger {ours:?}, {:.2}×",
        ours.as_secs_f64() / floor.as_secs_f64()
    );

    let line: Vec<Duration> =
        (0..ROUNDS).map(|_| bench.run(&bench.ganger, &["status-line"])).collect::<Result<_, _>>()?;
    println!("status-line with {ROUNDS} agents: {:?}", median(line));
    let sweep: Vec<Duration> =
        (0..ROUNDS).map(|_| bench.run(&bench.ganger, &["--reconcile"])).collect::<Result<_, _>>()?;
    let list: Vec<Duration> =
        (0..ROUNDS).map(|_| bench.run(Path::new("tmux"), &["list-panes", "-a"])).collect::<Result<_, _>>()?;
    let (sweep, list) = (median(sweep), median(list));
    println!(
        "reconcile, {ROUNDS} agents: floor {list:?}, ganger {sweep:?}, {:.2}×",
        sweep.as_secs_f64() / list.as_secs_f64()
    );
    Ok(())
}
