//! A file's changes in git's unified form, as `git apply` takes it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::diff::{Change, File};
use super::patch::{Patch, Side};

/// What a line of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// About the file.
    Head,
    /// About a hunk.
    Hunk,
    Both,
    Added,
    Removed,
}

/// The lines of it, each without its line break.
pub fn lines<'a>(file: &'a File, patch: &'a Patch) -> impl Iterator<Item = (Role, Vec<u8>)> + 'a {
    let head = head(file, patch).into_iter().map(|line| (Role::Head, line));
    let hunks = (0..patch.hunks.len()).flat_map(|index| {
        let lines = patch.hunk(index).iter().map(|line| match line.side {
            Side::Remark => (Role::Both, patch.text(line).to_vec()),
            side @ (Side::Both | Side::Added | Side::Removed) => {
                let role = match side {
                    Side::Added => Role::Added,
                    Side::Removed => Role::Removed,
                    Side::Both | Side::Remark => Role::Both,
                };
                let mut text = vec![side.sign() as u8];
                text.extend_from_slice(patch.text(line));
                (role, text)
            }
        });
        std::iter::once((Role::Hunk, patch.hunks[index].head.clone())).chain(lines)
    });
    head.chain(hunks)
}

fn head(file: &File, patch: &Patch) -> Vec<Vec<u8>> {
    let (before, after) = (name("a/", file.old()), name("b/", &file.path));
    let line = |parts: &[&[u8]]| parts.concat();
    let mut lines = vec![line(&[b"diff --git ", &before, b" ", &after])];
    let mode = |name: &str, mode: u32| format!("{name} {mode:06o}").into_bytes();
    match (file.change, file.modes) {
        (Change::Added, (_, new)) => lines.push(mode("new file mode", new)),
        (Change::Deleted, (old, _)) => lines.push(mode("deleted file mode", old)),
        (_, (old, new)) if old != new => lines.extend([mode("old mode", old), mode("new mode", new)]),
        _ => {}
    }
    if let Some(old) = &file.old_path {
        lines.push(line(&[b"rename from ", &name("", old)]));
        lines.push(line(&[b"rename to ", &name("", &file.path)]));
    }
    let nothing = b"/dev/null".to_vec();
    let before = if file.change == Change::Added { nothing.clone() } else { before };
    let after = if file.change == Change::Deleted { nothing } else { after };
    if patch.binary {
        lines.push(line(&[b"Binary files ", &before, b" and ", &after, b" differ"]));
    } else if !patch.hunks.is_empty() {
        // A tab ends a name that has a blank in it.
        let end = |name: &[u8]| if name.contains(&b' ') { b"\t".as_slice() } else { b"" };
        lines.push(line(&[b"--- ", &before, end(&before)]));
        lines.push(line(&[b"+++ ", &after, end(&after)]));
    }
    lines
}

/// A path as git writes it: in quotes, if it has a character that would end it.
fn name(side: &str, path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    let odd = |byte: u8| byte.is_ascii_control() || matches!(byte, b'"' | b'\\');
    let text = std::str::from_utf8(bytes).is_ok();
    if text && !bytes.iter().any(|byte| odd(*byte)) {
        return [side.as_bytes(), bytes].concat();
    }
    let mut out = format!("\"{side}").into_bytes();
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\t' => out.extend(b"\\t"),
            byte if odd(*byte) || !(text || byte.is_ascii()) => out.extend(format!("\\{byte:03o}").bytes()),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    use super::{lines, name};
    use crate::domain::diff::{Change, File};
    use crate::domain::patch::{Limit, Patch, parse};

    fn text(file: &File, patch: &Patch) -> String {
        lines(file, patch).map(|(_, line)| String::from_utf8_lossy(&line).into_owned() + "\n").collect()
    }

    fn file(change: Change, modes: (u32, u32)) -> File {
        File { path: "a b".into(), old_path: None, change, modes, size: 0, count: None }
    }

    #[test]
    fn a_file_reads_as_git_writes_it() {
        let hunks = "@@ -1,2 +1,2 @@ fn main()\n kept\n-old\n\\ No newline at end of file\n+new\n";
        let patch = parse(hunks.as_bytes(), Limit::NONE);
        let modified = file(Change::Modified, (0o100_644, 0o100_755));
        let head = "diff --git a/a b b/a b\nold mode 100644\nnew mode 100755\n--- a/a b\t\n+++ b/a b\t\n";
        assert_eq!(text(&modified, &patch), format!("{head}{hunks}"));
        let added = file(Change::Added, (0, 0o100_644));
        let head = "diff --git a/a b b/a b\nnew file mode 100644\n";
        assert_eq!(text(&added, &Patch::default()), head);
        let renamed = File { old_path: Some("c".into()), ..file(Change::Renamed, (0o100_644, 0o100_644)) };
        assert_eq!(text(&renamed, &Patch::default()), "diff --git a/c b/a b\nrename from c\nrename to a b\n");
        let mut binary = Patch::default();
        binary.binary = true;
        assert!(
            text(&file(Change::Deleted, (0o100_644, 0)), &binary)
                .ends_with("Binary files a/a b and /dev/null differ\n")
        );
    }

    #[test]
    fn a_name_can_not_end_its_line() {
        assert_eq!(name("a/", Path::new("é \u{6f22}")), "a/é \u{6f22}".as_bytes());
        assert_eq!(name("a/", Path::new("x\n\"y\x1b")), b"\"a/x\\n\\\"y\\033\"");
        assert_eq!(name("b/", Path::new(OsStr::from_bytes(b"\xff"))), b"\"b/\\377\"");
    }
}
