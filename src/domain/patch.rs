//! What has changed in one file: hunks of lines. The bytes are those of the file, whatever they are; who shows them makes
//! them safe.

/// On which side a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Both,
    Added,
    Removed,
    /// About the line before: it has no line break at its end.
    Remark,
}

impl Side {
    /// Its sign in git's unified form.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Both => ' ',
            Self::Added => '+',
            Self::Removed => '-',
            Self::Remark => '\\',
        }
    }
}

/// A line of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    start: u32,
    length: u32,
    pub side: Side,
    /// Its number before, and after; 0 where it is not on that side.
    pub old: u32,
    pub new: u32,
}

/// A part of a file that has changed, with what is around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// `@@ -1,3 +1,4 @@ fn main()`.
    pub head: Vec<u8>,
    /// The first of its lines in the patch.
    pub first: usize,
}

/// How much of a patch is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub lines: usize,
    /// Bytes of a line; the rest of it is left out.
    pub length: usize,
}

impl Limit {
    /// All of it.
    pub const NONE: Self = Self { lines: usize::MAX, length: usize::MAX };
}

/// The changes of one file, in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    text: Vec<u8>,
    pub lines: Vec<Line>,
    pub hunks: Vec<Hunk>,
    /// Its content is no text.
    pub binary: bool,
    /// There is more than was read.
    pub cut: bool,
}

impl Patch {
    /// The bytes of a line, without its line break.
    #[must_use]
    pub fn text(&self, line: &Line) -> &[u8] {
        let start = line.start as usize;
        self.text.get(start..start + line.length as usize).unwrap_or_default()
    }

    /// The lines of a hunk.
    #[must_use]
    pub fn hunk(&self, index: usize) -> &[Line] {
        let first = self.hunks.get(index).map_or(self.lines.len(), |hunk| hunk.first);
        let end = self.hunks.get(index + 1).map_or(self.lines.len(), |hunk| hunk.first);
        self.lines.get(first..end).unwrap_or_default()
    }

    /// What a hunk is known by, wherever in its file it stands: 64 bits over the file's path and the lines that have
    /// changed (FNV-1a), in hexadecimal digits.
    #[must_use]
    pub fn mark(&self, path: &[u8], hunk: usize) -> String {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut take = |bytes: &[u8]| {
            for byte in bytes.iter().chain(b"\n") {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
            }
        };
        take(path);
        for line in self.hunk(hunk).iter().filter(|line| line.side != Side::Both) {
            take(line.side.sign().to_string().as_bytes());
            take(self.text(line));
        }
        format!("{hash:016x}")
    }

    /// Begins a hunk.
    pub fn begin(&mut self, head: &[u8]) {
        self.hunks.push(Hunk { head: head.trim_ascii_end().to_vec(), first: self.lines.len() });
    }

    /// Takes one more line, unless that is beyond the limit; whether it did.
    pub fn push(&mut self, side: Side, (old, new): (u32, u32), text: &[u8], limit: Limit) -> bool {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = &text[..text.len().min(limit.length)];
        let place = u32::try_from(self.text.len()).ok().zip(u32::try_from(text.len()).ok());
        let Some((start, length)) = place.filter(|_| self.lines.len() < limit.lines) else {
            self.cut = true;
            return false;
        };
        self.text.extend_from_slice(text);
        self.lines.push(Line { start, length, side, old, new });
        true
    }
}

