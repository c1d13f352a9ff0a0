//! A dispatch beside its floor: `git worktree add` and `tmux new-session` from a script, in the same run; and what a shim
//! takes of the memory while its agent works.
//!
//! `make bench`. Prints medians and their ratio; the machine's own speed cancels out.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;

/// What one more shim may cost, in kB: the rest of what it has resident are pages of the program, which all shims share.
const SHIM: u64 = 2 * 1024;

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

    /// The resident memory of the largest shim, and how much of that no other process shares, in kB. Linux only.
    fn shim(&self) -> Option<(u64, u64)> {
        let folder = self.folder.path().to_str()?;
        let sizes = std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| {
            let argv = std::fs::read_to_string(entry.path().join("cmdline")).ok()?;
            let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
            let field = |name: &str| {
                let value = status.lines().find_map(|line| line.strip_prefix(name))?;
                value.trim_matches([':', ' ', '\t', 'k', 'B']).parse::<u64>().ok()
            };
            let is_ours = argv.split('\0').nth(1) == Some("__agent") && argv.contains(folder);
            is_ours.then(|| Some((field("VmRSS")?, field("RssAnon")?)))?
        });
        sizes.max()
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

    if let Some((whole, own)) = bench.shim() {
        println!("a shim while its agent works: {whole} kB resident, {own} kB of it its own");
        if own > SHIM {
            return Err(format!("a shim has more than {SHIM} kB of its own").into());
        }
    }

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
