//! Which words of a line that was changed are others than before.

use std::ops::Range;

/// Lines with more words are compared by their beginnings and ends only: nobody waits for a table of all pairs.
const WORDS: usize = 120;

/// The ranges of bytes that differ, in the old line and in the new one. None at all where the two have little in common.
#[must_use]
pub fn differing(old: &str, new: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let (before, after) = (words(old), words(new));
    let same = |a: &Range<usize>, b: &Range<usize>| old[a.clone()] == new[b.clone()];
    let head = before.iter().zip(&after).take_while(|(a, b)| same(a, b)).count();
    let room = before.len().min(after.len()) - head;
    let tail = before.iter().rev().zip(after.iter().rev()).take(room).take_while(|(a, b)| same(a, b)).count();
    let (a, b) = (&before[head..before.len() - tail], &after[head..after.len() - tail]);
    let (kept_a, kept_b) = if a.len() > WORDS || b.len() > WORDS {
        (vec![false; a.len()], vec![false; b.len()])
    } else {
        common(a, b, same)
    };
    let other = |words: &[Range<usize>], kept: &[bool]| {
        joined(words.iter().zip(kept).filter(|(_, kept)| !**kept).map(|(word, _)| word.clone()))
    };
    let found = (other(a, &kept_a), other(b, &kept_b));
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).count();
    let differ = |text: &str, ranges: &[Range<usize>]| {
        let all = letters(text);
        all == 0 || ranges.iter().map(|range| letters(&text[range.clone()])).sum::<usize>() * 10 > all * 7
    };
    // Two lines that are another sentence each are not made clearer by the words that they happen to share.
    if differ(old, &found.0) && differ(new, &found.1) { (Vec::new(), Vec::new()) } else { found }
}

/// Letters and digits together, blanks together, everything else by itself.
fn words(text: &str) -> Vec<Range<usize>> {
    let kind = |letter: char| {
        if letter.is_alphanumeric() || letter == '_' {
            1
        } else if letter.is_whitespace() {
            2
        } else {
            0
        }
    };
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut last = 0;
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        match words.last_mut() {
            Some(word) if kind(letter) != 0 && kind(letter) == last => word.end = end,
            Some(_) | None => words.push(at..end),
        }
        last = kind(letter);
    }
    words
}

/// Which of the words are in the longest common subsequence.
fn common(
    a: &[Range<usize>],
    b: &[Range<usize>],
    same: impl Fn(&Range<usize>, &Range<usize>) -> bool,
) -> (Vec<bool>, Vec<bool>) {
    let width = b.len() + 1;
    let mut longest = vec![0_u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if same(&a[i], &b[j]) {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut kept_a, mut kept_b) = (vec![false; a.len()], vec![false; b.len()]);
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if same(&a[i], &b[j]) {
            (kept_a[i], kept_b[j]) = (true, true);
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (kept_a, kept_b)
}

/// Ranges that touch become one.
fn joined(ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            Some(_) | None => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::differing;

    fn shown(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
        let (before, after) = differing(old, new);
        let of = |text: &str, ranges: Vec<std::ops::Range<usize>>| {
            ranges.into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>()
        };
        (of(old, before), of(new, after))
    }

    #[test]
    fn the_words_that_differ_are_found() {
        let (old, new) = shown("let total = count + 1;", "let total = counts.len() + 1;");
        assert_eq!((old, new), (vec!["count".to_owned()], vec!["counts.len()".to_owned()]));
        let (old, new) = shown("fn a(x: u8, y: u8)", "fn b(x: u8, y: u16)");
        assert_eq!((old, new), (vec!["a".into(), "u8".into()], vec!["b".into(), "u16".into()]));
        assert_eq!(shown("same", "same"), (vec![], vec![]));
        assert_eq!(shown("grün und rot", "grün und blau").1, ["blau"]);
    }

    #[test]
    fn lines_with_little_in_common_are_left_alone() {
        assert_eq!(shown("return Ok(());", "// a comment about it"), (vec![], vec![]));
        assert_eq!(shown("", "new"), (vec![], vec![]));
    }

    #[test]
    fn a_very_long_line_costs_no_table() {
        let long = |word: &str| format!("{}{word}{}", "same ".repeat(2_000), " same".repeat(2_000));
        let (old, new) = shown(&long("one two"), &long("three"));
        assert_eq!((old, new), (vec!["one two".into()], vec!["three".into()]));
    }
}
