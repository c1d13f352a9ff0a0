//! What is registered where.

mod payloads;
mod texts;
mod trees;

use super::Mechanism;
use super::settings::{install, is_installed};
use serde_json::Value;

/// The mechanisms whose file is JSON.
const JSON: [Mechanism; 3] = [Mechanism::Claude, Mechanism::Codex, Mechanism::Gemini];

#[test]
fn an_agents_name_finds_its_mechanism() {
    for mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::for_agent(mechanism.name()), Some(*mechanism));
    }
    assert_eq!(Mechanism::for_agent("aider"), None);
    assert_eq!(Mechanism::for_agent("Claude"), None);
}

#[test]
fn every_event_is_registered_once_with_the_command_and_nothing_else_is() {
    for mechanism in JSON {
        let text = install(None, mechanism).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let events: Vec<&String> = json["hooks"].as_object().unwrap().keys().collect();
        assert_eq!(events, mechanism.events(), "{text}");
        for event in mechanism.events() {
            let groups = json["hooks"][event].as_array().unwrap();
            let hooks = groups[0]["hooks"].as_array().unwrap();
            assert_eq!((groups.len(), hooks.len()), (1, 1), "{text}");
            assert_eq!(hooks[0]["command"], mechanism.command());
            assert_eq!(hooks[0]["type"], "command");
        }
        assert!(is_installed(&text, mechanism));
    }
}

#[test]
fn the_files_look_as_a_person_would_write_them() {
    let claude = install(None, Mechanism::Claude).unwrap();
    let beginning = concat!(
        "{\n  \"hooks\": {\n    \"SessionStart\": [\n",
        "      { \"hooks\": [{ \"type\": \"command\", ",
        r#""command": "test ! -x \"$GANGER_BIN\" || \"$GANGER_BIN\" __hook claude", "timeout": 10 }] }"#,
        "\n    ],\n    \"UserPromptSubmit\": [\n",
    );
    assert!(claude.starts_with(beginning), "{claude}");
    assert!(claude.ends_with("\n    ]\n  }\n}\n"), "{claude}");
    let gemini = install(None, Mechanism::Gemini).unwrap();
    assert!(gemini.contains(r#"{ "matcher": "*", "hooks": [{ "name": "ganger", "type": "command", "#), "{gemini}");
    assert!(gemini.contains(r#""timeout": 10000 }] }"#), "{gemini}");
}

#[test]
fn a_matcher_stands_where_the_event_is_about_a_tool() {
    for mechanism in [Mechanism::Claude, Mechanism::Codex] {
        let json: Value = serde_json::from_str(&install(None, mechanism).unwrap()).unwrap();
        assert_eq!(json["hooks"]["PreToolUse"][0]["matcher"], "*");
        assert_eq!(json["hooks"]["Stop"][0].get("matcher"), None);
    }
}

#[test]
fn the_plugin_is_told_of_every_event_that_is_read_and_of_no_other() {
    let plugin = install(None, Mechanism::OpenCode).unwrap();
    let list = plugin.split("new Set([").nth(1).unwrap().split("])").next().unwrap();
    let told: Vec<&str> = list.split(',').map(|name| name.trim().trim_matches('"')).filter(|n| !n.is_empty()).collect();
    assert_eq!(told, Mechanism::OpenCode.events());
    assert_eq!(plugin.matches("export ").count(), 1, "every export would be a plugin");
}
