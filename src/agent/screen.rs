//! Words of a profile on an agent's screen.

/// How many of a screen's lines count, from the bottom, the empty ones aside: what is further up has been answered.
const LINES: usize = 30;
/// What is asked stands at most so many lines above the words that say how to answer.
const QUESTION: usize = 12;

/// A line of a screen (plain text) that holds one of the patterns, which are in lower case and the more telling first,
/// and the line that follows it, if any: both without frame and blanks. It is the last such line, or one a little above
/// it that holds a more telling pattern: "Enter to confirm" says less than the question.
#[must_use]
pub fn find<'a>(screen: &'a str, patterns: &[String]) -> Option<(&'a str, &'a str)> {
    let bare = |line: &'a str| line.trim_matches(|c: char| c.is_whitespace() || ('\u{2500}'..='\u{257f}').contains(&c));
    let lines = screen.lines().rev().map(bare).filter(|line| !line.is_empty()).take(LINES);
    let mut next = "";
    // How telling the best one is, itself, and what follows it; and how far up the last one was.
    let mut best: Option<(usize, &str, &str)> = None;
    let mut last = None;
    for (up, line) in lines.enumerate() {
        if last.is_some_and(|last| up > last + QUESTION) {
            break;
        }
        let lower = line.to_lowercase();
        if let Some(index) = patterns.iter().position(|pattern| lower.contains(pattern.as_str())) {
            last.get_or_insert(up);
            if best.is_none_or(|(other, ..)| index < other) {
                best = Some((index, line, next));
            }
        }
        next = line;
    }
    best.map(|(_, line, next)| (line, next))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_last_line_with_a_pattern_is_found_in_any_case_with_what_follows() {
        let patterns = ["do you trust".to_owned(), "(y)es/(n)o".to_owned()];
        let screen = "Do you trust this folder?\n\n ❯ 1. Yes\n\n";
        assert_eq!(find(screen, &patterns), Some(("Do you trust this folder?", "❯ 1. Yes")));
        let both = "Add it? (Y)es/(N)o [Yes]:\nAdd that? (Y)es/(N)o [Yes]:\n";
        assert_eq!(find(both, &patterns), Some(("Add that? (Y)es/(N)o [Yes]:", "")), "of the same the last");
        assert_eq!(find("working\n", &patterns), None);
        let far = format!("Do you trust it?\n{}", "more\n".repeat(30));
        assert_eq!(find(&far, &patterns), None, "it has scrolled away");
        assert!(find(&far.replacen("more\n", "", 1), &patterns).is_some());
    }

    #[test]
    fn the_question_says_more_than_how_to_answer_it() {
        let patterns = ["do you want to".to_owned(), "enter to confirm".to_owned()];
        let screen =
            "╭──────╮\n│ Do you want to proceed? │\n│ ❯ 1. Yes │\n╰──────╯\n Enter to confirm · Esc to cancel\n";
        assert_eq!(find(screen, &patterns), Some(("Do you want to proceed?", "❯ 1. Yes")));
        let answered = format!("Do you want to proceed?\n{}Enter to confirm\n", "done\n".repeat(13));
        assert_eq!(find(&answered, &patterns), Some(("Enter to confirm", "")), "that one was answered");
    }
}
