//! How tmux is run: which program, which environment, for how long, and what its complaints mean.
//!
//! A server that our client starts inherits the client's environment for life and hands it to every pane, so only what
//! is known to be no secret, and nothing of ours, is in it. No call touches a server that its socket does not name.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Tmux;
use super::chain::Chain;
use crate::os::process::{Answer, Call, CallError, run};
use crate::ports::multiplexer::{MuxError, Result};

/// What the server said, by what it means for the caller.
#[derive(Debug)]
pub enum Reply {
    /// Standard output of a chain that ran to its end.
    Said(Vec<u8>),
    /// Nobody listens on the socket.
    NoServer,
    /// The server went away while the client talked to it.
    Gone(String),
    /// The chain failed, with the complaint.
    Refused(String),
}

/// One operation on one server: however many calls it takes, they share one deadline.
pub struct Talk<'a> {
    tmux: &'a Tmux,
    socket: &'a Path,
    began: Instant,
}

impl<'a> Talk<'a> {
    /// Begins an operation; its time runs from here.
    ///
    /// # Errors
    /// When the socket's path is not absolute, or the socket is another user's.
    pub fn begin(tmux: &'a Tmux, socket: &'a Path) -> Result<Self> {
        if !socket.is_absolute() {
            return Err(MuxError::Failed(format!("the socket's path is not absolute: {}", socket.display())));
        }
        // A client hands its terminal and its commands to whoever listens there.
        if let Ok(found) = fs::metadata(socket)
            && found.uid() != nix::unistd::geteuid().as_raw()
        {
            return Err(MuxError::Unusable(format!(
                "the tmux server at {} belongs to another user (uid {}); name one of your own: --socket NAME",
                socket.display(),
                found.uid()
            )));
        }
        Ok(Self { tmux, socket, began: Instant::now() })
    }

    /// Runs a chain.
    ///
    /// # Errors
    /// When tmux is missing, does not answer in time, or speaks another protocol than the server.
    pub fn ask(&self, chain: &Chain) -> Result<Reply> {
        self.ask_with(chain, None)
    }

    /// Runs a chain with something on the client's standard input.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_with(&self, chain: &Chain, input: Option<Vec<u8>>) -> Result<Reply> {
        // Without -u tmux prints every character beyond ASCII as an underscore, unless the locale is right.
        let mut call = self.call().args(["-u", "-S"]).args([self.socket]).args(chain.words());
        if let Some(input) = input {
            call = call.stdin(input);
        }
        sort(self.run(&call)?)
    }

    /// Runs a chain, again where a server on its way out took the call; tells whether it did.
    ///
    /// A server ends after its last session; until its socket is closed, it accepts clients that it then drops.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn insist(&self, chain: &Chain) -> Result<(Reply, bool)> {
        const TRIES: u32 = 10;
        let mut reply = self.ask(chain)?;
        let mut again = false;
        for _ in 1..TRIES {
            if !matches!(reply, Reply::Gone(_)) {
                break;
            }
            // Without descriptors this is a pause.
            nix::poll::poll(&mut [], 5_u8).ok();
            reply = self.ask(chain)?;
            again = true;
        }
        Ok((reply, again))
    }

    /// The version in what `tmux -V` prints.
    ///
    /// # Errors
    /// When it can't be run, or prints no version.
    pub fn version(&self) -> Result<String> {
        let answer = self.run(&self.call().args(["-V"]))?;
        let text = answer.text();
        match text.strip_prefix("tmux ") {
            Some(version) if answer.ok() => Ok(version.trim().to_owned()),
            Some(_) | None => Err(MuxError::Failed(format!("tmux -V: {}", answer.complaint()))),
        }
    }

    /// The server's socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        self.socket
    }

    /// The time that is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.tmux.deadline.saturating_sub(self.began.elapsed())
    }

    /// Makes the socket's folder, which tmux does for `-L` only.
    ///
    /// # Errors
    /// When it can't be made, or it is the user's tmux folder and others could have put a socket there.
    pub fn prepare(&self) -> Result<()> {
        let Some(folder) = self.socket.parent() else { return Ok(()) };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            MuxError::Unusable(format!("can't make {} for tmux's socket: {error}", folder.display()))
        })?;
        let uid = nix::unistd::getuid().as_raw();
        if folder.file_name() == Some(OsStr::new(&format!("tmux-{uid}"))) {
            // The same test as tmux makes for -L: in /tmp anybody could have been first.
            let private = fs::symlink_metadata(folder).is_ok_and(|found| {
                found.is_dir() && found.uid() == uid && found.permissions().mode().trailing_zeros() >= 3
            });
            if !private {
                return Err(MuxError::Unusable(format!(
                    "{} is open to others or not yours; correct it (chmod 700) or name another tmux socket",
                    folder.display()
                )));
            }
        }
        Ok(())
    }

    fn call(&self) -> Call {
        // A server keeps the folder that it was started in, and so keeps it from being removed or unmounted.
        let call = Call::new(&self.tmux.program, self.left()).cwd(Path::new("/"));
        let call = std::env::vars_os().map(|(name, _)| name).filter(|name| !is_known(name)).fold(call, Call::without);
        self.tmux.environment.iter().fold(call, |call, (name, value)| call.env(name, value))
    }

    fn run(&self, call: &Call) -> Result<Answer> {
        run(call).map_err(|error| match error {
            CallError::Deadline { .. } => MuxError::Deadline(self.tmux.deadline),
            CallError::Start { source, .. } if source.kind() == ErrorKind::NotFound => MuxError::Unusable(format!(
                "tmux is not installed (no {} found): install tmux {} or newer",
                self.tmux.program.display(),
                super::OLDEST
            )),
            CallError::Start { .. } | CallError::Io { .. } => MuxError::Failed(error.to_string()),
        })
    }
}

