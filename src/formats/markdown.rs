//! The `- [ ]` items of a Markdown text, each with what is indented below it and the headings above it.

use super::Options;

/// A checkbox item, at the outermost level of its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// From 1.
    pub line: usize,
    pub checked: bool,
    pub text: String,
    /// What is indented below it, nested items included, without that indentation.
    pub body: String,
    /// How many headings came before.
    pub headings: usize,
    /// The last of them, without its marks.
    pub heading: String,
}

impl Entry {
    /// What an agent is told of an item: its text, where it stands, and what to read before.
    pub fn brief(&self, id: &str, text: &str, options: Options<'_>, first: &str) -> String {
        let list = options.path.map_or_else(|| "tasks.md".to_owned(), |path| path.display().to_string());
        let below = if self.heading.is_empty() { String::new() } else { format!(", {}", self.heading) };
        let body = if self.body.is_empty() { String::new() } else { format!("\n\n{}", self.body) };
        format!("{text}\n\nThis is {id} of {list}{below}: read {first} beside it first.{body}")
    }
}

/// The folder that a list is in: the name of what it plans.
pub(super) fn folder(options: Options<'_>) -> Option<String> {
    let name = options.path?.parent()?.file_name()?.to_string_lossy().into_owned();
    Some(name).filter(|name| !name.is_empty())
}

/// The items of a text, in their order. What stands in fenced code is text.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let (mut headings, mut heading) = (0, String::new());
    // The item that is being read: its indentation, and the lines below it.
    let mut open: Option<(usize, Vec<&str>)> = None;
    let mut fence: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let indent = indentation(line);
        let inner = line.trim_start();
        let in_code = fence.is_some();
        match fence {
            Some(mark) if inner.starts_with(mark) => fence = None,
            Some(_) => {}
            None => fence = ["```", "~~~"].into_iter().find(|mark| inner.starts_with(mark)),
        }
        let is_below = open.as_ref().is_some_and(|(own, _)| inner.is_empty() || indent > *own);
        if is_below || (in_code && open.is_some()) {
            if let Some((_, body)) = &mut open {
                body.push(line);
            }
            continue;
        }
        if in_code || fence.is_some() {
            close(&mut open, &mut found);
            continue;
        }
        if let Some((checked, text)) = item(inner) {
            close(&mut open, &mut found);
            let text = text.trim().to_owned();
            found.push(Entry {
                line: index + 1,
                checked,
                text,
                body: String::new(),
                headings,
                heading: heading.clone(),
            });
            open = Some((indent, Vec::new()));
        } else {
            close(&mut open, &mut found);
            if let Some(title) = title(line) {
                headings += 1;
                title.clone_into(&mut heading);
            }
        }
    }
    close(&mut open, &mut found);
    // An item without a text is a box of a template.
    found.retain(|entry| !entry.text.is_empty());
    found
}

fn close(open: &mut Option<(usize, Vec<&str>)>, found: &mut [Entry]) {
    if let (Some((_, body)), Some(entry)) = (open.take(), found.last_mut()) {
        entry.body = dedented(&body);
    }
}

/// Lines without the indentation that they have in common, and without blank ones around them.
fn dedented(lines: &[&str]) -> String {
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indentation(line)).min().unwrap_or(0);
    let cut = |line: &&str| line.chars().skip(common.min(indentation(line))).collect::<String>();
    let text = lines.iter().map(cut).collect::<Vec<_>>().join("\n");
    text.trim_end().trim_start_matches(['\n', '\r']).to_owned()
}

/// In characters: spaces and tabs.
fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).count()
}

/// Whether a box is checked, and what stands after it: `- [ ] text`, `* [x] text`, `1. [ ] text`.
fn item(line: &str) -> Option<(bool, &str)> {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let after = match digits {
        0 => line.strip_prefix(['-', '*', '+'])?,
        digits => line[digits..].strip_prefix(['.', ')'])?,
    };
    let rest = after.trim_start().strip_prefix('[')?;
    if rest.len() == after.len() - 1 {
        // No space between the mark and the box: a link, or nothing.
        return None;
    }
    let (inner, text) = rest.split_once(']')?;
    match inner {
        "" | " " | "\t" | "\u{a0}" => Some((false, text)),
        "x" | "X" => Some((true, text)),
        _ => None,
    }
}

fn title(line: &str) -> Option<&str> {
    let marks = line.chars().take_while(|c| *c == '#').count();
    let text = line.get(marks..)?;
    ((1..=6).contains(&marks) && text.starts_with([' ', '\t'])).then(|| text.trim().trim_end_matches('#').trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::entries;

    fn shown(text: &str) -> Vec<(usize, bool, String, String, usize)> {
        entries(text).into_iter().map(|e| (e.line, e.checked, e.text, e.body, e.headings)).collect()
    }

    #[test]
    fn items_have_what_is_indented_below_them() {
        let text = "# Plan\n\n- [ ] one\n  with text\n\n    code\n  - [x] nested\n- [x] done\n\nprose\n* [X] two\r\n\ttab\r\n\
                    ## More\n1. [\u{a0}] three\n- [] four\n-[ ] no\n- [y] no\n- [ ] \n";
        let own = |text: &str| text.to_owned();
        assert_eq!(
            shown(text),
            [
                (3, false, own("one"), own("with text\n\n  code\n- [x] nested"), 1),
                (8, true, own("done"), String::new(), 1),
                (11, true, own("two"), own("tab"), 1),
                (14, false, own("three"), String::new(), 2),
                (15, false, own("four"), String::new(), 2),
            ]
        );
    }

    #[test]
    fn what_stands_in_code_is_text() {
        let text = "```\n- [ ] no\n# no\n```\n- [ ] yes\n  ```\n- [ ] in the code of an item\n  ```\n- [ ] too\n";
        let found = shown(text);
        assert_eq!(found.iter().map(|found| found.2.as_str()).collect::<Vec<_>>(), ["yes", "too"]);
        assert!(found[0].3.contains("in the code") && found[0].4 == 0, "{found:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([-*#` \\[\\]x.0-9a-z\t\n]|é){0,200}") {
            for entry in entries(&text) {
                prop_assert!(!entry.text.is_empty() && entry.line <= text.lines().count());
            }
        }
    }
}
