//! Two examples for each command's help.

use clap::Command;

/// By command: what to type, and what it does.
#[rustfmt::skip]
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    ("add", &[("ganger add 'Fix the login' --prompt @login.md --start", "the prompt from a file, and starts it"), ("ganger add 'Tidy up' --after 3 --verify 'cargo test'", "after task 3, and only a pass reaches review")]),
    ("import", &[("ganger import tasks.md --dry-run", "what it would add, change and skip"), ("gh issue list -L 200 --json number,title,body,labels,url | ganger import -", "each issue once")]),
    ("export", &[("ganger export > tasks.jsonl", "a line for each task"), ("ganger export | ganger import -C ../other -", "to another repository")]),
    ("list", &[("ganger list --status review --all", "what is to be reviewed, in every repository"), ("ganger list --json", "for scripts")]),
    ("show", &[("ganger show 12", "one task with its attempts and timeline"), ("ganger show 12 --json", "for scripts")]),
    ("path", &[("cd \"$(ganger path 12)\"", "to its worktree"), ("git -C \"$(ganger path 12)\" log --oneline main..", "its commits")]),
    ("shell", &[("ganger shell 12", "a shell in its worktree"), ("SHELL=fish ganger shell 12", "another shell")]),
    ("edit", &[("ganger edit 12 --priority 5", "before the others"), ("ganger edit 12 --prompt @better.md", "what the next agent is told")]),
    ("dispatch", &[("ganger dispatch 1-3", "starts three tasks"), ("ganger dispatch --all --wait", "starts what fits, and waits for all of it")]),
    ("run", &[("ganger run --max 4", "the whole queue, four at a time"), ("ganger run -C . | jq -c 'select(.event == \"ended\")'", "events as JSON lines")]),
    ("reconcile", &[("ganger reconcile --check", "exits 9 if anything is to be repaired"), ("ganger reconcile --watch", "keeps going, for a service manager")]),
    ("attach", &[("ganger attach 12", "to the agent's terminal; detach as always"), ("ganger -C ../other attach 12", "ids are global: -C changes nothing here")]),
    ("peek", &[("ganger peek 12", "what its terminal shows"), ("ganger peek 12 --lines 500", "with what was above it")]),
    ("log", &[("ganger log 12 --attempt 1", "the saved screen of the first attempt"), ("ganger log 12 --verify", "what setup and verification printed")]),
    ("diff", &[("ganger diff 12", "all of its work, committed and not"), ("ganger diff 12 --uncommitted | git apply", "takes what is in no commit over")]),
    ("send", &[("ganger send 12 'Use the old API'", "types it, and returns once the agent has it"), ("git diff | ganger send 12 -", "several lines from standard input")]),
    ("stop", &[("ganger stop 12", "ends its agent; the worktree stays"), ("ganger stop 12 --leftovers", "and what it has left running")]),
    ("retry", &[("ganger retry 12 --note 'Keep the old API'", "goes on in the same worktree"), ("ganger retry 12 --fresh", "in a new one; the old one is parked")]),
    ("bounce", &[("ganger bounce 12 --note 'Tests, please'", "from review back to the agent"), ("ganger bounce 12 --note @review.md", "the feedback from a file")]),
    ("approve", &[("ganger approve 12", "review to done"), ("ganger reopen 12", "and back")]),
    ("comment", &[("ganger comment 12 src/main.rs:40-44 'Why twice?'", "on lines of its work"), ("ganger bounce 12 --comments", "sends all that were made")]),
    ("pr", &[("ganger pr 12 --draft", "pushes its branch, and opens a draft"), ("ganger pr 12 --web", "shows it in the browser")]),
    ("merge", &[("ganger merge 12 --dry-run", "says exactly what it would do"), ("ganger merge --all-approved --squash", "one after the other, one commit each")]),
    ("reopen", &[("ganger reopen 12", "done to review"), ("ganger bounce 12 --note 'One more thing'", "and back to work")]),
    ("wait", &[("ganger wait 1-3 --timeout 1h", "until none of them is in progress"), ("ganger wait 12 --for review", "exits 8 if it ends in another status")]),
    ("done", &[("\"$GANGER_BIN\" done", "what an agent runs when its work is complete"), ("ganger done --task 12", "when you say so for it")]),
    ("fail", &[("\"$GANGER_BIN\" fail 'the API is gone'", "what an agent runs when it can't be done"), ("ganger fail --task 12 'no longer wanted'", "when you say so for it")]),
    ("ask", &[("\"$GANGER_BIN\" ask 'Keep the old column?'", "what an agent runs when it needs a decision"), ("ganger send 12 'Keep it'", "the answer")]),
    ("note", &[("\"$GANGER_BIN\" note 'half of the tests pass'", "what an agent runs to report progress"), ("ganger note --task 12 'look at the config'", "a remark of yours")]),
    ("rm", &[("ganger rm 12", "its worktree is parked"), ("ganger rm 12 --stop", "ends its agent first")]),
    ("trash", &[("ganger trash list", "what can be given back"), ("ganger trash restore 12", "as it was, with what was not committed")]),
    ("tidy", &[("ganger tidy --dry-run", "what would go, and what stays and why"), ("ganger tidy", "worktrees go to the trash, merged branches are deleted")]),
    ("archive", &[("ganger archive 12", "off the board"), ("ganger list --archived", "where it is then")]),
    ("unarchive", &[("ganger unarchive 12", "on the board again"), ("ganger list --archived", "what can be")]),
    ("undo", &[("ganger undo", "takes the last act back"), ("ganger events", "what there was")]),
    ("events", &[("ganger events --follow", "each event as it is committed"), ("ganger events --since 120 | jq .to", "for scripts")]),
    ("status-line", &[("set -g status-right '#(ganger status-line)'", "in tmux.conf"), ("ganger status-line --format '{running} running'", "your own form")]),
    ("agents", &[("ganger agents", "what is installed"), ("ganger agents install-hooks claude", "in the worktree around here")]),
    ("config", &[("ganger config init", "writes the commented default"), ("$EDITOR \"$(ganger config path)\"", "changes it")]),
    ("trust", &[("ganger trust --show", "what the repository's file would run"), ("ganger trust --revoke", "no longer obeys it")]),
    ("doctor", &[("ganger doctor", "exits 0 when all is well"), ("ganger doctor --fix", "reconciles first")]),
    ("completions", &[("ganger completions bash > ~/.local/share/bash-completion/completions/ganger", "for bash"), ("ganger completions fish > ~/.config/fish/completions/ganger.fish", "for fish")]),
    ("man", &[("ganger man | man -l -", "reads the page of the program"), ("ganger man --dir ~/.local/share/man/man1", "installs them all: man ganger-add")]),
    ("skill", &[("ganger skill", "to read"), ("mkdir -p .claude/skills/ganger && ganger skill > .claude/skills/ganger/SKILL.md", "for Claude Code in this repository")]),
    ("tmux-conf", &[("ganger tmux-conf", "to read and paste"), ("ganger tmux-conf >> ~/.tmux.conf", "all of them")]),
    ("demo", &[("ganger demo", "a minute; touches nothing of yours"), ("ganger demo | less", "to read it at leisure")]),
];

/// Adds the examples to the help of each command.
pub(super) fn with(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (name, examples)| {
        let width = examples.iter().map(|(typed, _)| typed.chars().count()).max().unwrap_or_default();
        let lines = examples.iter().map(|(typed, does)| format!("  {typed:width$}  # {does}"));
        let text = format!("Examples:\n{}", lines.collect::<Vec<_>>().join("\n"));
        command.mut_subcommand(name, |subcommand| subcommand.after_help(text))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Args, command};

    #[test]
    fn every_command_has_two_examples_and_a_sentence_for_each_argument() {
        for subcommand in command().get_subcommands() {
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert_eq!(help.lines().count(), 3, "{}: {help}", subcommand.get_name());
            for argument in subcommand.get_arguments() {
                assert!(argument.get_help().is_some(), "{}: {}", subcommand.get_name(), argument.get_id());
            }
        }
    }

    #[test]
    fn global_options_stand_apart() {
        let help = Args::read(vec!["ganger".into(), "peek".into(), "--help".into()]).unwrap_err().to_string();
        let (own, global) = help.split_once("Global options:").unwrap();
        assert!(own.contains("--lines") && !own.contains("--db"), "{help}");
        assert!(global.contains("--db") && global.contains("--json"), "{help}");
    }
}
