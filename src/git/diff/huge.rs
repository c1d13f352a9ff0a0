//! Files so large that nobody waits until all of both states was compared: they are read side by side, and where they
//! differ the nearest place is looked for at which they agree again. What is found is right, and not always the shortest.

use std::ops::ControlFlow;

use crate::domain::diff::Count;
use crate::domain::patch::{Limit, Patch, Side};

/// From this size on.
pub(super) const HUGE: u64 = 32 << 20;
/// How far is looked for a place where both agree again, in lines.
const WINDOW: usize = 32;
/// So many lines before and after a change are shown.
const CONTEXT: usize = 3;

/// A change: where it begins in both, and how many lines it is long in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    old: usize,
    new: usize,
    removed: usize,
    added: usize,
}

/// Lines of a text, found as they are asked for.
struct Lines<'t> {
    text: &'t [u8],
    /// Where each begins.
    starts: Vec<usize>,
    /// Where the next one begins.
    next: usize,
}

impl<'t> Lines<'t> {
    const fn new(text: &'t [u8]) -> Self {
        Self { text, starts: Vec::new(), next: 0 }
    }

    /// Another text.
    fn begin(&mut self, text: &'t [u8]) {
        self.starts.clear();
        (self.text, self.next) = (text, 0);
    }

    /// So many lines, or all there are.
    fn at_most(&mut self, count: usize) -> usize {
        (0..count).take_while(|index| self.get(*index).is_some()).count()
    }

    /// How many bytes so many lines are, which have been found.
    fn length(&self, count: usize) -> usize {
        self.starts.get(count).copied().unwrap_or(self.next)
    }

    /// A line with its line break; `None` behind the last one.
    fn get(&mut self, index: usize) -> Option<&'t [u8]> {
        while self.starts.len() <= index && self.next < self.text.len() {
            self.starts.push(self.next);
            let rest = &self.text[self.next..];
            self.next += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        }
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.next);
        Some(&self.text[start..end])
    }
}

/// The lines that have changed, up to the limit.
pub(super) fn patch(old: &[u8], new: &[u8], limit: Limit) -> Patch {
    let (mut old, mut new) = (Lines::new(old), Lines::new(new));
    let mut patch = Patch::default();
    // Where the hunk that is being written ends, in lines of the newer state; its lines before it are written.
    let mut end: Option<(usize, usize)> = None;
    changes(old.text, new.text, &mut |change| {
        let from = match end {
            // So near that both show the lines between them.
            Some((old_end, new_end)) if change.new <= new_end + 2 * CONTEXT => (old_end, new_end),
            _ => {
                if !context(&mut patch, &mut new, end, CONTEXT, limit) {
                    return ControlFlow::Break(());
                }
                let before = change.old.min(change.new).min(CONTEXT);
                let (old_from, new_from) = (change.old - before, change.new - before);
                patch.begin(format!("@@ -{} +{} @@", old_from + 1, new_from + 1).as_bytes());
                (old_from, new_from)
            }
        };
        if !context(&mut patch, &mut new, Some(from), change.new - from.1, limit) {
            return ControlFlow::Break(());
        }
        for index in change.old..change.old + change.removed {
            let line = old.get(index).unwrap_or_default();
            if !patch.push(Side::Removed, (number(index), 0), line, limit) {
                return ControlFlow::Break(());
            }
        }
        for index in change.new..change.new + change.added {
            let line = new.get(index).unwrap_or_default();
            if !patch.push(Side::Added, (0, number(index)), line, limit) {
                return ControlFlow::Break(());
            }
        }
        end = Some((change.old + change.removed, change.new + change.added));
        ControlFlow::Continue(())
    });
    if !patch.cut {
        context(&mut patch, &mut new, end, CONTEXT, limit);
    }
    patch
}

