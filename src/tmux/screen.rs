//! What `capture-pane` prints, cut to the lines that are wanted.

/// The last `wanted` lines of a capture, without the blank ones at its end.
///
/// Colours carry over from line to line, so the last settings of the lines that are cut come along.
pub(super) fn last_lines(capture: &str, wanted: usize) -> String {
    let mut lines: Vec<&str> = capture.lines().collect();
    while lines.last().is_some_and(|line| is_blank(line)) {
        lines.pop();
    }
    let (cut, kept) = lines.split_at(lines.len().saturating_sub(wanted));
    if kept.is_empty() {
        return String::new();
    }
    let mut settings: Vec<&str> = Vec::new();
    for sequence in cut.iter().flat_map(|line| colours(line)) {
        // One colour replaces another: tmux 3.5 ends and begins them again at every line.
        match Setting::of(sequence) {
            Setting::None => settings.clear(),
            Setting::Other => settings.retain(|earlier| *earlier != sequence),
            colour @ (Setting::Foreground | Setting::Background) => {
                settings.retain(|earlier| Setting::of(earlier) != colour);
            }
        }
        if !matches!(sequence, "\x1b[0m" | "\x1b[m" | "\x1b[39m" | "\x1b[49m") {
            settings.push(sequence);
        }
    }
    settings.concat() + &kept.join("\n")
}

/// What a colour sequence of tmux's sets. It gives foreground and background a sequence of their own.
#[derive(PartialEq, Eq)]
enum Setting {
    /// All is as at the beginning.
    None,
    Foreground,
    Background,
    Other,
}

impl Setting {
    fn of(sequence: &str) -> Self {
        let numbers = sequence.trim_start_matches("\x1b[").trim_end_matches('m');
        let first = numbers.split([';', ':']).next().unwrap_or_default();
        match first.parse() {
            Err(_) | Ok(0) => Self::None,
            Ok(30..=39 | 90..=97) => Self::Foreground,
            Ok(40..=49 | 100..=107) => Self::Background,
            Ok(_) => Self::Other,
        }
    }
}

/// The colour sequences of a line: `ESC [`, numbers, `m`.
fn colours(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("\x1b[").filter_map(|(at, _)| {
        let sequence = &line[at..];
        let end = sequence[2..].find(|letter: char| !letter.is_ascii_digit() && letter != ';' && letter != ':')? + 2;
        sequence[end..].starts_with('m').then(|| &sequence[..=end])
    })
}

fn is_blank(line: &str) -> bool {
    let visible = line.chars().filter(|letter| !letter.is_whitespace()).count();
    let hidden: usize = colours(line).map(|sequence| sequence.chars().count()).sum();
    visible == hidden
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_last_lines_keep_their_colours() {
        let capture = "\x1b[31mred\x1b[0m\n\x1b[1m\x1b[38;5;9mbold\nplain?\n \x1b[0m \n\n";
        assert_eq!(last_lines(capture, 1), "\x1b[1m\x1b[38;5;9mplain?");
        assert_eq!(last_lines(capture, 9), capture.trim_end_matches("\n \x1b[0m \n\n"));
        let again = "\x1b[1m\x1b[31mred\x1b[39m\n".repeat(1000) + "\x1b[31mred\x1b[39m\nplain";
        assert_eq!(last_lines(&again, 2), "\x1b[1m\x1b[31mred\x1b[39m\nplain");
        assert_eq!(last_lines(&again, 1), "\x1b[1mplain");
        assert_eq!(last_lines(capture, 0), "");
        assert_eq!(last_lines("\n\n", 5), "");
    }
}
