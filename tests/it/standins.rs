//! The built-in agents, each played by a script with that program's command line, hooks and screens.

use std::fs;

use serde_json::{Value, json};

use crate::support::{World, until};

/// What every stand-in does first: it writes down its arguments and its prompt, as the program would find it. `hook` then
/// runs what the hooks' file in the worktree says, with an event on its standard input.
const BEGIN: &str = r#"#!/bin/bash
name=${0##*/}
printf '%s\0' "$@" > "$WORLD/argv.$name"
prompt= file= behind=
while [ $# -gt 0 ]; do
  case $1 in
    --prompt=*|--prompt-interactive=*) prompt=${1#*=};;
    --message-file) file=$2; shift;;
    --notifications-command) notify=$2; shift;;
    --) behind=1;;
    *) [ -n "$behind" ] && prompt=$1;;
  esac
  shift
done
[ "$name" = sh ] || if [ -n "$file" ]; then cat "$file"; else printf %s "$prompt"; fi > "$WORLD/prompt.$name.new"
mv "$WORLD/prompt.$name.new" "$WORLD/prompt.$name"
# A text as a program reads it that asks to be told of pastes.
answer() {
  local line text=
  while IFS= read -r line; do
    text=$text${text:+|}$line
    case $text in *'[200~'*'[201~'*|[!$'\e']*|'') break;; esac
  done
  text=${text#$'\e[200~'}; printf '%s\n' "${text%$'\e[201~'}" >> "$WORLD/answers"
}
hook() {
  case $name in
    claude) settings=.claude/settings.local.json;;
    codex) settings=.codex/hooks.json;;
    gemini) settings=.gemini/settings.json;;
    opencode) settings=.opencode/plugins/ganger.js;;
  esac
  if [ "$name" = opencode ]; then
    # What the plugin does.
    grep -q __hook "$settings" && printf %s "$1" | "$GANGER_BIN" __hook opencode
  else
    command=$(grep -o '"command": *"[^,]*__hook[^,]*"' "$settings" | head -1 | sed 's/^"command": *"//; s/"$//; s/\\"/"/g')
    printf %s "$1" | sh -c "$command"
  fi
}
"#;

impl World {
    /// Puts a stand-in on PATH.
    fn stand_in(&self, name: &str, behaviour: &str) {
        self.program(name, &format!("{BEGIN}{behaviour}\n"));
    }

    /// Adds a task for an agent and dispatches it.
    fn dispatch_to(&self, agent: &str, prompt: &str) -> i64 {
        fs::write(self.path("wanted"), prompt).unwrap();
        let prompt = format!("@{}", self.path("wanted").display());
        let id: i64 = self.ok(&["add", "a task", "--agent", agent, "--prompt", &prompt]).trim().parse().unwrap();
        self.ok(&["dispatch", &id.to_string()]);
        id
    }

    /// Waits until the agent is seen to do this, on this word.
    fn does(&self, id: i64, activity: &str, source: &str) -> Value {
        until(&format!("task {id} is {activity} by {source}"), || {
            let task = self.task(id);
            (task["activity"] == activity && task["activity_source"] == source).then_some(task)
        })
    }

    /// The prompt as the stand-in found it, and its arguments.
    fn heard(&self, name: &str) -> (String, Vec<String>) {
        let path = self.path(&format!("prompt.{name}"));
        let prompt = until("its prompt", || fs::read_to_string(&path).ok());
        let argv = fs::read_to_string(self.path(&format!("argv.{name}"))).unwrap();
        (prompt, argv.split_terminator('\0').map(str::to_owned).collect())
    }
}

/// A turn that needs a permission, as Claude Code and Codex report it, and then another one.
const CLAUDE: &str = r#"
event() { hook "{\"session_id\":\"s-1\",\"transcript_path\":\"/t\",\"cwd\":\"$PWD\",\"hook_event_name\":\"$1\"$2}"; }
printf '\e[?2004h'
event SessionStart ',"source":"startup"'
turn=0
while [ $turn -lt 2 ]; do
  event UserPromptSubmit ',"prompt":"p"'
  event PreToolUse ',"tool_name":"Bash","tool_input":{"command":"make"}' >> "$WORLD/answered.make"
  event PreToolUse ',"tool_name":"Bash","tool_input":{"command":"\"$GANGER_BIN\" done"}' >> "$WORLD/answered.done"
  event PermissionRequest ',"tool_name":"Bash","tool_input":{"command":"make"}'
  echo "Do you want to proceed?"; answer
  event PostToolUse ',"tool_name":"Bash","tool_input":{"command":"make"}'
  echo "$turn" >> work; git add work; git commit -qm work
  "$GANGER_BIN" done
  event Stop ',"stop_hook_active":false'
  turn=$((turn + 1))
  echo "> "; answer
