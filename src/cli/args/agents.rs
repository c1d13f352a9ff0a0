//! The arguments of `ganger agents`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Agents {
    /// Makes an agent tell what it does: puts hooks into the settings of this worktree, which git then ignores
    InstallHooks {
        /// The agent: claude, codex, gemini or opencode
        name: String,
        /// Only prints what the file would be
        #[arg(long)]
        print: bool,
        /// Also into a file that git tracks
        #[arg(long, conflicts_with = "print")]
        force: bool,
    },
    /// Takes the hooks out of the settings of this worktree
    UninstallHooks {
        /// The agent
        name: String,
    },
}
