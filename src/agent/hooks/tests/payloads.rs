//! What the agents send, as their documentation shows it.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::agent::hooks::Mechanism;
use crate::agent::hooks::payload::{LONGEST, Report, read};
use crate::domain::state::Activity::{self, Idle, Waiting, Working};

fn report(mechanism: Mechanism, event: &Value) -> Option<Report> {
    read(mechanism, event.to_string().as_bytes())
}

/// Activity and saying of an event with a session.
fn said(mechanism: Mechanism, name: &str, more: Value) -> (Option<Activity>, Option<String>) {
    let mut event = json!({ "session_id": "abc-123", "hook_event_name": name, "cwd": "/w", "transcript_path": "/t" });
    let Value::Object(more) = more else { panic!("an object") };
    event.as_object_mut().unwrap().extend(more);
    let report = report(mechanism, &event).unwrap_or_else(|| panic!("{event}"));
    assert_eq!(report.conversation.as_deref(), Some("abc-123"));
    (report.activity, report.saying)
}

fn waiting(text: &str) -> (Option<Activity>, Option<String>) {
    (Some(Waiting), Some(text.to_owned()))
}

const WORKING: (Option<Activity>, Option<String>) = (Some(Working), None);
const IDLE: (Option<Activity>, Option<String>) = (Some(Idle), None);
const NOTHING: (Option<Activity>, Option<String>) = (None, None);

#[test]
fn claude_and_codex_say_when_they_work_and_when_they_have_finished() {
    for mechanism in [Mechanism::Claude, Mechanism::Codex] {
        assert_eq!(said(mechanism, "SessionStart", json!({ "source": "startup" })), NOTHING);
        assert_eq!(said(mechanism, "UserPromptSubmit", json!({ "prompt": "do it" })), WORKING);
        assert_eq!(said(mechanism, "PreToolUse", json!({ "tool_name": "Bash" })), WORKING);
        assert_eq!(said(mechanism, "PostToolUse", json!({ "tool_name": "AskUserQuestion" })), WORKING);
        assert_eq!(said(mechanism, "Stop", json!({ "last_assistant_message": "done" })), IDLE);
    }
}

#[test]
fn a_permission_is_asked_for_with_what_it_is_for() {
    let asked = |mechanism, more| said(mechanism, "PermissionRequest", more);
    for mechanism in [Mechanism::Claude, Mechanism::Codex] {
        let bash = json!({ "tool_name": "Bash", "tool_input": { "command": "git push\n  --force", "timeout": 3 } });
        assert_eq!(asked(mechanism, bash), waiting("wants to use Bash: git push --force"));
        let list = json!({ "tool_name": "shell", "tool_input": { "command": ["ls", "-l"] } });
        assert_eq!(asked(mechanism, list), waiting("wants to use shell: ls -l"));
        let edit = json!({ "tool_name": "Edit", "tool_input": { "file_path": "/w/a.rs" } });
        assert_eq!(asked(mechanism, edit), waiting("wants to use Edit: /w/a.rs"));
        assert_eq!(asked(mechanism, json!({ "tool_name": "mcp__x", "tool_input": 7 })), waiting("wants to use mcp__x"));
        assert_eq!(asked(mechanism, json!({})), waiting("asks for permission"));
    }
}

#[test]
fn a_question_is_waited_for_with_its_text() {
    let input = json!({ "questions": [{ "question": "Which one?", "header": "x" }, { "question": "How many?" }] });
    let ask = |mechanism, name, tool: &str| said(mechanism, name, json!({ "tool_name": tool, "tool_input": input }));
    assert_eq!(ask(Mechanism::Claude, "PreToolUse", "AskUserQuestion"), waiting("Which one? / How many?"));
    assert_eq!(ask(Mechanism::Claude, "PermissionRequest", "AskUserQuestion"), waiting("Which one? / How many?"));
    assert_eq!(ask(Mechanism::Codex, "PreToolUse", "request_user_input"), waiting("Which one? / How many?"));
    assert_eq!(ask(Mechanism::Gemini, "BeforeTool", "ask_user"), waiting("Which one? / How many?"));
    assert_eq!(ask(Mechanism::Codex, "PreToolUse", "AskUserQuestion"), WORKING);
    let plan = json!({ "tool_name": "ExitPlanMode", "tool_input": { "plan": "# Plan\n1. go" } });
    assert_eq!(said(Mechanism::Claude, "PreToolUse", plan), waiting("proposes a plan: # Plan 1. go"));
    let bare = |tool: &str| said(Mechanism::Claude, "PreToolUse", json!({ "tool_name": tool }));
    assert_eq!(bare("ExitPlanMode"), waiting("proposes a plan"));
    assert_eq!(bare("AskUserQuestion"), waiting("asks a question"));
}

