//! How to show a session to a person. Gives the command; running it, in the foreground, is the caller's.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use super::chain;
use super::socket::{same, surrounding};
use super::target::{Name, Target};
use crate::ports::multiplexer::{Attach, Result};

/// What to run, with the caller's own environment and terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    pub how: Attach,
    pub argv: Vec<OsString>,
}

/// Decides how to show `session` of the server on `socket` to somebody whose `$TMUX` is `tmux`.
///
/// # Errors
/// When the name can't be one of our sessions'.
pub fn show(program: &OsStr, tmux: Option<&OsStr>, socket: &Path, session: &str) -> Result<Show> {
    let target = Target::session(Name::new(session)?);
    let client = |socket: &Path, words: &[&str]| -> Vec<OsString> {
        let start = [program, OsStr::new("-S"), socket.as_os_str()];
        start.into_iter().chain(words.iter().map(OsStr::new)).map(OsStr::to_owned).collect()
    };
    // tmux refuses to attach within tmux, even if what $TMUX names is long gone.
    let attach = |inside: bool| -> Vec<OsString> {
        let clean: &[&str] = if inside { &["env", "-u", "TMUX", "-u", "TMUX_PANE"] } else { &[] };
        let attach = client(socket, &["attach-session", "-t", target.as_str()]);
        clean.iter().map(OsString::from).chain(attach).collect()
    };
    let tmux = tmux.filter(|tmux| !tmux.is_empty());
    let Some(outer) = tmux.and_then(surrounding) else {
        return Ok(Show { how: Attach::Here, argv: attach(tmux.is_some()) });
    };
    if same(&outer, socket) {
        let argv = client(socket, &["switch-client", "-t", target.as_str()]);
        return Ok(Show { how: Attach::Switch, argv });
    }
    if !outer.metadata().is_ok_and(|found| found.file_type().is_socket()) {
        return Ok(Show { how: Attach::Here, argv: attach(true) });
    }
    let mut argv = client(&outer, &[]);
    argv.extend_from_slice(chain::popup(&attach(true)).words());
    Ok(Show { how: Attach::Popup, argv })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::show;
    use crate::ports::multiplexer::Attach;

    fn shown(tmux: Option<&str>, socket: &Path) -> (Attach, String) {
        let show = show(OsStr::new("tmux"), tmux.map(OsStr::new), socket, "ganger-1").unwrap();
        let words: Vec<String> = show.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        (show.how, words.join(" "))
    }

    #[test]
    fn a_session_is_shown_by_where_one_is() {
        let home = tempfile::tempdir().unwrap();
        let (ours, outer) = (home.path().join("ours"), home.path().join("outer"));
        let _listening = UnixListener::bind(&outer).unwrap();
        let at = ours.display();

        let (how, words) = shown(None, &ours);
        assert_eq!((how, words), (Attach::Here, format!("tmux -S {at} attach-session -t =ganger-1")));

        let (how, words) = shown(Some(&format!("{at},12,0")), &ours);
        assert_eq!((how, words), (Attach::Switch, format!("tmux -S {at} switch-client -t =ganger-1")));

        let (how, words) = shown(Some(&format!("{},12,0", outer.display())), &ours);
        let inner = format!("env -u TMUX -u TMUX_PANE tmux -S {at} attach-session -t =ganger-1");
        let popup = format!("tmux -S {} display-popu -E -w 90% -h 90% -- {inner}", outer.display());
        assert_eq!((how, words), (Attach::Popup, popup));

        for garbage in ["garbage", "/no/such/socket,1,2"] {
            assert_eq!(shown(Some(garbage), &ours), (Attach::Here, inner.clone()));
        }
    }
}
