//! Settings files of all kinds, with the hooks put in and taken out.

use proptest::prelude::*;

use super::JSON;
use crate::agent::hooks::Mechanism;
use crate::agent::hooks::settings::{install, is_installed, uninstall};

/// Everything that has to hold of a text without hooks of ours.
fn comes_back(text: &str) {
    for mechanism in JSON {
        let with = install(Some(text), mechanism).unwrap_or_else(|why| panic!("{why}: {text:?}"));
        assert_ne!(with, text);
        assert!(is_installed(&with, mechanism), "{text:?} became {with:?}");
        assert_eq!(install(Some(&with), mechanism).as_ref(), Ok(&with), "a second time: {text:?}");
        assert_eq!(uninstall(&with, mechanism).unwrap().as_deref(), Some(text), "through {with:?}");
        assert_eq!(uninstall(text, mechanism).unwrap().as_deref(), Some(text), "nothing to take away");
    }
}

#[test]
fn a_file_that_was_there_comes_back_byte_for_byte() {
    for text in [
        "{}",
        "{}\n",
        "{ }",
        "{\n}\n",
        "\n\n{}\n\n",
        "{\r\n}\r\n",
        "\u{feff}{}\r\n",
        "{\"a\":1}",
        "{ \"a\": 1 }",
        "{\n  \"a\": 1\n}",
        "{\n\n\n  \"a\": 1\n}",
        "{\n\t\"a\": 1\n}\n",
        "{\r\n    \"a\": 1\r\n}\r\n",
        "// at the top\n{ // behind\n  // before\n  \"a\": [1, 2,], // after\n}\n// at the end",
        "{ /* alone */ }",
        "{ // alone\n}",
        "{\"hooks\":{}}",
        "{\"hooks\": {\n}}",
        "{\n  \"hooks\": {}\n}\n",
        "{\n  \"hooks\": { /* none */ }\n}\n",
        "{\n  \"hooks\": {\n    // none\n  }\n}\n",
        "{\"hooks\":{\"Stop\":[]}}",
        "{\"hooks\":{\"Stop\":[\n]}}",
        "{\"hooks\":{\"Stop\":[],\"AfterAgent\":[],\"Other\":[]}}",
        "{\"hooks\":{\"Stop\":[{\"hooks\":[]}]}}",
        "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"make\"}]}],\"Other\":\"x\",\"disabled\":[\"y\"]}}",
        "{\n  \"hooks\": {\n    \"Notification\": [\n      {\n        \"hooks\": [\n          { \"type\": \"command\", \"command\": \"bell\" }\n        ]\n      }\n    ]\n  },\n  \"z\": {}\n}\n",
        "{\"ho\\u006fks\":{\"St\\u006fp\":[{}]}}",
        "{\"hooks\":{\"Stop\":[null,1,\"x\",[],]},}",
        "{\"text\":\"{\\\"hooks\\\": [ä 🦀]} // no comment\"}",
    ] {
        comes_back(text);
    }
}

#[test]
fn what_is_put_into_an_orderly_file_is_orderly() {
    let before =
        "{\n    \"model\": \"x\",\n    \"hooks\": {\n        \"Stop\": [\n            {}\n        ]\n    }\n}\n";
    let after = install(Some(before), Mechanism::Codex).unwrap();
    let lines: Vec<&str> = after.lines().collect();
    assert_eq!(lines[1..5], ["    \"model\": \"x\",", "    \"hooks\": {", "        \"SessionStart\": [", lines[4]]);
    assert!(lines[4].starts_with("            { \"hooks\": [{ \"type\""), "{after}");
    assert_eq!(lines[5], "        ],");
    assert!(after.ends_with("},\n            {}\n        ]\n    }\n}\n"), "{after}");
}

#[test]
fn a_file_of_ours_alone_is_nothing() {
    for mechanism in Mechanism::ALL {
        let text = install(None, *mechanism).unwrap();
        assert_eq!(uninstall(&text, *mechanism), Ok(None));
        assert_eq!(install(Some(&text), *mechanism), Ok(text));
    }
}