/// Writes up to so many lines that both have, from a place on; whether there was room.
fn context(patch: &mut Patch, new: &mut Lines<'_>, from: Option<(usize, usize)>, count: usize, limit: Limit) -> bool {
    let Some((old_from, new_from)) = from else { return true };
    (0..count).all(|step| match new.get(new_from + step) {
        Some(line) => patch.push(Side::Both, (number(old_from + step), number(new_from + step)), line, limit),
        None => true,
    })
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// How many lines were added and removed.
pub(super) fn count(old: &[u8], new: &[u8]) -> Count {
    let mut count = Count::default();
    changes(old, new, &mut |change| {
        count.added += change.added;
        count.removed += change.removed;
        ControlFlow::Continue(())
    });
    count
}

/// Tells every change, in their order, until that says stop.
fn changes(old: &[u8], new: &[u8], tell: &mut dyn FnMut(Change) -> ControlFlow<()>) {
    let (mut before, mut after) = (Lines::new(&[]), Lines::new(&[]));
    // What is left of both, and how many lines are behind.
    let (mut left, mut right) = (old, new);
    let (mut at, mut to) = (0, 0);
    loop {
        let same = common(left, right);
        if same == left.len() && same == right.len() {
            return;
        }
        // Back to where the line begins that differs.
        let same = left[..same].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = left[..same].split(|byte| *byte == b'\n').count() - 1;
        (left, right, at, to) = (&left[same..], &right[same..], at + lines, to + lines);
        before.begin(left);
        after.begin(right);
        let (removed, added) = agree(&mut before, &mut after);
        if tell(Change { old: at, new: to, removed, added }).is_break() {
            return;
        }
        (left, right) = (&left[before.length(removed)..], &right[after.length(added)..]);
        (at, to) = (at + removed, to + added);
    }
}

/// How many bytes both begin with.
fn common(one: &[u8], other: &[u8]) -> usize {
    const BLOCK: usize = 4096;
    let blocks = one.chunks_exact(BLOCK).zip(other.chunks_exact(BLOCK)).take_while(|(one, other)| one == other).count();
    let from = blocks * BLOCK;
    from + one[from..].iter().zip(&other[from..]).take_while(|(one, other)| one == other).count()
}

/// After how many lines of both they agree again: the nearest place; within the window nowhere, all of it.
fn agree(old: &mut Lines<'_>, new: &mut Lines<'_>) -> (usize, usize) {
    for sum in 1..2 * WINDOW {
        for removed in sum.saturating_sub(WINDOW)..=sum.min(WINDOW) {
            let added = sum - removed;
            let (one, other) = (old.get(removed), new.get(added));
            if one != other {
                continue;
            }
            // A brace alone is everywhere.
            let tells = one.is_none_or(|line| line.trim_ascii().len() > 2);
            if tells || old.get(removed + 1) == new.get(added + 1) {
                return (old.at_most(removed), new.at_most(added));
            }
        }
    }
    (old.at_most(WINDOW), new.at_most(WINDOW))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{count, patch};
    use crate::domain::patch::{Limit, Patch, Side};

    /// What the older state becomes by a patch.
    fn applied(old: &str, patch: &Patch) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let (mut at, mut made) = (0, String::new());
        for line in &patch.lines {
            let text = String::from_utf8_lossy(patch.text(line)).into_owned() + "\n";
            if line.old > 0 {
                let until = line.old as usize - 1;
                made.extend(old[at..until].iter().copied());
                assert_eq!(old[until], text, "line {}", line.old);
                at = until + 1;
            } else {
                // What is unchanged before an added line is known by its number alone.
                let missing = line.new as usize - 1 - made.matches('\n').count();
                made.extend(old[at..at + missing].iter().copied());
                at += missing;
            }
            if line.side != Side::Removed {
                made += &text;
            }
        }
        made.extend(old[at..].iter().copied());
        made
    }

    #[test]
    fn a_few_changes_are_hunks_with_what_is_around_them() {
        let lines: Vec<String> = (1..40).map(|line| format!("line {line}\n")).collect();
        let old = lines.concat();
        let new = old.replace("line 5\n", "five\n").replace("line 7\n", "").replace("line 30\n", "line 30\nmore\n");
        let made = patch(old.as_bytes(), new.as_bytes(), Limit::NONE);
        assert_eq!(made.hunks.len(), 2);
        assert_eq!(made.hunks[0].head, b"@@ -2 +2 @@");
        assert_eq!(applied(&old, &made), new);
        let counted = count(old.as_bytes(), new.as_bytes());
        assert_eq!((counted.added, counted.removed), (2, 2));
        let cut = patch(old.as_bytes(), new.as_bytes(), Limit { lines: 5, length: 100 });
        assert!(cut.cut && cut.lines.len() == 5);
    }

    proptest! {
        /// Whatever differs, the patch makes the newer state of the older one.
        #[test]
        fn what_is_found_is_right(old in "([a-c]\n){0,60}", new in "([a-c]\n){0,60}") {
            let made = patch(old.as_bytes(), new.as_bytes(), Limit::NONE);
            prop_assert_eq!(applied(&old, &made), new.clone());
            let counted = count(old.as_bytes(), new.as_bytes());
            let of = |side| made.lines.iter().filter(|line| line.side == side).count();
            prop_assert_eq!((counted.added, counted.removed), (of(Side::Added), of(Side::Removed)));
        }
    }
}
