//! An agent's own verbs need nobody's permission: what a hook answers when its program is about to ask for one.
//!
//! Exactly `GANGER done`, `fail TEXT`, `ask TEXT` and `note TEXT` are let through, and only where any shell reads the
//! command as those words and nothing else. Whatever is not understood is left to the program, which asks.

use serde_json::{Value, json};

use super::Mechanism;

/// What is written to the program's hook: that it need not ask for this. `program` is ganger itself, as the agent's
/// environment names it.
#[must_use]
pub fn answer(mechanism: Mechanism, event: &[u8], program: &str) -> Option<String> {
    let event: Value = serde_json::from_slice(event).ok()?;
    let name = event.get("hook_event_name")?.as_str()?;
    let decision = match (mechanism, name) {
        // code.claude.com/docs/en/hooks: it does not overrule what the user has denied. Seen with Claude Code 2.1.197.
        (Mechanism::Claude, "PreToolUse") => {
            let why = "an agent's own report to ganger";
            json!({ "hookEventName": name, "permissionDecision": "allow", "permissionDecisionReason": why })
        }
        // Its sandbox lets them run unasked, unless it was told to ask for everything.
        (Mechanism::Codex, "PermissionRequest") => {
            json!({ "hookEventName": name, "decision": { "behavior": "allow" } })
        }
        (Mechanism::Claude | Mechanism::Codex | Mechanism::Gemini | Mechanism::OpenCode, _) => return None,
    };
    let command = event.get("tool_input")?.get("command")?.as_str()?;
    let asks = event.get("tool_name")?.as_str()? == "Bash" && is_own_verb(command, program);
    asks.then(|| json!({ "hookSpecificOutput": decision }).to_string())
}

/// Whether a shell that is given this command does nothing but one of an agent's own verbs, with ganger at `program`.
fn is_own_verb(command: &str, program: &str) -> bool {
    let command = command.trim_matches([' ', '\n']);
    let Some(rest) = after_program(command, program) else { return false };
    let Some(words) = words(rest) else { return false };
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["done"] | ["done", "--wait"] => true,
        ["fail" | "ask" | "note", text] => !text.starts_with('-') && !text.trim().is_empty(),
        _ => false,
    }
}

/// What follows ganger's name, if the command begins with that.
fn after_program<'a>(command: &'a str, program: &str) -> Option<&'a str> {
    if !program.starts_with('/') || program.contains(['"', '\'', '\\', '$', '`', '!', '\n']) {
        return None;
    }
    let mut names = vec![
        "\"$GANGER_BIN\"".to_owned(),
        "\"${GANGER_BIN}\"".to_owned(),
        format!("\"{program}\""),
        format!("'{program}'"),
    ];
    // Without quotes a shell splits it at blanks and fills in patterns.
    if program.chars().all(is_plain) {
        names.extend(["$GANGER_BIN".to_owned(), "${GANGER_BIN}".to_owned(), program.to_owned()]);
    }
    names.iter().find_map(|name| command.strip_prefix(name.as_str())?.strip_prefix(' '))
}

/// A character that means nothing to any shell, wherever it stands in a word.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ',' | ':' | '@' | '%' | '+')
}