#[test]
fn claudes_notifications_are_told_apart_by_type_and_without_one_by_their_words() {
    let note = |more| said(Mechanism::Claude, "Notification", more);
    let typed = |kind: &str| note(json!({ "notification_type": kind, "message": "Claude wants something" }));
    assert_eq!(typed("permission_prompt"), waiting("Claude wants something"));
    assert_eq!(typed("elicitation_dialog"), waiting("Claude wants something"));
    assert_eq!(typed("idle_prompt"), IDLE);
    assert_eq!(typed("auth_success"), NOTHING);
    let text = "Claude needs your permission to use Bash";
    assert_eq!(note(json!({ "message": text })), waiting(text));
    assert_eq!(note(json!({ "message": "Claude is waiting for your input" })), IDLE);
    assert_eq!(note(json!({ "message": "hello" })), NOTHING);
    assert_eq!(note(json!({})), NOTHING);
}

#[test]
fn a_failed_turn_waits_with_its_error() {
    let failed = |more| said(Mechanism::Claude, "StopFailure", more);
    let whole = json!({
        "error": "rate_limit",
        "error_details": "429 Too Many Requests",
        "last_assistant_message": "API Error: Rate limit reached",
    });
    assert_eq!(failed(whole), waiting("API Error: Rate limit reached"));
    assert_eq!(failed(json!({ "error": "rate_limit", "error_details": "429" })), waiting("429"));
    assert_eq!(failed(json!({ "error": "rate_limit" })), waiting("rate_limit"));
    assert_eq!(failed(json!({ "error": {} })), waiting("its turn failed"));
}

#[test]
fn gemini_says_the_same_by_other_names() {
    let gemini = |name, more| said(Mechanism::Gemini, name, more);
    assert_eq!(gemini("SessionStart", json!({ "source": "resume" })), NOTHING);
    assert_eq!(gemini("BeforeAgent", json!({ "prompt": "x" })), WORKING);
    assert_eq!(gemini("BeforeTool", json!({ "tool_name": "run_shell_command" })), WORKING);
    assert_eq!(gemini("AfterTool", json!({ "tool_name": "ask_user" })), WORKING);
    assert_eq!(gemini("AfterAgent", json!({ "prompt_response": "y" })), IDLE);
    let note = json!({ "notification_type": "ToolPermission", "message": "Allow execution: ls?", "details": {} });
    assert_eq!(gemini("Notification", note), waiting("Allow execution: ls?"));
    assert_eq!(gemini("Notification", json!({ "notification_type": "Other", "message": "m" })), NOTHING);
}

#[test]
fn opencodes_events_are_read() {
    let event = |kind: &str, properties: Value| {
        report(Mechanism::OpenCode, &json!({ "id": "evt_1", "type": kind, "properties": properties }))
    };
    let told = |activity, saying: Option<&str>| {
        Some(Report { activity, saying: saying.map(str::to_owned), conversation: Some("ses_1".to_owned()) })
    };
    let of = "ses_1";
    assert_eq!(event("session.created", json!({ "info": { "id": of } })), told(None, None));
    assert_eq!(event("session.created", json!({ "info": { "id": "ses_2", "parentID": of } })), None);
    for (status, activity) in [("busy", Working), ("retry", Working), ("idle", Idle)] {
        let properties = json!({ "sessionID": of, "status": { "type": status, "attempt": 1 } });
        assert_eq!(event("session.status", properties), told(Some(activity), None));
    }
    assert_eq!(event("session.status", json!({ "sessionID": of, "status": { "type": "?" } })), None);
    assert_eq!(event("session.idle", json!({ "sessionID": of })), told(Some(Idle), None));
    let asked = json!({ "id": "per_1", "sessionID": of, "permission": "bash", "patterns": ["git push", "ls"] });
    assert_eq!(event("permission.asked", asked), told(Some(Waiting), Some("wants to use bash: git push ls")));
    let older = json!({ "sessionID": of, "type": "bash", "title": "git push" });
    assert_eq!(event("permission.updated", older), told(Some(Waiting), Some("git push")));
    assert_eq!(event("permission.asked", json!({ "sessionID": of })), told(Some(Waiting), Some("asks for permission")));
    assert_eq!(event("permission.replied", json!({ "sessionID": of, "reply": "once" })), told(Some(Working), None));
    let question = json!({ "sessionID": of, "questions": [{ "question": "Which?" }] });
    assert_eq!(event("question.asked", question), told(Some(Waiting), Some("Which?")));
    assert_eq!(event("question.replied", json!({ "sessionID": of, "answers": [["a"]] })), told(Some(Working), None));
    let error = json!({ "sessionID": of, "error": { "name": "APIError", "data": { "message": "no credit" } } });
    assert_eq!(event("session.error", error), told(Some(Idle), Some("no credit")));
    let named = json!({ "sessionID": of, "error": { "name": "MessageAbortedError" } });
    assert_eq!(event("session.error", named), told(Some(Idle), Some("MessageAbortedError")));
    assert_eq!(event("file.edited", json!({ "sessionID": of })), None);
}

