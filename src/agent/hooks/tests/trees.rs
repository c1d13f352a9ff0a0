//! The hooks in a folder on disk, with a git that is made up.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::agent::hooks::Mechanism;
use crate::agent::hooks::install::{Git, Outcome, Refusal, Site, install, is_installed, preview, uninstall};
use crate::os::disk::FileSystem;
use crate::os::tree_files::WorktreeFiles;

fn site(root: &Path) -> Site<'_> {
    Site { root, disk: &FileSystem, files: &WorktreeFiles }
}

/// A git that ignores what a `.gitignore` beside it says.
fn hides(root: &Path, path: &Path) -> bool {
    let text = fs::read_to_string(root.join(path.with_file_name(".gitignore"))).unwrap_or_default();
    text.lines().any(|line| Path::new(line) == Path::new(path.file_name().unwrap()))
}

fn put(root: &Path, mechanism: Mechanism) -> Result<Outcome, Refusal> {
    install(site(root), mechanism, false, Git { ignored: &|path| Ok(hides(root, path)), tracked: &|_| Ok(false) })
}

fn take(root: &Path, mechanism: Mechanism) -> Result<Outcome, Refusal> {
    uninstall(site(root), mechanism, Git { ignored: &|path| Ok(hides(root, path)), tracked: &|_| Ok(false) })
}

fn is_empty(folder: &TempDir) -> bool {
    fs::read_dir(folder.path()).unwrap().count() == 0
}

#[test]
fn what_is_installed_hides_itself_and_leaves_nothing_behind() {
    for mechanism in Mechanism::ALL.iter().copied() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(!is_installed(site(root), mechanism));
        let shown = preview(site(root), mechanism).unwrap();
        assert!(is_empty(&folder), "a look writes nothing");
        assert_eq!(put(root, mechanism), Ok(Outcome::Changed));
        assert_eq!(fs::read_to_string(root.join(mechanism.file())).unwrap(), shown);
        assert!(is_installed(site(root), mechanism) && hides(root, Path::new(mechanism.file())));
        assert_eq!(put(root, mechanism), Ok(Outcome::Unchanged));
        assert_eq!(take(root, mechanism), Ok(Outcome::Changed));
        assert!(is_empty(&folder), "{mechanism:?}");
        assert_eq!(take(root, mechanism), Ok(Outcome::Unchanged));
    }
}

#[test]
fn a_file_that_was_there_keeps_its_mode_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".claude/settings.local.json");
    let before = "{\n  // mine\n  \"permissions\": {}\n}\n";
    fs::create_dir(folder.path().join(".claude")).unwrap();
    fs::write(&file, before).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(put(folder.path(), Mechanism::Claude), Ok(Outcome::Changed));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&file).unwrap().contains("__hook claude"));
    assert_eq!(take(folder.path(), Mechanism::Claude), Ok(Outcome::Changed));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.path().join(".claude")).unwrap().count(), 1, "only the user's file is left");
}

#[test]
fn a_file_that_git_tracks_is_left_alone_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let git = Git { ignored: &|_| Ok(false), tracked: &|path| Ok(path == Path::new(".gemini/settings.json")) };
    let refusal = install(site(folder.path()), Mechanism::Gemini, false, git).unwrap_err();
    assert_eq!(refusal.why, ".gemini/settings.json is tracked by git: the hooks would be part of the next commit");
    assert!(is_empty(&folder));
    assert_eq!(install(site(folder.path()), Mechanism::Gemini, true, git), Ok(Outcome::Changed));
    assert!(!folder.path().join(".gemini/.gitignore").exists());
}

#[test]
fn a_gitignore_of_the_users_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let ignore = folder.path().join(".codex/.gitignore");
    fs::create_dir(folder.path().join(".codex")).unwrap();
    fs::write(&ignore, "secrets\n").unwrap();
    let refusal = put(folder.path(), Mechanism::Codex).unwrap_err();
    assert!(refusal.why.contains(".codex/.gitignore"), "{refusal}");
    assert!(refusal.hint.unwrap().contains("add the line hooks.json"));
    assert_eq!(fs::read_dir(folder.path().join(".codex")).unwrap().count(), 1);
    fs::write(&ignore, "secrets\nhooks.json\n").unwrap();
    assert_eq!(put(folder.path(), Mechanism::Codex), Ok(Outcome::Changed));
    assert_eq!(take(folder.path(), Mechanism::Codex), Ok(Outcome::Changed));
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "secrets\nhooks.json\n");
}

#[test]
fn a_link_is_not_followed() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(elsewhere.path(), folder.path().join(".claude")).unwrap();
    fs::create_dir(folder.path().join(".codex")).unwrap();
    symlink(elsewhere.path().join("hooks.json"), folder.path().join(".codex/hooks.json")).unwrap();
    for (mechanism, link) in [(Mechanism::Claude, ".claude"), (Mechanism::Codex, ".codex/hooks.json")] {
        let expected = format!("{link} is a symbolic link, and is not followed");
        assert_eq!(put(folder.path(), mechanism).unwrap_err().why, expected);
        assert_eq!(take(folder.path(), mechanism).unwrap_err().why, expected);
        assert_eq!(preview(site(folder.path()), mechanism).unwrap_err().why, expected);
        assert!(!is_installed(site(folder.path()), mechanism));
    }
    assert!(is_empty(&elsewhere));
}

#[test]
fn what_cannot_be_done_whole_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // A git that ignores nothing, whatever is written.
    let stubborn = Git { ignored: &|_| Ok(false), tracked: &|_| Ok(false) };
    let refusal = install(site(root), Mechanism::OpenCode, false, stubborn).unwrap_err();
    assert!(refusal.why.contains("does not ignore"), "{refusal}");
    assert!(is_empty(&folder));
    // A git that fails once the folders are there.
    let asked = Cell::new(0);
    let failing = |_: &Path| {
        asked.set(asked.get() + 1);
        if asked.get() > 1 { Err("no index".to_owned()) } else { Ok(false) }
    };
    let git = Git { ignored: &failing, tracked: &|_| Ok(false) };
    assert_eq!(install(site(root), Mechanism::OpenCode, false, git).unwrap_err().why, "no index");
    assert!(is_empty(&folder));
    fs::write(root.join(".claude"), "a file").unwrap();
    assert_eq!(put(root, Mechanism::Claude).unwrap_err().why, ".claude is not a folder");
    fs::create_dir_all(root.join(".codex/hooks.json")).unwrap();
    assert_eq!(put(root, Mechanism::Codex).unwrap_err().why, ".codex/hooks.json is not a file");
    fs::create_dir(root.join(".gemini")).unwrap();
    fs::write(root.join(".gemini/settings.json"), "{oops").unwrap();
    let refusal = put(root, Mechanism::Gemini).unwrap_err();
    assert!(refusal.why.starts_with(".gemini/settings.json can't be edited: it is not JSON: "), "{refusal}");
    fs::write(root.join(".gemini/settings.json"), vec![b' '; (1 << 20) + 1]).unwrap();
    assert!(put(root, Mechanism::Gemini).unwrap_err().why.contains("too large"));
    fs::write(root.join(".gemini/settings.json"), b"{\"a\": \"\xff\"}").unwrap();
    assert!(put(root, Mechanism::Gemini).unwrap_err().why.contains("not UTF-8"));
}