/// Reads the hunks of one file's difference in git's unified form.
#[must_use]
pub fn parse(text: &[u8], limit: Limit) -> Patch {
    let mut patch = Patch::default();
    // How many lines of the hunk are to come, of the old side and of the new one: a line in it that begins with `--`
    // is a removed one.
    let mut rest = (0_u32, 0_u32);
    let mut at = (0_u32, 0_u32);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let taken = match line.split_first() {
            Some((b'\\', _)) if !patch.hunks.is_empty() => patch.push(Side::Remark, (0, 0), line, limit),
            Some((sign @ (b'+' | b'-' | b' '), text)) if rest != (0, 0) => {
                let side = match sign {
                    b'+' => Side::Added,
                    b'-' => Side::Removed,
                    _ => Side::Both,
                };
                let (old, new) = (side != Side::Added, side != Side::Removed);
                let taken = patch.push(side, (if old { at.0 } else { 0 }, if new { at.1 } else { 0 }), text, limit);
                at = (at.0 + u32::from(old), at.1 + u32::from(new));
                rest = (rest.0.saturating_sub(u32::from(old)), rest.1.saturating_sub(u32::from(new)));
                taken
            }
            Some(_) | None => {
                if let Some((old, new)) = ranges(line) {
                    (at, rest) = ((old.0, new.0), (old.1, new.1));
                    patch.begin(line);
                } else if line.starts_with(b"Binary files ") {
                    patch.binary = true;
                }
                true
            }
        };
        if !taken {
            break;
        }
    }
    patch
}

/// Where a hunk begins and how many lines it has, on each side: `@@ -12,3 +14 @@`.
fn ranges(head: &[u8]) -> Option<((u32, u32), (u32, u32))> {
    let head = std::str::from_utf8(&head[..head.len().min(80)]).unwrap_or_else(|error| {
        // What follows the ranges is a line of the file.
        std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
    });
    let (old, rest) = head.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |range: &str| match range.split_once(',') {
        Some((from, length)) => Some((from.parse().ok()?, length.parse().ok()?)),
        None => Some((range.parse().ok()?, 1)),
    };
    Some((range(old)?, range(new)?))
}

#[cfg(test)]
mod tests {
    use super::{Limit, Side, parse};

    const TEXT: &[u8] = b"diff --git a/x b/x
index 1..2 100644
--- a/x
+++ b/x
@@ -1,3 +1,3 @@ fn main()
 kept
--- a removed line that looks like a head
+++ an added one
 k\xff\x1b[2J
\\ No newline at end of file
@@ -9 +9,0 @@
-gone
";

    #[test]
    fn a_difference_is_hunks_and_lines_with_their_numbers() {
        let patch = parse(TEXT, Limit::NONE);
        let lines: Vec<_> = patch.lines.iter().map(|line| (line.side, line.old, line.new)).collect();
        let expected = [
            (Side::Both, 1, 1),
            (Side::Removed, 2, 0),
            (Side::Added, 0, 2),
            (Side::Both, 3, 3),
            (Side::Remark, 0, 0),
            (Side::Removed, 9, 0),
        ];
        assert_eq!(lines, expected);
        assert_eq!(patch.text(&patch.lines[1]), b"-- a removed line that looks like a head");
        assert_eq!(patch.text(&patch.lines[3]), b"k\xff\x1b[2J", "bytes stay as they are");
        assert_eq!((patch.hunk(0).len(), patch.hunk(1).len(), patch.hunk(2).len()), (5, 1, 0));
        assert_eq!(patch.hunks[0].head, b"@@ -1,3 +1,3 @@ fn main()");
    }

    #[test]
    fn what_is_beyond_the_limit_is_left_out_and_known_to_be() {
        let patch = parse(TEXT, Limit { lines: 2, length: 3 });
        assert_eq!((patch.lines.len(), patch.cut), (2, true));
        assert_eq!(patch.text(&patch.lines[1]), b"-- ");
        assert!(!parse(TEXT, Limit { lines: 6, length: 3 }).cut);
    }

    #[test]
    fn what_has_no_lines_has_none() {
        assert!(parse(b"Binary files a/x and b/x differ\n", Limit::NONE).binary);
        assert_eq!(parse(b"one\ntwo", Limit::NONE).lines.len(), 0);
        assert_eq!(parse(b"@@ -1,9 +1,9 @@\n cut", Limit::NONE).lines.len(), 1);
        assert_eq!(parse(b"@@ -x +1 @@\n cut", Limit::NONE).hunks.len(), 0);
    }
}