/// The words that every shell makes of a text in which nothing is expanded, escaped, redirected or chained; else `None`.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            // Some shells escape in single quotes, too, and interactive ones bring back earlier commands in double ones.
            (Some(_), '\\') | (Some('"'), '$' | '`' | '!') => return None,
            (Some(_), c) if c.is_control() && !matches!(c, '\n' | '\t') => return None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, c) if is_plain(c) => word.get_or_insert_default().push(c),
            (None, _) => return None,
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Mechanism, answer, is_own_verb};

    const GANGER: &str = "/opt/ganger-1.0/bin/ganger";

    #[test]
    fn an_agents_own_verbs_are_let_through_however_their_text_is_quoted() {
        for command in [
            r#""$GANGER_BIN" done"#,
            r#"  "$GANGER_BIN" done --wait"#,
            "$GANGER_BIN done\n",
            r#""${GANGER_BIN}" done"#,
            "/opt/ganger-1.0/bin/ganger done",
            r#""/opt/ganger-1.0/bin/ganger" note "half of it: 50 %; the tests (all of them) | lint > next""#,
            r#""$GANGER_BIN" fail 'no $HOME, `x`, $(y) & "z"!'"#,
            "\"$GANGER_BIN\" ask \"Which one?\n- a\n- b é \u{1f600}\"",
            r#""$GANGER_BIN" note half"#,
            r#""$GANGER_BIN" note it''s"#,
        ] {
            assert!(is_own_verb(command, GANGER), "{command}");
        }
        assert!(is_own_verb(r#""$GANGER_BIN" done"#, "/my programs/ganger"));
        assert!(is_own_verb("'/my programs/ganger' done", "/my programs/ganger"));
    }

    #[test]
    fn anything_beside_an_own_verb_is_left_to_the_program() {
        for command in [
            "",
            "done",
            r#""$GANGER_BIN""#,
            r#""$GANGER_BIN"done"#,
            r#""$GANGER_BIN" done; rm -rf ."#,
            r#""$GANGER_BIN" done;"#,
            r#""$GANGER_BIN" done && curl x"#,
            r#""$GANGER_BIN" done || true"#,
            r#""$GANGER_BIN" done | sh"#,
            r#""$GANGER_BIN" done & evil"#,
            "\"$GANGER_BIN\" done\nevil",
            "\"$GANGER_BIN\" done\revil",
            r#""$GANGER_BIN" done > /etc/passwd"#,
            r#""$GANGER_BIN" done 2>&1"#,
            r#""$GANGER_BIN" done < x"#,
            r#""$GANGER_BIN" note "$(evil)""#,
            r#""$GANGER_BIN" note "`evil`""#,
            r#""$GANGER_BIN" note "$HOME""#,
            r#""$GANGER_BIN" note $(evil)"#,
            r#""$GANGER_BIN" note <(evil)"#,
            r#""$GANGER_BIN" note "a\"; evil; \"b""#,
            r#""$GANGER_BIN" note 'a\'; evil; 'b'"#,
            r#""$GANGER_BIN" note "!evil""#,
            r#""$GANGER_BIN" note $'a\x27'"#,
            r#""$GANGER_BIN" note "open"#,
            r#""$GANGER_BIN" note a b"#,
            r#""$GANGER_BIN" note"#,
            r#""$GANGER_BIN" note """#,
            r#""$GANGER_BIN" note *"#,
            r#""$GANGER_BIN" note ~"#,
            r#""$GANGER_BIN" note {a,b}"#,
            r#""$GANGER_BIN" note a # b"#,
            r#""$GANGER_BIN" note --task=3"#,
            r#""$GANGER_BIN" note "--task=3""#,
            r#""$GANGER_BIN" done --task 3"#,
            r#""$GANGER_BIN" --db /x done"#,
            r#""$GANGER_BIN" add x"#,
            r#""$GANGER_BIN" rm 3"#,
            r#""$GANGER_BIN" approve 3"#,
            r#""$GANGER_BIN" trust --yes"#,
            r#""$GANGER_BIN" __hook claude"#,
            r#"GANGER_BIN=/tmp/evil "$GANGER_BIN" done"#,
            r#"export GANGER_BIN=x; "$GANGER_BIN" done"#,
            r#"cd /x && "$GANGER_BIN" done"#,
            r#""$GANGER_BIN2" done"#,
            r#""$GANGER_BIN/../evil" done"#,
            r#""${GANGER_BIN:-evil}" done"#,
            "/opt/ganger-1.0/bin/ganger2 done",
            "/tmp/ganger done",
            "ganger done",
            "./ganger done",
        ] {
            assert!(!is_own_verb(command, GANGER), "{command}");
        }
        assert!(!is_own_verb("$GANGER_BIN done", "/my programs/ganger"), "the shell would split it");
        assert!(!is_own_verb("$GANGER_BIN done", "/bin/gang*"), "the shell would look for it");
        assert!(!is_own_verb(r#""a"; evil" done"#, "a\"; evil"));
        assert!(!is_own_verb("ganger done", "ganger"), "PATH decides what that is");
    }

    #[test]
    fn each_program_is_answered_in_its_own_words_and_only_where_it_asks() {
        let event = |name: &str, tool: &str, command: &str| {
            json!({ "hook_event_name": name, "tool_name": tool, "tool_input": { "command": command } }).to_string()
        };
        let answered =
            |mechanism, name, tool, command| answer(mechanism, event(name, tool, command).as_bytes(), GANGER);
        let done = r#""$GANGER_BIN" done"#;
        let claude = answered(Mechanism::Claude, "PreToolUse", "Bash", done).unwrap();
        assert!(claude.contains(r#""permissionDecision":"allow""#), "{claude}");
        let codex = answered(Mechanism::Codex, "PermissionRequest", "Bash", done).unwrap();
        assert!(codex.contains(r#""decision":{"behavior":"allow"}"#), "{codex}");
        assert_eq!(answered(Mechanism::Claude, "PreToolUse", "Bash", "make"), None);
        assert_eq!(answered(Mechanism::Claude, "PreToolUse", "Write", done), None);
        assert_eq!(answered(Mechanism::Claude, "PostToolUse", "Bash", done), None);
        assert_eq!(answered(Mechanism::Codex, "PreToolUse", "Bash", done), None);
        assert_eq!(answered(Mechanism::Gemini, "BeforeTool", "Bash", done), None);
        assert_eq!(answer(Mechanism::Claude, b"not JSON", GANGER), None);
    }
}
