//! Where a tmux server's socket is, by the same rules as tmux itself, and whether two paths are one socket.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What of the environment decides where the socket is.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// `$TMUX`: set in a pane.
    pub tmux: Option<&'a OsStr>,
    /// `$TMUX_TMPDIR`.
    pub tmpdir: Option<&'a OsStr>,
    pub uid: u32,
}

/// The absolute path of the socket: of the server called `name` (as `tmux -L`), else of the one we are in, else
/// of the user's default server.
#[must_use]
pub fn socket_path(name: Option<&str>, surroundings: Surroundings<'_>) -> PathBuf {
    let folder = || {
        // tmux takes the first of the two that exists, without symbolic links.
        let wanted = surroundings.tmpdir.filter(|tmpdir| !tmpdir.is_empty()).map(Path::new);
        let base = wanted.and_then(|tmpdir| fs::canonicalize(tmpdir).ok());
        let base = base.or_else(|| fs::canonicalize("/tmp").ok()).unwrap_or_else(|| PathBuf::from("/tmp"));
        base.join(format!("tmux-{}", surroundings.uid))
    };
    match name {
        Some(name) => folder().join(name),
        None => surroundings.tmux.and_then(surrounding).unwrap_or_else(|| folder().join("default")),
    }
}

/// The socket in `$TMUX`, which is `path,server pid,session number`; nothing where that is no such thing.
#[must_use]
pub fn surrounding(tmux: &OsStr) -> Option<PathBuf> {
    let bytes = tmux.as_bytes();
    let fields: Vec<&[u8]> = bytes.rsplitn(3, |byte| *byte == b',').collect();
    let path = match fields.as_slice() {
        // A path may hold commas itself. A job outside any session has -1 as its session number.
        [session, pid, path] if number(session.strip_prefix(b"-").unwrap_or(session)) && number(pid) => path,
        _ => bytes,
    };
    let path = PathBuf::from(OsString::from(OsStr::from_bytes(path)));
    path.is_absolute().then_some(path)
}

/// Whether both paths lead to one socket, through whatever symbolic links.
#[must_use]
pub fn same(one: &Path, other: &Path) -> bool {
    one == other || resolved(one) == resolved(other)
}

fn resolved(path: &Path) -> PathBuf {
    if let Ok(found) = fs::canonicalize(path) {
        return found;
    }
    // The socket's file may be deleted while its server lives.
    match (path.parent().map(fs::canonicalize), path.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Surroundings, same, socket_path, surrounding};

    fn path(name: Option<&str>, tmux: Option<&str>, tmpdir: Option<&Path>) -> PathBuf {
        let surroundings = Surroundings { tmux: tmux.map(OsStr::new), tmpdir: tmpdir.map(Path::as_os_str), uid: 1000 };
        socket_path(name, surroundings)
    }

    #[test]
    fn the_socket_is_where_tmux_puts_it() {
        let home = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(home.path()).unwrap();
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let tmp = fs::canonicalize("/tmp").unwrap();
        assert_eq!(path(None, None, None), tmp.join("tmux-1000/default"));
        assert_eq!(path(None, None, Some(&link)), real.join("tmux-1000/default"));
        assert_eq!(path(None, None, Some(Path::new("/no/such"))), tmp.join("tmux-1000/default"));
        assert_eq!(path(Some("work"), Some("/a/s,1,0"), Some(&link)), real.join("tmux-1000/work"));
        assert_eq!(path(None, Some("/a/s,1,0"), Some(&link)), Path::new("/a/s"));
        assert_eq!(path(None, Some("garbage"), Some(&link)), real.join("tmux-1000/default"));
    }

    #[test]
    fn the_surrounding_server_is_read_from_its_variable() {
        let read = |text: &str| surrounding(OsStr::new(text));
        assert_eq!(read("/a/s,123,0"), Some("/a/s".into()));
        assert_eq!(read("/a,b/s,1,2,123,-1"), Some("/a,b/s,1,2".into()));
        assert_eq!(read("/a/s"), Some("/a/s".into()));
        for nothing in ["", ",", ",1,2", "garbage", "a/b,1,2"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_socket_is_the_same_through_links_and_when_deleted() {
        let home = tempfile::tempdir().unwrap();
        let link = home.path().join("link");
        std::os::unix::fs::symlink(home.path(), &link).unwrap();
        assert!(same(&home.path().join("s"), &link.join("s")));
        assert!(!same(&home.path().join("s"), &link.join("t")));
    }
}
