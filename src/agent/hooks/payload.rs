//! What an agent reports of itself, read. Anything may come here: what is not understood is no report, never an error.

use serde_json::Value;

use super::Mechanism;
use crate::domain::profile::can_name_conversation;
use crate::domain::state::Activity;
use crate::domain::text;

/// The longest payload that is read, in bytes: tools' outputs are in it.
pub const LONGEST: usize = 1 << 20;

/// The longest thing said, in characters.
const LONGEST_SAYING: usize = 500;

/// What an agent's event says; something of it, always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it does now, where the event tells.
    pub activity: Option<Activity>,
    /// What it wants, or why it stopped: one plain line.
    pub saying: Option<String>,
    /// The agent's own name for the conversation, with which it can be resumed: letters, digits and `-_.:`.
    pub conversation: Option<String>,
}

/// Reads an event as the mechanism sends it.
#[must_use]
pub fn read(mechanism: Mechanism, json: &[u8]) -> Option<Report> {
    if json.len() > LONGEST {
        return None;
    }
    let event: Value = serde_json::from_slice(json).ok()?;
    let (activity, saying, conversation) = match mechanism {
        Mechanism::Claude => by_hook(&event, claude)?,
        Mechanism::Codex => by_hook(&event, codex)?,
        Mechanism::Gemini => by_hook(&event, gemini)?,
        Mechanism::OpenCode => opencode(&event)?,
    };
    let report = Report {
        activity,
        saying: saying.and_then(|saying| line(&saying)),
        conversation: conversation.filter(|name| can_name_conversation(name)).map(str::to_owned),
    };
    (report.activity.is_some() || report.conversation.is_some()).then_some(report)
}

/// What an event says of the activity, and the words with it.
type Said = (Option<Activity>, Option<String>);

const NOTHING: Said = (None, None);
const WORKING: Said = (Some(Activity::Working), None);
const IDLE: Said = (Some(Activity::Idle), None);

fn waiting(saying: impl Into<String>) -> Said {
    (Some(Activity::Waiting), Some(saying.into()))
}

/// An event of Claude, Codex or Gemini: they share `hook_event_name` and `session_id`.
fn by_hook(
    event: &Value,
    read: fn(&str, &Value) -> Option<Said>,
) -> Option<(Option<Activity>, Option<String>, Option<&str>)> {
    let (activity, saying) = read(word(event, "hook_event_name")?, event)?;
    // A subagent's session is not the one to resume.
    let conversation = if event.get("agent_id").is_some() { None } else { word(event, "session_id") };
    Some((activity, saying, conversation))
}

fn claude(name: &str, event: &Value) -> Option<Said> {
    Some(match name {
        "SessionStart" => NOTHING,
        "PreToolUse" => question(event, &["AskUserQuestion", "ExitPlanMode"]).map_or(WORKING, waiting),
        "UserPromptSubmit" | "PostToolUse" => WORKING,
        "PermissionRequest" => {
            waiting(question(event, &["AskUserQuestion", "ExitPlanMode"]).unwrap_or_else(|| permission(event)))
        }
        "Notification" => notification(event),
        "Stop" => IDLE,
        // What is shown to the person, else the details, else the kind of error.
        "StopFailure" => waiting(
            ["last_assistant_message", "error_details", "error"]
                .iter()
                .find_map(|key| word(event, key))
                .unwrap_or("its turn failed"),
        ),
        _ => return None,
    })
}

/// Claude's notifications: those of older versions have no type.
fn notification(event: &Value) -> Said {
    let message = word(event, "message").unwrap_or_default();
    match word(event, "notification_type") {
        Some("permission_prompt" | "elicitation_dialog") => waiting(message),
        Some("idle_prompt") => IDLE,
        None if message.contains("permission") => waiting(message),
        None if message.contains("waiting for your input") => IDLE,
        Some(_) | None => NOTHING,
    }
}

fn codex(name: &str, event: &Value) -> Option<Said> {
    Some(match name {
        "SessionStart" => NOTHING,
        "PreToolUse" => question(event, &["request_user_input"]).map_or(WORKING, waiting),
        "UserPromptSubmit" | "PostToolUse" => WORKING,
        "PermissionRequest" => waiting(permission(event)),
        "Stop" => IDLE,
        _ => return None,
    })
}