#[test]
fn what_was_added_meanwhile_stays() {
    let mechanism = Mechanism::Claude;
    let ours = install(None, mechanism).unwrap();
    let added = ours.replacen("{\n", "{\n  \"permissions\": { \"allow\": [\"Bash(ls)\"] },\n", 1);
    assert_eq!(
        uninstall(&added, mechanism).unwrap().unwrap(),
        "{\n  \"permissions\": { \"allow\": [\"Bash(ls)\"] }\n}\n"
    );
    let at_the_end = ours.replace("\n  }\n}\n", "\n  },\n  \"a\": 1\n}\n");
    assert_eq!(uninstall(&at_the_end, mechanism).unwrap().unwrap(), "{\n  \"a\": 1\n}\n");
    let into_our_group = ours.replacen(" }] }", " }, { \"command\": \"bell\" }] }", 1);
    assert_eq!(
        uninstall(&into_our_group, mechanism).unwrap().unwrap(),
        "{\n  \"hooks\": {\n    \"SessionStart\": [\n      { \"hooks\": [ { \"command\": \"bell\" }] }\n    ]\n  }\n}\n"
    );
    let commented = ours.replacen("    \"Stop\"", "    // mine\n    \"Stop\"", 1);
    assert!(uninstall(&commented, mechanism).unwrap().unwrap().contains("// mine"));
    let noted = format!("// mine\n{ours}");
    assert_eq!(uninstall(&noted, mechanism).unwrap().unwrap(), "// mine\n{}\n");
}

#[test]
fn what_another_version_wrote_is_replaced() {
    let mechanism = Mechanism::Codex;
    let current = install(None, mechanism).unwrap();
    for old in [
        current.replace("\"timeout\": 10 ", "\"timeout\": 99 "),
        current.replace("|| \\\"", "&& : || \\\""),
        current.replace("\"Stop\"", "\"Gone\""),
        current.replacen(
            "\"PreToolUse\": [",
            "\"PreToolUse\": [\n{ \"hooks\": [{ \"command\": \"$GANGER_BIN __hook\" }] },",
            1,
        ),
    ] {
        assert_ne!(old, current);
        assert!(!is_installed(&old, mechanism));
        assert_eq!(install(Some(&old), mechanism).as_ref(), Ok(&current), "{old}");
        let own = old.replacen("{\n", "{\n  \"a\": 1,\n", 1);
        let new = install(Some(&own), mechanism).unwrap();
        assert!(is_installed(&new, mechanism), "{new}");
        assert_eq!(uninstall(&new, mechanism).unwrap().unwrap(), "{\n  \"a\": 1\n}\n");
    }
}

#[test]
fn a_file_that_somebody_laid_out_anew_can_still_be_cleaned() {
    for mechanism in JSON {
        let text = install(Some("{\"a\":1}"), mechanism).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let left = uninstall(&serde_json::to_string_pretty(&json).unwrap(), mechanism).unwrap().unwrap();
        assert_eq!(left, "{\n  \"a\": 1\n}");
        let left = uninstall(&json.to_string(), mechanism).unwrap().unwrap();
        assert!(!left.contains("GANGER") && left.contains("\"a\":1"), "{left}");
    }
}

#[test]
fn a_file_that_cannot_be_edited_is_refused_with_its_reason() {
    let why = |text: &str| install(Some(text), Mechanism::Claude).unwrap_err();
    assert_eq!(why(""), "it is empty: remove it, or write {} into it");
    assert_eq!(why("// only\n"), "it is empty: remove it, or write {} into it");
    assert_eq!(why("[]"), "it is JSON, but not an object");
    assert_eq!(why("{\"hooks\":[]}"), "its \"hooks\" is not an object");
    assert_eq!(why("{\"hooks\":null}"), "its \"hooks\" is not an object");
    assert_eq!(why("{\"hooks\":{\"Stop\":{}}}"), "its hooks for \"Stop\" are not a list");
    assert_eq!(why("{\"hooks\":{},\"hooks\":{}}"), "it has \"hooks\" twice");
    assert_eq!(why("{\"hooks\":{\"Stop\":[],\"Stop\":[]}}"), "it has \"Stop\" twice");
    for text in ["{", "{a: 1}", "{'a': 1}", "{\"a\" 1}", "{\"a\": 1 \"b\": 2}", "{} {}", "{\"a\": NaN}", "x"] {
        assert!(why(text).starts_with("it is not JSON: "), "{text}: {}", why(text));
    }
    assert!(why(&"[".repeat(100_000)).starts_with("it is not JSON: "));
    assert!(uninstall("{", Mechanism::Claude).is_err());
}

