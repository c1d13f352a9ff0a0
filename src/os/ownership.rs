//! Whether a folder is the user's own: whoever can write where the database or the state directory lies can put another
//! one there, and with it commands that ganger runs.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

const OTHERS_MAY_WRITE: u32 = 0o002;
/// In such a folder everybody may make files, and remove or rename only their own.
const STICKY: u32 = 0o1000;

/// Why others can exchange what lies in `folder`, in a sentence; `None` where they can't. Looked at is everything that
/// leads there, up to the user's home or to the root; a folder that is not there yet will be made private.
#[must_use]
pub fn foreign(folder: &Path, home: Option<&Path>) -> Option<String> {
    let real = folder.ancestors().find_map(|ancestor| fs::canonicalize(ancestor).ok());
    let ways = std::iter::once(folder).chain(real.as_deref());
    ways.flat_map(|way| {
        let end = home.filter(|home| way.starts_with(home) && way != *home);
        way.ancestors().take_while(move |at| Some(*at) != end)
    })
    .find_map(|at| wrong(at, at == folder || fs::canonicalize(folder).is_ok_and(|real| at == real)))
}

fn wrong(at: &Path, is_last: bool) -> Option<String> {
    let found = at.symlink_metadata().ok()?;
    if !is_ours(&found) {
        return Some(format!("{} belongs to user {}", at.display(), found.uid()));
    }
    let mode = found.permissions().mode();
    let is_open = found.is_dir() && mode & OTHERS_MAY_WRITE != 0 && (is_last || mode & STICKY == 0);
    is_open.then(|| format!("every user can write to {}", at.display()))
}

/// The system's own counts as ours: who is root needs no trick. So does what belongs to nobody that this user
/// namespace knows, as in a sandbox.
fn is_ours(found: &Metadata) -> bool {
    let owner = found.uid();
    owner == nix::unistd::geteuid().as_raw() || owner == 0 || (Some(owner) == unmapped())
}

/// The owner that files of users outside of this namespace seem to have.
fn unmapped() -> Option<u32> {
    let map = fs::read_to_string("/proc/self/uid_map").ok()?;
    let whole = map.lines().any(|line| line.split_whitespace().eq(["0", "0", "4294967295"]));
    let owner = || fs::read_to_string("/proc/sys/kernel/overflowuid").ok()?.trim().parse().ok();
    if whole { None } else { owner() }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::foreign;

    #[test]
    fn s11_a_folder_that_others_can_write_or_exchange_is_foreign() {
        let base = tempfile::tempdir().unwrap();
        let at = |below: &str| base.path().join(below);
        let mode = |below: &str, mode| fs::set_permissions(at(below), Permissions::from_mode(mode)).unwrap();
        fs::create_dir_all(at("a/b/c")).unwrap();
        for (changed, to, wrong) in [
            ("a/b/c", 0o700, false),
            ("a/b/c", 0o755, false),
            // User-private groups.
            ("a/b/c", 0o775, false),
            ("a/b/c", 0o777, true),
            ("a/b/c", 0o1777, true),
            ("a/b", 0o777, true),
            ("a/b", 0o1777, false),
        ] {
            mode(changed, to);
            assert_eq!(foreign(&at("a/b/c"), None).is_some(), wrong, "{changed} {to:o}");
            assert_eq!(foreign(&at("a/b/c/not/yet"), None).is_some(), wrong && to != 0o1777, "{changed} {to:o}");
            mode(changed, 0o755);
        }
        // Through a link, both ways count.
        fs::create_dir(at("open")).unwrap();
        std::os::unix::fs::symlink(at("a/b/c"), at("open/link")).unwrap();
        assert_eq!(foreign(&at("open/link"), None), None);
        mode("open", 0o777);
        assert!(foreign(&at("open/link"), None).unwrap().contains("every user can write to"));
        mode("open", 0o755);
        mode("a/b", 0o777);
        assert!(foreign(&at("open/link"), None).unwrap().ends_with("/a/b"));
        // What leads to a home is the system's business.
        assert_eq!(foreign(&at("a/b/c"), Some(&at("a/b/"))), None);
        assert_eq!(foreign(Path::new("/"), None), None);
    }
}
