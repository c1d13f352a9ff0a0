//! Keeps a folder of worktrees out of the sight of a checkout that it lies in.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::layout::Admin;
use super::read::Repo;
use super::view::open_plain;

const SELF_IGNORING: &str = "# Worktrees of ganger: none of the checkout around them.\n*\n";

/// Sees to it that `tree`, which is being made or moved there, does not show in the `git status` of a worktree around
/// it. `tree` is `<root>/<repository>/<tree>` or `<root>/.trash/<tree>`: a root that holds nothing else ignores itself;
/// in any other, the tree is listed in that repository's own list. Nothing that is tracked is written. What can't be done is left: it is only untidy.
pub(super) fn keep_out(git: &Git, repo: &Repo, tree: &Path) {
    let Some(folder) = tree.ancestors().nth(2) else { return };
    let Some(top) = folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok()) else { return };
    if folder.join(".gitignore").symlink_metadata().is_ok() && is_ours(folder) {
        return;
    }
    let Ok(around) = Repo::open(git, top) else { return };
    let Ok(place) = tree.strip_prefix(top) else { return };
    if is_ignored(&around, top, place) {
        return;
    }
    if folder != top && holds_only_trees(&repo.common, folder) && ignore_itself(folder).is_ok() {
        return;
    }
    list(&around.common, place).ok();
}

fn is_ours(folder: &Path) -> bool {
    let mut text = String::new();
    let Ok(Some(file)) = open_plain(&folder.join(".gitignore")) else { return false };
    file.take(4096).read_to_string(&mut text).is_ok() && text == SELF_IGNORING
}

/// Whether the checkout at `top` ignores a folder already.
fn is_ignored(around: &Repo, top: &Path, place: &Path) -> bool {
    let Some(lib) = around.lib() else { return false };
    // Of a folder that is not there yet, git must be told that it is one.
    let mut name = place.as_os_str().to_owned();
    name.push("/");
    lib.set_workdir(top, false).is_ok() && lib.is_path_ignored(Path::new(&name)).unwrap_or(false)
}

fn holds_only_trees(common: &Path, root: &Path) -> bool {
    let trees: Vec<PathBuf> = Admin::all(common).unwrap_or_default().iter().filter_map(Admin::tree).collect();
    all_in(root, &|folder| {
        folder.file_name().is_some_and(|name| name == ".trash")
            || all_in(folder, &|tree| trees.contains(&tree.to_owned()))
    })
}

/// Whether this is true of everything in a folder, which need not be there.
fn all_in(folder: &Path, of: &dyn Fn(&Path) -> bool) -> bool {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.flatten().all(|entry| of(&entry.path())),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn ignore_itself(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(folder.join(".gitignore"))?;
    file.write_all(SELF_IGNORING.as_bytes())
}

/// Adds a folder to a repository's own list of what is ignored.
fn list(common: &Path, place: &Path) -> io::Result<()> {
    let mut line = b"/".to_vec();
    for byte in place.as_os_str().as_bytes() {
        if b"\\*?[! #".contains(byte) {
            line.push(b'\\');
        }
        line.push(*byte);
    }
    line.extend_from_slice(b"/\n");
    if place.as_os_str().as_bytes().contains(&b'\n') {
        return Err(io::Error::other("a line break can't be listed"));
    }
    let path = common.join("info/exclude");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut held = Vec::new();
    if let Some(mut file) = open_plain(&path)? {
        file.read_to_end(&mut held)?;
    }
    if held.split_inclusive(|byte| *byte == b'\n').any(|listed| listed == line) {
        return Ok(());
    }
    if held.last().is_some_and(|byte| *byte != b'\n') {
        line.insert(0, b'\n');
    }
    let flags = nix::fcntl::OFlag::O_NOFOLLOW.bits();
    OpenOptions::new().append(true).create(true).custom_flags(flags).open(path)?.write_all(&line)
}