#[test]
fn a_plugin_that_is_not_ours_is_left_alone() {
    let other = "export const Mine = async () => ({})\n";
    assert_eq!(install(Some(other), Mechanism::OpenCode).unwrap_err(), "it is not a plugin of ganger's");
    assert_eq!(uninstall(other, Mechanism::OpenCode), Ok(Some(other.to_owned())));
    let old = "// ganger: an older one\n";
    assert_eq!(install(Some(old), Mechanism::OpenCode), install(None, Mechanism::OpenCode));
}

/// White space and comments, as they may stand between any two tokens.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => Just(String::new()),
        3 => Just(" ".to_owned()),
        3 => Just("\n".to_owned()),
        2 => Just("\n    ".to_owned()),
        2 => Just("\r\n\t".to_owned()),
        1 => Just(" /* c, { */ ".to_owned()),
        1 => Just(" // c ]\n  ".to_owned()),
    ]
}

fn gapped(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (gap(), inner, gap()).prop_map(|(before, inner, after)| format!("{before}{inner}{after}"))
}

/// A bracketed list of these elements.
fn listed(open: char, close: char, element: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let elements = prop::collection::vec(gapped(element), 0..4);
    (elements, gap(), any::<bool>()).prop_map(move |(elements, gap, trailing)| {
        let comma = if trailing && !elements.is_empty() { "," } else { "" };
        format!("{open}{}{comma}{gap}{close}", elements.join(","))
    })
}

fn object(
    name: impl Strategy<Value = &'static str> + 'static,
    value: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = String> {
    // Names must differ: the same twice is refused.
    let members = prop::collection::vec((name, gapped(value), gap(), gap()), 0..5);
    (members, gap(), any::<bool>()).prop_map(|(members, gap, trailing)| {
        let mut seen = Vec::new();
        let mut texts = Vec::new();
        for (name, value, before, after) in members {
            if !seen.contains(&name) {
                seen.push(name);
                texts.push(format!("{before}\"{name}\"{after}:{value}"));
            }
        }
        let comma = if trailing && !texts.is_empty() { "," } else { "" };
        format!("{{{}{comma}{gap}}}", texts.join(","))
    })
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("\"a \\\" // { b\"".to_owned()),
        Just("\"ä🦀\"".to_owned()),
        Just("{}".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            listed('[', ']', inner.clone()),
            object(prop::sample::select(vec!["a", "b", "hooks", "Stop"]), inner)
        ]
    })
}

fn settings() -> impl Strategy<Value = String> {
    let command = prop::sample::select(vec!["{\"command\":\"bell\"}", "{ \"type\": \"command\" }", "1", "{}"]);
    let group = prop_oneof![
        2 => listed('[', ']', command.prop_map(str::to_owned)).prop_map(|hooks| format!("{{\"hooks\":{hooks}}}")),
        1 => value(),
    ];
    let events = vec!["Stop", "PreToolUse", "AfterAgent", "SessionStart", "Other"];
    let hooks = object(prop::sample::select(events), listed('[', ']', group).boxed()).boxed();
    let root = object(prop::sample::select(vec!["a", "b", "hooks"]), prop_oneof![value().boxed(), hooks.clone()]);
    let with_hooks = (gap(), hooks, gap(), prop::option::of(value()), any::<bool>()).prop_map(
        |(before, hooks, after, other, first)| match (other, first) {
            (None, _) => format!("{{{before}\"hooks\":{hooks}{after}}}"),
            (Some(other), true) => format!("{{{before}\"hooks\":{hooks}{after},\"x\":{other}}}"),
            (Some(other), false) => format!("{{\"x\":{other},{before}\"hooks\":{hooks}{after}}}"),
        },
    );
    gapped(prop_oneof![1 => root.boxed(), 3 => with_hooks.boxed()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_settings_file_holds_it_comes_back(text in settings()) {
        // A `hooks` that is no object, or an event that is no list, is refused; both are made on purpose.
        if install(Some(&text), Mechanism::Claude).is_ok() && install(Some(&text), Mechanism::Gemini).is_ok() {
            comes_back(&text);
        }
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>(), at in any::<prop::sample::Index>()) {
        for mechanism in JSON {
            drop((install(Some(&text), mechanism), uninstall(&text, mechanism)));
            let ours = install(None, mechanism).unwrap();
            let whole = ours.trim_end();
            let half = &whole[..at.index(whole.len())];
            prop_assert!(install(Some(half), mechanism).is_err());
        }
    }
}
