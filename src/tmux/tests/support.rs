//! A private tmux server in a folder of its own, and a shim that tells what it was given.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::domain::id::AttemptId;
use crate::os::process::{Answer, Call, run};
use crate::ports::multiplexer::{Multiplexer as _, NewSession, PaneSeen, Panes, Result};
use crate::tmux::Tmux;

pub const LONG: Duration = Duration::from_secs(30);

/// Waits until `wanted` gives something.
pub fn until<T>(what: &str, mut wanted: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = wanted() {
            return found;
        }
        assert!(began.elapsed() < LONG, "waited in vain: {what}");
        nix::poll::poll(&mut [], 5_u8).ok();
    }
}

/// Writes a script that can be run at once.
///
/// By another process: one that this process is writing can't be run while a thread forks ("text file busy").
pub fn script(path: &Path, text: &str) {
    let call = Call::new("sh", LONG).args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).args([path]);
    let answer = run(&call.stdin(text.as_bytes().to_vec())).unwrap();
    assert!(answer.ok(), "{}", answer.complaint());
}

pub fn id(number: u32) -> AttemptId {
    AttemptId::parse(&format!("01980000-0000-7000-8000-{number:012x}")).unwrap()
}

/// Ends the one server on its socket when dropped.
pub struct Rig {
    pub folder: TempDir,
    pub socket: PathBuf,
    pub tmux: Tmux,
    pub shim: PathBuf,
}

impl Rig {
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join(".tmux.conf"), config).unwrap();
        let shim = folder.path().join("ganger");
        let told = folder.path().join("told");
        fs::create_dir(&told).unwrap();
        script(
            &shim,
            &format!(
                "#!/bin/sh\npwd > '{0}/'$2.pwd\nprintf '%s\\0' \"$@\" > '{0}/'$2.new\nmv '{0}/'$2.new '{0}/'$2\n\
                 case \"$3\" in exit) exit 3 ;; alt) printf '\\033[?1049hseen\\033[?1049l' ;; \
                 print) printf 'one\\ntwo \\033[31mred\\nthree\\n' ;; \
                 type) cat > '{0}/'$2.typed ;; \
                 marked) printf '\\033[?2004hready'; cat > '{0}/'$2.typed ;; esac\nexec sleep 600\n",
                told.display()
            ),
        );
        let tmux = Tmux::new(LONG).with_variable("HOME", &home).with_variable("XDG_CONFIG_HOME", &home);
        Self { socket: folder.path().join("sockets/s"), tmux, shim, folder }
    }

    /// Runs the real tmux on this server, beside what is tested.
    pub fn say<S: AsRef<OsStr>>(&self, words: &[S]) -> Answer {
        let home = self.folder.path().join("home");
        let call = Call::new("tmux", LONG).without("TMUX").without("TMUX_PANE");
        let call = call.env("HOME", &home).env("XDG_CONFIG_HOME", &home).args(["-u", "-S"]).args([&self.socket]);
        run(&call.args(words)).unwrap()
    }

    /// As [`Self::say`], and it must succeed.
    pub fn said<S: AsRef<OsStr>>(&self, words: &[S]) -> String {
        let answer = self.say(words);
        assert!(answer.ok(), "{}", answer.complaint());
        answer.text()
    }

    pub fn start(&self, name: &str, number: u32, how: &str) -> Result<()> {
        self.start_with(name, number, self.folder.path(), &[how.into()], true)
    }

    pub fn start_with(&self, name: &str, number: u32, folder: &Path, more: &[OsString], alternate: bool) -> Result<()> {
        let attempt = id(number);
        let mut argv: Vec<OsString> = vec![self.shim.clone().into(), "__agent".into(), attempt.as_str().into()];
        argv.extend_from_slice(more);
        let session = NewSession {
            name,
            attempt: &attempt,
            folder,
            argv: &argv,
            columns: 90,
            rows: 20,
            alternate_screen: alternate,
        };
        self.tmux.start(&self.socket, &session)
    }

    /// A person's pane.
    pub fn foreign(&self, name: &str) -> PaneSeen {
        fs::create_dir_all(self.socket.parent().unwrap()).unwrap();
        self.said(&["new-session", "-d", "-s", name, "--", "sleep", "600"]);
        self.panes().into_iter().find(|pane| pane.session == name).unwrap()
    }

    pub fn panes(&self) -> Vec<PaneSeen> {
        match self.tmux.panes(&self.socket).unwrap() {
            Panes::Listed(panes) => panes,
            Panes::NoServer => panic!("no server"),
        }
    }

    pub fn pane(&self, number: u32) -> PaneSeen {
        self.panes().into_iter().find(|pane| pane.argv == Some(id(number))).unwrap()
    }

    /// What the shim of an attempt was given, after the program's name.
    pub fn told(&self, number: u32) -> Vec<OsString> {
        let path = self.folder.path().join("told").join(id(number).as_str());
        let bytes = until("the shim ran", || fs::read(&path).ok());
        let bytes = bytes.strip_suffix(b"\0").unwrap().to_vec();
        bytes.split(|byte| *byte == 0).map(|word| OsStr::from_bytes(word).to_owned()).collect()
    }

    /// What was typed at the shim of an attempt.
    pub fn typed(&self, number: u32) -> String {
        let path = self.folder.path().join("told").join(format!("{}.typed", id(number)));
        fs::read_to_string(path).unwrap_or_default()
    }

    /// The folder that the shim of an attempt found itself in.
    pub fn place(&self, number: u32) -> OsString {
        self.told(number);
        let mut bytes = fs::read(self.folder.path().join("told").join(format!("{}.pwd", id(number)))).unwrap();
        bytes.pop();
        OsStr::from_bytes(&bytes).to_owned()
    }

    /// Ends the server and waits for its end.
    pub fn end(&self) {
        let pid: u32 = self.said(&["display-message", "-p", "#{pid}"]).parse().unwrap();
        let watch = crate::os::exit_watch(pid).unwrap();
        self.said(&["kill-server"]);
        let timeout = nix::poll::PollTimeout::try_from(LONG).unwrap();
        let mut fds = [nix::poll::PollFd::new(std::os::fd::AsFd::as_fd(&watch), nix::poll::PollFlags::POLLIN)];
        assert_eq!(nix::poll::poll(&mut fds, timeout), Ok(1));
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let call = Call::new("tmux", LONG).without("TMUX").args(["-S"]).args([&self.socket]).args(["kill-server"]);
        run(&call).ok();
    }
}
