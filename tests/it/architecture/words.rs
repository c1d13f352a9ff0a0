//! The words that the user is never shown: the glossary of ARCHITECTURE.md says which, and what stands in their place.

use super::source::literals;
use super::{root, rust_files};

/// Phrases that are in no message and in no page, and what is written instead.
const BANNED: [(&str, &str); 15] = [
    ("somebody", "another user, another process"),
    ("someone", "another user, another process"),
    ("anybody", "any user, any process"),
    ("nobody", "no process, no user"),
    ("a person", "the user"),
    ("persons", "users"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("errand", "act"),
    ("needy", "needs attention"),
    ("discard", "remove"),
    ("discards", "removes"),
    ("anew", "again, over"),
    ("what it was that", "what"),
    ("is none", "is not a …"),
];

/// The pages that users read.
const PAGES: [&str; 10] = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "docs/agents.md",
    "docs/commands.md",
    "docs/configuration.md",
    "docs/faults.md",
    "docs/json.md",
    "docs/reliability.md",
];

/// What of a text is not to be said, each with what would be better.
fn refused(text: &str) -> Vec<String> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let spoken = format!(" {} ", words.join(" "));
    let banned = BANNED.iter().filter(|(phrase, _)| spoken.contains(&format!(" {phrase} ")));
    let banned = banned.map(|(phrase, better)| format!("{phrase:?} (better: {better})"));
    // A table of signs says nothing.
    let is_said = !words.is_empty();
    let quotes =
        text.chars().filter(|c| is_said && "«»".contains(*c)).map(|c| format!("{c:?} (better: a quotation mark)"));
    banned.chain(quotes).collect()
}

/// The prose of a page: no code, which names tests and files, and no glossary, which names what is not used.
fn prose(page: &str) -> String {
    let (mut fenced, mut glossary) = (false, false);
    let mut prose = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if line.starts_with("## ") {
            glossary = line == "## Words";
        }
        if !fenced && !glossary {
            prose.extend(line.split('`').step_by(2).flat_map(|part| [part, " "]));
            prose.push('\n');
        }
    }
    prose
}

/// What a file of the source says to users: its text literals, and for the command line's arguments their documentation.
fn said(path: &str, text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut said = literals(text);
    if path.starts_with("cli/args") {
        said.extend(text.lines().filter_map(|line| line.trim().strip_prefix("///")).map(str::to_owned));
    }
    said
}

#[test]
fn no_message_says_what_the_glossary_rules_out() {
    let is_test = |path: &str| path.contains("tests/") || path.ends_with("tests.rs");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for (path, text) in rust_files(&root().join("src")).iter().filter(|(path, _)| !is_test(path)) {
        for said in said(path, text) {
            seen += 1;
            wrong.extend(refused(&said).into_iter().map(|what| format!("src/{path}: {what} in {said:?}")));
        }
    }
    assert!(seen > 1_000, "{seen} texts found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_page_says_what_the_glossary_rules_out() {
    let mut wrong = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for line in prose(&text).lines() {
            wrong.extend(refused(line).into_iter().map(|what| format!("{page}: {what} in {line:?}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_ruled_out_is_seen_and_nothing_else() {
    for text in ["Nobody works on it", "closed by a person.", "«quoted»", "it is\nnone", "begin anew"] {
        assert_eq!(refused(text).len(), if text.contains('«') { 2 } else { 1 }, "{text}");
    }
    for text in ["recommended", "a personal file", "errands.rs", "none of them"] {
        assert_eq!(refused(text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(prose("a\n```\nnobody\n```\n## Words\nnobody\n## More\nb `nobody` c").trim(), "a \n## More \nb   c");
    assert_eq!(said("cli/args.rs", "/// Help.\nlet a = \"x\"; // \"y\"\n"), ["x", " Help."]);
}