done
sleep 1000"#;

/// The whole way of a task whose agent reports by hooks: work, a question, its answer, review, feedback, review.
fn works_to_review(world: &World, agent: &str) -> i64 {
    let prompt = "- fix \"it\" 'now'\n$(touch never) `x` \u{1f600}\n\n";
    let id = world.dispatch_to(agent, prompt);
    assert_eq!(world.heard(agent).0, prompt);
    let task = world.does(id, "waiting", "agent");
    assert_eq!(task["saying"], "wants to use Bash: make");
    world.ok(&["send", &id.to_string(), "yes"]);
    let task = world.settled(id, "review");
    assert_eq!(task["attempt"]["phase"], "running");
    world.does(id, "idle", "agent");
    world.ok(&["bounce", &id.to_string(), "--note", "once more\nand better"]);
    world.does(id, "waiting", "agent");
    assert_eq!(world.status(id), "in-progress");
    world.ok(&["send", &id.to_string(), "yes, again"]);
    world.settled(id, "review");
    let answers = fs::read_to_string(world.path("answers")).unwrap();
    assert_eq!(answers, "yes\nonce more|and better\nyes, again\n");
    world.ok(&["approve", &id.to_string()]);
    assert_eq!(world.status(id), "done");
    world.audited();
    id
}

