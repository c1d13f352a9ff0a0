//! What has changed since the base, in commits and not.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::{Lab, write};
use crate::domain::attempt::Tree;
use crate::domain::diff::{Change, Count, File, Part};
use crate::domain::patch::{Limit, Patch, Side};
use crate::ports::worktrees::{Compared, Work, Worktrees as _};

fn compared<'a>(lab: &'a Lab, tree: &'a Tree, part: Part) -> Compared<'a> {
    Compared { repo: &lab.repo, work: Work::Tree(&tree.path), base: &tree.base, part }
}

/// The files that have changed, counted, by path.
pub(super) fn counted(lab: &Lab, tree: &Tree, part: Part) -> BTreeMap<String, File> {
    let compared = compared(lab, tree, part);
    let files = lab.git.changes(&compared).unwrap();
    let mut found = BTreeMap::new();
    let mut take = |number: usize, count: Option<Count>| {
        if count.is_some() {
            let file = File { count, ..files[number].clone() };
            found.insert(file.path.to_string_lossy().into_owned(), file);
        }
        true
    };
    lab.git.count(&compared, &files, &mut take).unwrap();
    found
}

fn patch(lab: &Lab, tree: &Tree, part: Part, file: &File) -> Patch {
    read(lab, &compared(lab, tree, part), file, Limit::NONE)
}

fn read(lab: &Lab, compared: &Compared<'_>, file: &File, limit: Limit) -> Patch {
    let mut found = None;
    let mut take = |_, patch| {
        found = Some(patch);
        true
    };
    lab.git.patches(compared, std::slice::from_ref(file), limit, &mut take).unwrap();
    found.unwrap()
}

fn unified(patch: &Patch) -> String {
    let line = |line: &crate::domain::patch::Line| {
        format!("{}{}\n", line.side.sign(), String::from_utf8_lossy(patch.text(line)))
    };
    patch.lines.iter().map(line).collect()
}

fn commit(lab: &Lab, tree: &Path, what: &str) {
    lab.run_in(tree, &["add", "--all"]);
    lab.run_in(tree, &["commit", "-qm", what]);
}

#[test]
fn committed_and_uncommitted_work_is_told_apart() {
    let lab = Lab::new();
    let tree = lab.add();
    assert!(counted(&lab, &tree, Part::Whole).is_empty());
    write(&tree.path.join("committed"), "one\n");
    commit(&lab, &tree.path, "one");
    write(&tree.path.join("committed"), "one\nmore\n");
    write(&tree.path.join("untracked"), "two\nthree\n");
    let names = |part| {
        counted(&lab, &tree, part).into_iter().map(|(name, file)| (name, file.count.unwrap().added)).collect::<Vec<_>>()
    };
    assert_eq!(names(Part::Whole), [("committed".to_owned(), 2), ("untracked".to_owned(), 2)]);
    assert_eq!(names(Part::Committed), [("committed".to_owned(), 1)]);
    assert_eq!(names(Part::Uncommitted), [("committed".to_owned(), 1), ("untracked".to_owned(), 2)]);
    let file = &counted(&lab, &tree, Part::Uncommitted)["committed"];
    assert_eq!(unified(&patch(&lab, &tree, Part::Uncommitted, file)), " one\n+more\n");
    let head = lab.run_in(&tree.path, &["rev-parse", "HEAD"]);
    let gone = Compared { work: Work::Commit(head.trim()), ..compared(&lab, &tree, Part::Whole) };
    assert_eq!(lab.git.changes(&gone).unwrap().len(), 1, "of a tree that is gone: its branch");
    assert!(lab.git.changes(&Compared { part: Part::Uncommitted, ..gone }).unwrap().is_empty());
}

#[test]
fn every_kind_of_change_is_listed_for_what_it_is() {
    for by_program in [false, true] {
        let lab = Lab::new();
        let tree = lab.add();
        for (name, text) in [("kept", "1\n2\n3\n4\n5\n6\n"), ("gone", "x\n"), ("mode", "x\n"), ("type", "x\n")] {
            write(&tree.path.join(name), text);
        }
        commit(&lab, &tree.path, "before");
        let base = lab.run_in(&tree.path, &["rev-parse", "HEAD"]).trim().to_owned();
        let tree = Tree { base, ..tree };
        std::fs::rename(tree.path.join("kept"), tree.path.join("moved here")).unwrap();
        std::fs::remove_file(tree.path.join("gone")).unwrap();
        std::fs::remove_file(tree.path.join("type")).unwrap();
        symlink("elsewhere", tree.path.join("type")).unwrap();
        std::fs::set_permissions(tree.path.join("mode"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(tree.path.join("bin"), b"a\0b").unwrap();
        std::fs::write(tree.path.join("odd"), b"\x1b[2Jred\r\n\xff\t\n").unwrap();
        if by_program {
            lab.run(&["config", "core.repositoryFormatVersion", "1"]);
            lab.run(&["config", "extensions.refStorage", "files"]);
        }
        assert_eq!(git2::Repository::open(&lab.repo).is_err(), by_program);
        let files = counted(&lab, &tree, Part::Whole);
        let change = |name: &str| files.get(name).map(|file| file.change);
        assert_eq!(change("moved here"), Some(Change::Renamed), "{files:#?}");
        assert_eq!(files["moved here"].old(), Path::new("kept"));
        assert_eq!(change("gone"), Some(Change::Deleted));
        assert_eq!(change("type"), Some(Change::Retyped));
        assert_eq!((change("mode"), files["mode"].modes), (Some(Change::Modified), (0o100_644, 0o100_755)));
        assert_eq!(change("bin"), Some(Change::Added));
        assert!(files["bin"].count.unwrap().binary && patch(&lab, &tree, Part::Whole, &files["bin"]).binary);
        let odd = patch(&lab, &tree, Part::Whole, &files["odd"]);
        assert_eq!(odd.text(&odd.lines[0]), b"\x1b[2Jred\r");
        assert_eq!(odd.text(&odd.lines[1]), b"\xff\t");
        assert_eq!(files.len(), 6);
    }
}

#[test]
fn of_a_large_new_file_only_the_lines_that_are_asked_for_are_read() {
    let lab = Lab::new();
    let tree = lab.add();
    let line = "x".repeat(99) + "\n";
    write(&tree.path.join("large"), &line.repeat(100_000));
    let all = compared(&lab, &tree, Part::Whole);
    let files = lab.git.changes(&all).unwrap();
    assert_eq!((files[0].size, files[0].count), (10_000_000, None));
    let page = read(&lab, &all, &files[0], Limit { lines: 10, length: 5 });
    assert_eq!((page.lines.len(), page.cut, page.text(&page.lines[9])), (10, true, b"xxxxx".as_slice()));
    assert_eq!((page.lines[9].side, page.lines[9].new), (Side::Added, 10));
    assert_eq!(counted(&lab, &tree, Part::Whole)["large"].count.unwrap().added, 100_000);
}

#[test]
fn a_submodule_and_a_repository_inside_are_shown_as_such() {
    let lab = Lab::new();
    let tree = lab.add();
    let inner = tree.path.join("inner");
    std::fs::create_dir(&inner).unwrap();
    lab.run_in(&inner, &["init", "-q"]);
    write(&inner.join("x"), "x\n");
    commit(&lab, &inner, "inner");
    lab.run_in(&tree.path, &["add", "inner"]);
    let files = counted(&lab, &tree, Part::Whole);
    let (name, file) = files.iter().next().unwrap();
    assert_eq!(name.trim_end_matches('/'), "inner");
    assert!(file.is_nested(), "{file:?}");
}
