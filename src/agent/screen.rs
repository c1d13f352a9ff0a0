//! Words of a profile on an agent's screen.

/// How many of a screen's lines count, from the bottom, the empty ones aside: what is further up has been answered.
const LINES: usize = 30;

/// The last line of a screen (plain text) that holds one of the patterns, which are in lower case, and the line that
/// follows it, if any: both trimmed.
#[must_use]
pub fn find<'a>(screen: &'a str, patterns: &[String]) -> Option<(&'a str, &'a str)> {
    let mut next = "";
    for line in screen.lines().rev().map(str::trim).filter(|line| !line.is_empty()).take(LINES) {
        let lower = line.to_lowercase();
        if patterns.iter().any(|pattern| lower.contains(pattern.as_str())) {
            return Some((line, next));
        }
        next = line;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_last_line_with_a_pattern_is_found_in_any_case_with_what_follows() {
        let patterns = ["do you trust".to_owned(), "(y)es/(n)o".to_owned()];
        let screen = "Do you trust this folder?\n\n ❯ 1. Yes\n\n";
        assert_eq!(find(screen, &patterns), Some(("Do you trust this folder?", "❯ 1. Yes")));
        let both = "Do you trust it?\nAdd it? (Y)es/(N)o [Yes]:\n";
        assert_eq!(find(both, &patterns), Some(("Add it? (Y)es/(N)o [Yes]:", "")));
        assert_eq!(find("working\n", &patterns), None);
        let far = format!("Do you trust it?\n{}", "more\n".repeat(30));
        assert_eq!(find(&far, &patterns), None, "it has scrolled away");
        assert!(find(&far.replacen("more\n", "", 1), &patterns).is_some());
    }
}