#[test]
fn claude_works_asks_and_is_sent_back() {
    let world = World::new();
    world.stand_in("claude", CLAUDE);
    let id = works_to_review(&world, "claude");
    let (_, argv) = world.heard("claude");
    assert_eq!(&argv[..3], ["--permission-mode", "acceptEdits", "--allowedTools"]);
    assert_eq!(argv[4], "--append-system-prompt");
    assert!(argv[5].contains(r#""$GANGER_BIN" done"#), "{argv:?}");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(world.task(id)["commits"].as_array().unwrap().len(), 2);
    assert_eq!(
        fs::read_to_string(world.path("answered.make")).unwrap(),
        "",
        "what else it runs is for the program to ask"
    );
    assert!(world.file("answered.done").contains(r#""permissionDecision":"allow""#), "its own verbs are not");
}

#[test]
fn codex_works_asks_and_is_sent_back() {
    let world = World::new();
    world.configure("[agents.codex]\nhooks = true");
    world.stand_in("codex", CLAUDE);
    works_to_review(&world, "codex");
    let (_, argv) = world.heard("codex");
    assert_eq!(&argv[..3], ["--sandbox", "workspace-write", "-c"]);
    assert!(argv[3].starts_with("developer_instructions=You work"), "{argv:?}");
}

#[test]
fn gemini_works_asks_and_finishes() {
    let world = World::new();
    world.stand_in(
        "gemini",
        r#"
event() { hook "{\"session_id\":\"g-1\",\"transcript_path\":\"/t\",\"cwd\":\"$PWD\",\"timestamp\":\"t\",\"hook_event_name\":\"$1\"$2}"; }
event SessionStart ',"source":"startup"'
event BeforeAgent ',"prompt":"p"'
event Notification ',"notification_type":"ToolPermission","message":"Apply this change?","details":{}'
read -r answer
event AfterTool ',"tool_name":"replace"'
echo work > work
event AfterAgent ',"prompt":"p","prompt_response":"r"'
read -r answer; event BeforeAgent; "$GANGER_BIN" done; sleep 1000"#,
    );
    let id = world.dispatch_to("gemini", "-p fix it");
    let (prompt, argv) = world.heard("gemini");
    assert!(prompt.starts_with("-p fix it\n\nYou work"), "{prompt}");
    assert_eq!(argv[0], "--approval-mode=auto_edit");
    assert_eq!(world.does(id, "waiting", "agent")["saying"], "Apply this change?");
    world.ok(&["send", &id.to_string(), "y"]);
    world.does(id, "idle", "agent");
    world.ok(&["send", &id.to_string(), "now report"]);
    world.settled(id, "review");
}

#[test]
fn opencode_works_asks_and_finishes() {
    let world = World::new();
    world.stand_in(
        "opencode",
        r#"
hook '{"type":"session.created","properties":{"info":{"id":"o-1"}}}'
hook '{"type":"session.status","properties":{"sessionID":"o-1","status":{"type":"busy"}}}'
hook '{"type":"permission.asked","properties":{"sessionID":"o-1","permission":"bash","title":"run make"}}'
read -r answer
hook '{"type":"permission.replied","properties":{"sessionID":"o-1"}}'
echo work > work
hook '{"type":"session.idle","properties":{"sessionID":"o-1"}}'
read -r answer; hook '{"type":"session.status","properties":{"sessionID":"o-1","status":{"type":"busy"}}}'; "$GANGER_BIN" done; sleep 1000"#,
    );
    let id = world.dispatch_to("opencode", "fix it");
    assert!(world.heard("opencode").0.starts_with("fix it\n\nYou work"));
    world.does(id, "waiting", "agent");
    world.ok(&["send", &id.to_string(), "once"]);
    world.does(id, "idle", "agent");
    world.ok(&["send", &id.to_string(), "now report"]);
    world.settled(id, "review");
}

#[test]
fn aider_works_through_its_message_and_ends() {
    let world = World::new();
    world.stand_in("aider", r#"sh -c "$notify"; read -r go; echo work > work; git add work; git commit -qm work"#);
    let id = world.dispatch_to("aider", "fix it\n");
    let (prompt, argv) = world.heard("aider");
    assert_eq!(prompt, "fix it\n");
    assert!(!argv.contains(&"--yes-always".to_owned()));
    let read = argv.iter().position(|word| word == "--read").unwrap();
    assert!(fs::read_to_string(&argv[read + 1]).unwrap().contains("done"));
    world.does(id, "idle", "agent");
    world.tmux(&["send-keys", "-t", "=ganger-1-a-task:", "Enter"]);
    world.settled(id, "review");
}

#[test]
fn dangerous_arguments_are_for_tasks_that_ask_for_them() {
    let dangerous = [
        ("claude", "--dangerously-skip-permissions"),
        ("codex", "--dangerously-bypass-approvals-and-sandbox"),
        ("gemini", "--approval-mode=yolo"),
        ("opencode", "--auto"),
        ("aider", "--yes-always"),
    ];
    let world = World::new();
    for (agent, argument) in dangerous {
        world.stand_in(agent, "echo work > work");
        for unsafe_mode in [false, true] {
            fs::remove_file(world.path(&format!("prompt.{agent}"))).ok();
            let mut args = vec!["add", "t", "--agent", agent, "--start"];
            args.extend(unsafe_mode.then_some("--unsafe"));
            world.ok(&args);
            let (_, argv) = world.heard(agent);
            assert_eq!(argv.contains(&argument.to_owned()), unsafe_mode, "{agent}: {argv:?}");
        }
    }
}

#[test]
fn prompts_of_any_size_arrive_intact() {
    let world = World::new();
    let line = "-x \"q\" 'a' $(touch never) \\ \u{1f600} {prompt}\n";
    for agent in ["claude", "codex", "gemini", "opencode", "aider"] {
        world.stand_in(agent, "echo work > work");
        for size in [99_000, 2_000_000] {
            let prompt = line.repeat(size / line.len());
            fs::remove_file(world.path(&format!("prompt.{agent}"))).ok();
            let id = world.dispatch_to(agent, &prompt);
            let (heard, _) = world.heard(agent);
            if size < 100_000 || agent == "aider" {
                assert!(heard.starts_with(&prompt), "{agent}, {size}");
            } else {
                let file = heard.strip_prefix("Read your task from the file ").unwrap();
                let file = file.split(" and carry it out.").next().unwrap();
                assert_eq!(fs::read_to_string(file).unwrap(), prompt, "{agent}, {size}");
            }
            world.settled(id, "review");
        }
    }
}

#[test]
fn a_question_on_the_screen_is_a_guess_and_an_answer_goes_on() {
    let world = World::new();
    world.configure("[agents.claude]\nhooks = false");
    world.stand_in(
        "claude",
        "echo ' Quick safety check: Is this a project you created or one you trust?'; echo ' 1. Yes, I trust this folder'\n\
         read -r answer; echo \"$answer\" > \"$WORLD/answer\"; while :; do :; done",
    );
    let id = world.dispatch_to("claude", "fix it");
    let task = world.does(id, "waiting", "screen");
    assert_eq!(task["saying"], "Quick safety check: Is this a project you created or one you trust?");
    assert!(world.ok(&["list"]).contains("waiting?"), "a guess is shown as one");
    assert!(world.ok(&["status-line"]).contains("?1"));
    world.ok(&["send", &id.to_string(), "1"]);
    assert_eq!(world.file("answer"), "1\n");
    world.does(id, "working", "process");
    world.ok(&["stop", &id.to_string()]);
}

#[test]
fn an_agent_that_rings_and_falls_silent_may_wait() {
    let world = World::new();
    world.stand_in("claude", "echo hello; printf '\\a'; sleep 1000");
    let id = world.dispatch_to("claude", "fix it");
    world.does(id, "waiting", "screen");
    assert!(world.ok(&["list"]).contains("waiting?"), "a guess is shown as one");
}

#[test]
fn a_usage_limit_parks_the_task_as_waiting_until_it_ends() {
    let world = World::new();
    world.stand_in("codex", "echo \"You've hit your usage limit. Try again in 2 hours 5 minutes.\"; sleep 1000");
    let id = world.dispatch_to("codex", "fix it");
    let task = world.does(id, "waiting", "screen");
    assert_eq!(task["saying"], "You've hit your usage limit. Try again in 2 hours 5 minutes.");
    assert!(task["waits_until"].is_string(), "{task:#}");
    assert_eq!(world.status(id), "in-progress");
    // The account is spent for others, too: what the queue would start waits; who asks for one task may know better.
    let other = world.ok(&["add", "another", "--agent", "codex"]).trim().parse().unwrap();
    let ran = world.ganger(&["dispatch", "--all"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr.starts_with("none of 1 started; the agent is at its usage limit, which ends in 2h"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.status(other), "ready");
    world.ok(&["dispatch", &other.to_string()]);
}

#[test]
fn a_limit_that_ends_an_agent_is_told_of() {
    let world = World::new();
    world.stand_in("claude", "echo \"You've hit your limit · resets 3pm\"; exit 1");
    let id = world.dispatch_to("claude", "fix it");
    world.settled(id, "failed");
    let task = world.task(id);
    assert_eq!(task["saying"], "You've hit your limit · resets 3pm");
    let until = task["waits_until"].as_str().unwrap();
    assert!(world.ok(&["show", &id.to_string()]).contains(&format!("limit      ends {until}")));
    assert!(world.ok(&["list"]).contains(&format!("limit ends {until}")));
}

#[test]
fn headless_agents_are_told_so_and_end_by_themselves() {
    let world = World::new();
    let starts = [
        ("claude", "--print"),
        ("codex", "exec"),
        ("gemini", "--approval-mode=auto_edit"),
        ("opencode", "run"),
        ("aider", "--no-check-update"),
    ];
    let modes: Vec<String> = starts.iter().map(|(agent, _)| format!("[agents.{agent}]\nmode = \"headless\"")).collect();
    world.configure(&modes.join("\n"));
    for (agent, first) in starts {
        world.stand_in(agent, "echo work > work");
        let id = world.dispatch_to(agent, "--fix it");
        let (prompt, argv) = world.heard(agent);
        assert!(prompt.starts_with("--fix it"), "{agent}: {prompt}");
        assert_eq!(argv[0], first);
        world.settled(id, "review");
    }
}

#[test]
fn a_limit_that_has_ended_is_gone_on_from_where_that_is_wanted() {
    let world = World::new();
    world.configure("[agents.codex]\nresume_after_limit = true");
    // Long ago, as far as the agent's clock goes.
    world.stand_in("codex", "echo 'usage limit: hit your usage limit|1600000000'; read -r answer; echo \"$answer\" > \"$WORLD/answer\"; sleep 1000");
    world.dispatch_to("codex", "fix it");
    assert_eq!(world.file("answer"), "continue\n");
}

#[test]
fn silence_and_a_crash_are_what_they_are() {
    let world = World::new();
    world.stand_in("claude", "echo hello; sleep 1000");
    let silent = world.dispatch_to("claude", "fix it");
    world.does(silent, "idle", "process");
    assert_eq!(world.status(silent), "in-progress", "silence resets nothing");
    world.stand_in("codex", "echo oh; exit 3");
    let crashed = world.dispatch_to("codex", "fix it");
    let task = world.settled(crashed, "failed");
    assert_eq!((&task["attempt"]["exit_code"], &task["attempt"]["cause"]), (&json!(3), &json!("exit")));
}

#[test]
fn a_flood_of_output_is_work_and_ends_as_it_ends() {
    let world = World::new();
    world.stand_in("claude", "head -c 100000000 /dev/zero | tr '\\0' 'x' | fold -w 180; echo work > work");
    let id = world.dispatch_to("claude", "fix it");
    world.settled(id, "review");
}

#[test]
fn a_retry_resumes_the_conversation_and_tells_of_the_failure() {
    let world = World::new();
    world.stand_in(
        "claude",
        r#"hook '{"session_id":"s-9","hook_event_name":"SessionStart","source":"startup"}'; echo work > work; exit 4"#,
    );
    let id = world.dispatch_to("claude", "fix it");
    world.settled(id, "failed");
    fs::remove_file(world.path("prompt.claude")).unwrap();
    world.ok(&["retry", &id.to_string(), "--note", "mind the gap"]);
    let (prompt, argv) = world.heard("claude");
    assert_eq!(&argv[..2], ["--resume", "s-9"]);
    assert!(prompt.starts_with("fix it\n\nThe last attempt failed: the agent failed: exit status 4."), "{prompt}");
    assert!(prompt.ends_with("mind the gap"), "{prompt}");
    world.settled(id, "failed");
    fs::remove_file(world.path("prompt.claude")).unwrap();
    world.ok(&["retry", &id.to_string(), "--fresh"]);
    assert_eq!(world.heard("claude").1[0], "--permission-mode", "a fresh tree has no conversation");
}