/// Whether a variable may reach a server, and all that runs in it for as long as it lives: what a desktop, a terminal and
/// a login shell need, and nothing whose name could be a secret's. An agent's own environment comes by its launch file.
fn is_known(name: &OsStr) -> bool {
    const NAMES: [&str; 47] = [
        // The user, and where programs find things.
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "PATH",
        "PWD",
        "MAIL",
        "HOSTNAME",
        "HOSTTYPE",
        "TMPDIR",
        "TMUX_TMPDIR",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "DYLD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "NIX_PATH",
        "NIX_PROFILES",
        "NIX_SSL_CERT_FILE",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "BROWSER",
        "MANPATH",
        "INFOPATH",
        // Language and time.
        "LANG",
        "LANGUAGE",
        "LOCALE_ARCHIVE",
        "TZ",
        "TZDIR",
        "__CF_USER_TEXT_ENCODING",
        // The terminal.
        "TERM",
        "COLORTERM",
        "TERMINFO",
        "TERMINFO_DIRS",
        "NO_COLOR",
        "COLORFGBG",
        // The desktop, and the agents of ssh and gpg, which give no secret away.
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "WINDOWID",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSH_AUTH_SOCK",
        "SSH_AGENT_PID",
        "SSH_CLIENT",
        "SSH_CONNECTION",
        "SSH_TTY",
        "GPG_TTY",
    ];
    const XDG: [&str; 14] = [
        "CONFIG_HOME",
        "CONFIG_DIRS",
        "DATA_HOME",
        "DATA_DIRS",
        "STATE_HOME",
        "CACHE_HOME",
        "RUNTIME_DIR",
        "SESSION_ID",
        "SESSION_TYPE",
        "SESSION_CLASS",
        "SESSION_DESKTOP",
        "CURRENT_DESKTOP",
        "SEAT",
        "VTNR",
    ];
    const LOCALE: [&str; 13] = [
        "ALL",
        "CTYPE",
        "COLLATE",
        "MESSAGES",
        "MONETARY",
        "NUMERIC",
        "TIME",
        "ADDRESS",
        "IDENTIFICATION",
        "MEASUREMENT",
        "NAME",
        "PAPER",
        "TELEPHONE",
    ];
    let Some(name) = name.to_str() else { return false };
    let after = |prefix: &str, known: &[&str]| name.strip_prefix(prefix).is_some_and(|rest| known.contains(&rest));
    NAMES.contains(&name) || after("XDG_", &XDG) || after("LC_", &LOCALE)
}

fn sort(answer: Answer) -> Result<Reply> {
    if answer.ok() {
        return Ok(Reply::Said(answer.stdout));
    }
    let complaint = answer.complaint();
    let has = |part: &str| complaint.contains(part);
    let unreachable = has("error connecting to") && (has("(No such file or directory)") || has("(Connection refused)"));
    if answer.code.is_none() {
        return Err(MuxError::Failed(complaint));
    }
    if has("protocol version mismatch") {
        let hint = "the running server is of another tmux version; end it when you can, or name another socket";
        return Err(MuxError::Unusable(format!("{complaint}: {hint}")));
    }
    if has("File name too long") {
        let hint = "the socket's path is too long for the system; name a shorter one";
        return Err(MuxError::Unusable(format!("{complaint}: {hint}")));
    }
    Ok(if unreachable || has("no server running on") {
        Reply::NoServer
    } else if has("server exited") || has("lost server") {
        Reply::Gone(complaint)
    } else {
        Reply::Refused(complaint)
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{Reply, is_known, sort};
    use crate::os::process::Answer;

    #[test]
    fn s6_only_what_is_known_reaches_a_server() {
        for name in [
            "GITHUB_TOKEN",
            "my_secret",
            "PGPASSWORD",
            "OPENAI_API_KEY",
            "AWS_ACCESS_KEY_ID",
            "DATABASE_URL",
            "GH_PAT",
            "SENTRY_DSN",
            "HTTPS_PROXY",
            "NPM_AUTH",
            "SSH_ASKPASS",
            "XDG_SECRET",
            "LC_SECRET",
            "MYSQL_PWD",
            "GIT_DIR",
            "GANGER_ATTEMPT",
            "TMUX",
            "TMUX_PANE",
            "ANYTHING",
        ] {
            assert!(!is_known(OsStr::new(name)), "{name}");
        }
        for name in ["SSH_AUTH_SOCK", "PATH", "HOME", "TMUX_TMPDIR", "DISPLAY", "LC_ALL", "XDG_RUNTIME_DIR", "LANG"] {
            assert!(is_known(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn only_a_socket_without_a_listener_is_no_server() {
        let reply = |stderr: &str| {
            let stderr = stderr.as_bytes().to_vec();
            sort(Answer { code: Some(1), signal: None, stdout: Vec::new(), stderr })
        };
        for text in [
            "no server running on /s",
            "error connecting to /s (No such file or directory)",
            "error connecting to /s (Connection refused)",
        ] {
            assert!(matches!(reply(text), Ok(Reply::NoServer)), "{text}");
        }
        for text in ["error connecting to /s (Permission denied)", "can't find pane: %3", ""] {
            assert!(matches!(reply(text), Ok(Reply::Refused(_))), "{text}");
        }
        assert!(matches!(reply("server exited unexpectedly"), Ok(Reply::Gone(_))));
    }
}
