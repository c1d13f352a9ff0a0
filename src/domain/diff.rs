//! A difference in git's unified form, read into files, hunks and lines.

/// One file's part of a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name now, or what it was called where it is gone; as git writes it, odd characters quoted.
    pub path: String,
    /// What git says of the file as a whole: new, deleted, renamed, binary, another mode.
    pub notes: Vec<String>,
    pub hunks: Vec<Hunk>,
}

impl File {
    /// Lines added and removed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let count = |side| self.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.side == side).count();
        (count(Side::Added), count(Side::Removed))
    }
}

/// A part of a file that has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk {
    /// `@@ -1,3 +1,4 @@ fn main()`.
    pub head: String,
    pub lines: Vec<Line>,
}

/// On which side a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Both,
    Added,
    Removed,
    /// About the line before, or about the difference itself.
    Remark,
}

/// A line of a hunk, without its sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub side: Side,
    pub text: String,
}

/// Reads a difference. No line of it is dropped but the names and hashes that each file begins with: what is not
/// understood is a note.
#[must_use]
pub fn parse(text: &str) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    // How many lines of the hunk are to come, of the old side and of the new one: a line in it that begins with `--`
    // is a removed one.
    let mut rest = (0_usize, 0_usize);
    for line in text.lines() {
        if let Some(names) = line.strip_prefix("diff --git ") {
            files.push(File { path: both(names), ..File::default() });
            rest = (0, 0);
            continue;
        }
        if files.is_empty() {
            files.push(File::default());
        }
        let Some(file) = files.last_mut() else { continue };
        match file.hunks.last_mut() {
            Some(hunk) if line.starts_with('\\') => hunk.push(Side::Remark, line),
            Some(hunk) if rest != (0, 0) => match line.split_at_checked(1) {
                Some(("+", text)) => {
                    rest.1 = rest.1.saturating_sub(1);
                    hunk.push(Side::Added, text);
                }
                Some(("-", text)) => {
                    rest.0 = rest.0.saturating_sub(1);
                    hunk.push(Side::Removed, text);
                }
                Some((" ", text)) => {
                    rest = (rest.0.saturating_sub(1), rest.1.saturating_sub(1));
                    hunk.push(Side::Both, text);
                }
                Some(_) | None => hunk.push(Side::Remark, line),
            },
            Some(_) | None => match lengths(line) {
                Some(lengths) => {
                    rest = lengths;
                    file.hunks.push(Hunk { head: line.to_owned(), lines: Vec::new() });
                }
                None => file.note(line),
            },
        }
    }
    files
}

impl Hunk {
    fn push(&mut self, side: Side, text: &str) {
        self.lines.push(Line { side, text: text.to_owned() });
    }
}

impl File {
    /// A line between the head of a file and its first hunk, or after its last.
    fn note(&mut self, line: &str) {
        let named = |line: &str, sign: &str, side: &str| {
            let name = line.strip_prefix(sign)?.trim_end_matches('\t');
            Some(name)
                .filter(|name| *name != "/dev/null")
                .map(|name| name.strip_prefix(side).unwrap_or(name).to_owned())
        };
        if let Some(name) = named(line, "--- ", "a/").or_else(|| named(line, "+++ ", "b/")) {
            self.path = name;
            return;
        }
        if let Some(name) = line.strip_prefix("rename to ") {
            name.clone_into(&mut self.path);
        }
        if !(line.is_empty() || ["index ", "--- ", "+++ "].iter().any(|prefix| line.starts_with(prefix))) {
            self.notes.push(line.to_owned());
        }
    }
}

/// The name in `a/NAME b/NAME`, where both are the same; else all of it.
fn both(names: &str) -> String {
    let half = names.len() / 2;
    let same = names.split_at_checked(half).and_then(|(old, new)| {
        let (old, new) = (old.strip_prefix("a/")?, new.strip_prefix(" b/")?);
        (old == new).then(|| old.to_owned())
    });
    same.unwrap_or_else(|| names.to_owned())
}

/// How many lines of each side a hunk has: `@@ -12,3 +14 @@` has three and one.
fn lengths(head: &str) -> Option<(usize, usize)> {
    let (old, rest) = head.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let length = |range: &str| range.split_once(',').map_or(Some(1), |(_, length)| length.parse().ok());
    Some((length(old)?, length(new)?))
}

#[cfg(test)]
mod tests {
    use super::{Side, parse};

    const TEXT: &str = "diff --git a/src/a b.rs b/src/a b.rs
index 1..2 100644
--- a/src/a b.rs\t
+++ b/src/a b.rs\t
@@ -1,3 +1,3 @@ fn main()
 kept
--- a removed line that looks like a head
+++ an added one
 kept
\\ No newline at end of file
@@ -9 +9,0 @@
-gone
diff --git a/old b/new
similarity index 90%
rename from old
rename to new
diff --git a/picture.png b/picture.png
new file mode 100644
index 0..1
Binary files /dev/null and b/picture.png differ
diff --git a/dead b/dead
deleted file mode 100644
--- a/dead
+++ /dev/null
@@ -1 +0,0 @@
-x

… and more
";

    #[test]
    fn a_difference_is_files_hunks_and_lines() {
        let files = parse(TEXT);
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["src/a b.rs", "new", "picture.png", "dead"]);
        assert_eq!(files.iter().map(super::File::counts).collect::<Vec<_>>(), [(1, 2), (0, 0), (0, 0), (0, 1)]);
        let first = &files[0].hunks[0];
        assert_eq!(first.lines[1].text, "-- a removed line that looks like a head");
        assert_eq!((first.lines[2].side, first.lines[4].side), (Side::Added, Side::Remark));
        assert_eq!(files[1].notes, ["similarity index 90%", "rename from old", "rename to new"]);
        assert_eq!(files[2].notes, ["new file mode 100644", "Binary files /dev/null and b/picture.png differ"]);
        assert_eq!(files[3].notes, ["deleted file mode 100644", "… and more"]);
    }

    #[test]
    fn what_is_no_difference_is_kept_as_notes() {
        assert_eq!(parse("one\ntwo")[0].notes, ["one", "two"]);
        assert!(parse("").is_empty());
        assert_eq!(parse("diff --git a/x b/x\n@@ -1,9 +1,9 @@\n cut").len(), 1);
    }
}