#[test]
fn what_is_not_known_is_no_report() {
    for mechanism in Mechanism::ALL {
        for text in
            ["", "{", "null", "7", "[]", "\"Stop\"", "{}", "{\"session_id\":\"a\"}", "{\"type\":\"session.idle\"}"]
        {
            assert_eq!(read(*mechanism, text.as_bytes()), None, "{mechanism:?}: {text}");
        }
        assert_eq!(read(*mechanism, b"\xff\xfe"), None);
        assert_eq!(report(*mechanism, &json!({ "hook_event_name": "PreCompact", "session_id": "a" })), None);
        assert_eq!(report(*mechanism, &json!({ "hook_event_name": ["Stop"], "session_id": "a" })), None);
        assert_eq!(read(*mechanism, "[".repeat(100_000).as_bytes()), None);
    }
    assert_eq!(report(Mechanism::Claude, &json!({ "hook_event_name": "SessionStart" })), None);
}

#[test]
fn a_payload_may_be_long_but_not_without_end() {
    let of_size = |size: usize| {
        let frame = json!({ "hook_event_name": "Stop", "x": "" }).to_string();
        frame.replace("\"\"}", &format!("\"{}\"}}", "y".repeat(size - frame.len())))
    };
    let longest = of_size(LONGEST);
    assert_eq!(longest.len(), LONGEST);
    assert_eq!(read(Mechanism::Claude, longest.as_bytes()).unwrap().activity, Some(Idle));
    assert_eq!(read(Mechanism::Claude, of_size(LONGEST + 1).as_bytes()), None);
}

#[test]
fn what_is_said_is_one_short_plain_line() {
    let message = format!("\u{1b}[31mred\u{1b}[0m\r\n\tand\u{202e} {}", "x".repeat(2_000));
    let (_, saying) = said(
        Mechanism::Claude,
        "Notification",
        json!({ "notification_type": "permission_prompt", "message": message }),
    );
    let saying = saying.unwrap();
    assert!(saying.starts_with("red and\u{fffd} xxx"), "{saying}");
    assert_eq!(saying.chars().count(), 500);
    let blank = said(Mechanism::Claude, "Notification", json!({ "notification_type": "permission_prompt" }));
    assert_eq!(blank, (Some(Waiting), None));
}

#[test]
fn a_conversation_that_could_not_stand_on_a_command_line_is_none() {
    let named = |id: Value| {
        report(Mechanism::Codex, &json!({ "hook_event_name": "Stop", "session_id": id })).unwrap().conversation
    };
    let sound = "0198f0a2-aaaa-7bbb-8ccc-000000000000";
    assert_eq!(named(json!(sound)), Some(sound.to_owned()));
    for odd in
        [json!("--dangerous"), json!("a b"), json!("a;b"), json!(""), json!("x".repeat(129)), json!(7), json!("é")]
    {
        assert_eq!(named(odd), None);
    }
    let of_subagent = json!({ "hook_event_name": "PreToolUse", "session_id": "child", "agent_id": "a1" });
    assert_eq!(report(Mechanism::Codex, &of_subagent).unwrap().conversation, None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "hook_event_name",
        "session_id",
        "tool_name",
        "tool_input",
        "command",
        "questions",
        "question",
        "type",
        "properties",
        "status",
        "error",
        "data",
        "message",
        "notification_type",
        "info",
        "id",
        "sessionID",
        "patterns",
    ]);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_too_odd(bytes in any::<Vec<u8>>()) {
        for mechanism in Mechanism::ALL {
            prop_assert_eq!(read(*mechanism, &bytes), None);
        }
    }

    #[test]
    fn whatever_stands_around_a_known_event_what_is_said_is_safe(
        mut event in any_json(),
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        for mechanism in Mechanism::ALL {
            let name = mechanism.events()[which.index(mechanism.events().len())];
            if let Value::Object(members) = &mut event {
                let key = if *mechanism == Mechanism::OpenCode { "type" } else { "hook_event_name" };
                members.insert(key.to_owned(), name.into());
            }
            let text = event.to_string();
            if let Some(report) = read(*mechanism, text.as_bytes()) {
                prop_assert!(report.activity.is_some() || report.conversation.is_some());
                let saying = report.saying.unwrap_or_default();
                prop_assert!(saying.chars().count() <= 500 && !saying.chars().any(char::is_control));
            }
            if text.starts_with('{') {
                prop_assert_eq!(read(*mechanism, &text.as_bytes()[..cut.index(text.len())]), None);
            }
        }
    }
}
