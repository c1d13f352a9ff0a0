//! What holds for any text: names, sanitized words, patterns, and files that somebody else wrote.

use std::path::{Path, PathBuf};

use ganger::agent::hooks::{Mechanism, verbs};
use ganger::domain::glob::{Match, Pattern};
use ganger::domain::id::TaskId;
use ganger::domain::naming::{Naming, slug};
use ganger::domain::profile::{Profile, Values, fill};
use ganger::domain::template::Template;
use ganger::domain::text;
use ganger::wire::exit_file;
use ganger::wire::launch::Launch;
use proptest::prelude::*;
use serde_json::json;

/// Text as bad as it comes: controls, escapes, overrides, wide and combining characters.
fn hostile() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            any::<char>(),
            prop_oneof![Just('\u{1b}'), Just('['), Just(']'), Just('m'), Just('\u{9b}'), Just('\u{7}'), Just('\\')],
            prop_oneof![Just('/'), Just('.'), Just('-'), Just('\n'), Just('\t'), Just(' '), Just('#'), Just(';')],
            prop_oneof![Just('\u{202e}'), Just('\u{2028}'), Just('漢'), Just('e'), Just('\u{301}'), Just('0')],
        ],
        0..60,
    )
    .prop_map(|letters| letters.into_iter().collect())
}

fn harmless(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

proptest! {
    /// Of any text behind ganger's name, what needs no permission is one word to a real shell, and nothing else happens.
    #[test]
    fn a_verb_that_needs_no_permission_is_one_command_with_one_word(
        text in r#"[ "']{0,2}[a-z"'$`\\;&|<>(){}*?~#!=\n\t -]{0,10}["']?"#
    ) {
        let command = format!("\"$GANGER_BIN\" note {text}");
        let input = json!({ "command": command });
        let event = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": input }).to_string();
        if verbs::answer(Mechanism::Claude, event.as_bytes(), "/bin/echo").is_some() {
            let folder = tempfile::tempdir().unwrap();
            let ran = crate::support::command("sh")
                .args(["-c", &format!("set -- {text}\necho $#\nexec {command}")])
                .env("GANGER_BIN", "/bin/echo")
                .current_dir(&folder)
                .output()
                .unwrap();
            let said = String::from_utf8(ran.stdout).unwrap();
            prop_assert!(said.starts_with("1\nnote "), "{text}: {said}");
            prop_assert!(ran.status.success() && ran.stderr.is_empty());
            prop_assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        }
    }

    /// What is filled into a command of a template is one word to a real shell.
    #[test]
    fn a_value_of_a_template_is_one_word_of_a_shell(value in r#"[a-z'"$`\\;&|*~# !\n\t]{0,12}"#) {
        let template = Template { verify: vec!["printf %s {value}".to_owned()], ..Template::new("t") };
        let filled = template.fill("t", &[("value".to_owned(), value.clone())].into()).unwrap();
        let said = crate::support::command("sh").args(["-c", &filled.verify[0]]).output().unwrap();
        prop_assert_eq!(String::from_utf8(said.stdout).unwrap(), value);
    }

    #[test]
    fn a_title_of_any_kind_makes_names_that_git_and_tmux_take(title in hostile(), suffix in "(-[0-9a-f]{1,4})?") {
        let short = slug(&title);
        prop_assert!(short.len() <= 40 && short.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        prop_assert!(!short.starts_with('-') && !short.ends_with('-'));
        let names = Naming {
            task: TaskId(7),
            title: &title,
            branch_template: "ganger/{id}-{slug}",
            folder: Path::new("/trees/shop"),
        }
        .names(&suffix);
        let reference = format!("refs/heads/{}", names.branch);
        prop_assert!(git2::Reference::is_valid_name(&reference), "{reference}");
        prop_assert_eq!(names.worktree.parent(), Some(Path::new("/trees/shop")));
        prop_assert!(names.session.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{}", names.session);
    }

    #[test]
    fn nothing_that_was_sanitized_moves_the_cursor(text in hostile()) {
        prop_assert!(text::line(&text).chars().all(harmless));
        prop_assert!(text::short(&text).chars().all(harmless) && text::short(&text).chars().count() <= 500);
        prop_assert!(text::block(&text).chars().all(|c| harmless(c) || matches!(c, '\n' | '\t')));
        prop_assert!(text::plain(&text).chars().all(|c| harmless(c) || matches!(c, '\n' | '\t')));
        // What is left of the escapes is colours.
        let coloured = text::coloured(&text);
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            prop_assert!(rest[..at].chars().all(|c| harmless(c) || matches!(c, '\n' | '\t')));
            let sequence = rest[at + 1..].strip_prefix('[');
            prop_assert!(sequence.is_some(), "{:?}", coloured);
            let sequence = sequence.unwrap();
            let end = sequence.find('m');
            prop_assert!(end.is_some(), "{:?}", coloured);
            let (numbers, after) = sequence.split_at(end.unwrap());
            prop_assert!(numbers.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':')), "{:?}", coloured);
            rest = &after[1..];
        }
        prop_assert!(rest.chars().all(|c| harmless(c) || matches!(c, '\n' | '\t')));
    }

    #[test]
    fn sanitizing_twice_is_sanitizing_once(text in hostile()) {
        for clean in [text::line, text::block, text::coloured, text::plain] {
            let once = clean(&text);
            prop_assert_eq!(&clean(&once), &once);
        }
    }

    #[test]
    fn a_cut_text_is_its_beginning(text in hostile(), width in 0..80_usize) {
        let cut = text::cut(&text, width);
        prop_assert!(cut.chars().count() <= width);
        prop_assert!(cut == text || text.starts_with(cut.trim_end_matches('…')));
    }

    #[test]
    fn a_pattern_of_any_kind_is_read_or_refused(pattern in "[a-z*?/.\\[\\]!^\\\\-]{0,16}", path in "[a-z.]{1,4}(/[a-z.]{1,4}){0,3}") {
        let names: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        if let Ok(pattern) = Pattern::parse(&pattern) {
            // What matches a folder is all of what is in it.
            if pattern.look(&names) == Match::No {
                let deeper: Vec<&[u8]> = names.iter().copied().chain([&b"x"[..]]).collect();
                prop_assert_eq!(pattern.look(&deeper), Match::No);
            }
        }
        prop_assume!(!path.split('/').any(|name| matches!(name, "." | "..")));
        prop_assert_eq!(Pattern::parse(&path).unwrap().look(&names), Match::Whole, "a path is its own pattern");
    }

    #[test]
    fn files_of_any_content_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(exit_file::decode(&bytes).is_err());
        prop_assert!(Launch::decode(&bytes).is_err());
    }

    #[test]
    fn an_argument_is_its_template_with_the_values_in_it(prompt in hostile(), title in hostile()) {
        let profile = Profile { command: vec!["{title}|{prompt}|{task_id}".to_owned()], ..Profile::new("a") };
        let file = PathBuf::from("/p");
        let values = Values {
            task: TaskId(7),
            title: &title,
            prompt: &prompt,
            after_prompt: "!",
            prompt_file: &file,
            branch: "b",
            worktree: &file,
            preamble: "",
            preamble_file: &file,
            conversation: None,
            permissions: &[],
        };
        let argv = fill(profile.argv(false, None), &values);
        let wanted = format!("{title}|{prompt}!|7");
        prop_assert_eq!(argv, [std::ffi::OsString::from(wanted)]);
    }
}