fn gemini(name: &str, event: &Value) -> Option<Said> {
    Some(match name {
        "BeforeTool" => question(event, &["ask_user"]).map_or(WORKING, waiting),
        "BeforeAgent" | "AfterTool" => WORKING,
        "Notification" if word(event, "notification_type") == Some("ToolPermission") => {
            waiting(word(event, "message").unwrap_or_default())
        }
        "SessionStart" | "Notification" => NOTHING,
        "AfterAgent" => IDLE,
        _ => return None,
    })
}

/// An event of OpenCode's bus: a type, and its properties.
fn opencode(event: &Value) -> Option<(Option<Activity>, Option<String>, Option<&str>)> {
    let about = event.get("properties")?;
    let mut conversation = word(about, "sessionID");
    let (activity, saying) = match word(event, "type")? {
        "session.created" => {
            let info = about.get("info")?;
            // A subagent's session is not the one to resume.
            conversation = if word(info, "parentID").is_some() { None } else { word(info, "id") };
            NOTHING
        }
        "session.status" => match word(about.get("status")?, "type")? {
            "busy" | "retry" => WORKING,
            "idle" => IDLE,
            _ => return None,
        },
        "session.idle" => IDLE,
        "session.error" => {
            let error = about.get("error");
            let message = error.and_then(|error| {
                error.get("data").and_then(|data| word(data, "message")).or_else(|| word(error, "name"))
            });
            (Some(Activity::Idle), message.map(str::to_owned))
        }
        "permission.asked" | "permission.updated" => waiting(opencode_permission(about)),
        "question.asked" => waiting(questions(about)),
        "permission.replied" | "question.replied" | "question.rejected" => WORKING,
        _ => return None,
    };
    Some((activity, saying, conversation))
}

fn opencode_permission(about: &Value) -> String {
    if let Some(title) = word(about, "title") {
        return title.to_owned();
    }
    match (word(about, "permission").or_else(|| word(about, "type")), about.get("patterns").and_then(words)) {
        (Some(tool), Some(patterns)) => format!("wants to use {tool}: {patterns}"),
        (Some(tool), None) => format!("wants to use {tool}"),
        (None, _) => "asks for permission".to_owned(),
    }
}

/// What a tool asks a person, if it is one of those whose use is a question.
fn question(event: &Value, tools: &[&str]) -> Option<String> {
    let tool = word(event, "tool_name").filter(|tool| tools.contains(tool))?;
    let input = event.get("tool_input").unwrap_or(&Value::Null);
    Some(match (tool, word(input, "plan")) {
        ("ExitPlanMode", Some(plan)) => format!("proposes a plan: {plan}"),
        ("ExitPlanMode", None) => "proposes a plan".to_owned(),
        (_, _) => questions(input),
    })
}

fn questions(input: &Value) -> String {
    let all = input.get("questions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = all.iter().filter_map(|one| word(one, "question")).collect();
    match (texts.is_empty(), word(input, "question")) {
        (false, _) => texts.join(" / "),
        (true, Some(text)) => text.to_owned(),
        (true, None) => "asks a question".to_owned(),
    }
}

fn permission(event: &Value) -> String {
    let Some(tool) = word(event, "tool_name") else { return "asks for permission".to_owned() };
    let input = event.get("tool_input").unwrap_or(&Value::Null);
    match input.get("command").and_then(words).or_else(|| word(input, "file_path").map(str::to_owned)) {
        Some(what) => format!("wants to use {tool}: {what}"),
        None => format!("wants to use {tool}"),
    }
}

/// A member that is a text with something in it.
fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}

/// A text, or the texts of a list.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
    .filter(|text| !text.trim().is_empty())
}

/// One plain line of it, if there is anything to see.
fn line(said: &str) -> Option<String> {
    let plain = text::line(&text::plain(&said.replace('\r', " ")));
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    (!plain.is_empty()).then(|| text::cut(&plain, LONGEST_SAYING))
}
