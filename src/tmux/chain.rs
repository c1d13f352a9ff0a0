//! The argv of tmux commands. Nothing here runs one.
//!
//! Whatever comes from outside is escaped here and nowhere else: an argument that ends in `;` would end its
//! command, and `-c` of `new-session` is a format. No command is said by its whole name, which an alias could take.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use tmux_interface::{
    CapturePane, DisplayMessage, IfShell, ListPanes, ListSessions, NewSession as New, SetOption, StartServer,
    TmuxCommand,
};

use super::panes;
use super::target::{Name, Target};
use crate::domain::id::AttemptId;
use crate::ports::multiplexer::{MuxError, NewSession, Result};

/// The pane option that carries the attempt.
pub const MARK: &str = "@ganger_attempt";

/// How a line with the server's facts begins.
pub const SERVER: &str = "ganger-server";

/// How a line with a session's name begins.
pub const SESSION: &str = "ganger-session";

/// Commands that tmux gets in one call: a failing one ends the chain.
#[derive(Clone, Debug, Default)]
pub struct Chain(Vec<OsString>);

impl Chain {
    /// The words for the command line.
    #[must_use]
    pub fn words(&self) -> &[OsString] {
        &self.0
    }

    fn of(command: &TmuxCommand<'_>) -> Self {
        Self::default().then(command)
    }

    fn then(mut self, command: &TmuxCommand<'_>) -> Self {
        if !self.0.is_empty() {
            self.0.push(";".into());
        }
        let words = command.to_vec();
        if let Some((name, arguments)) = words.split_first() {
            self.0.push(unaliased(name).into());
            self.0.extend(arguments.iter().map(|word| closed(OsStr::new(word.as_ref()))));
        }
        self
    }

    fn word(mut self, word: impl AsRef<OsStr>) -> Self {
        self.0.push(closed(word.as_ref()));
        self
    }

    fn ended(self) -> Self {
        self.then(&DisplayMessage::new().print().message(panes::END).build())
    }
}

/// A command's name without its last letter. An alias (`command-alias`) takes the place of a command that is called by its
/// whole name; tmux itself takes any beginning that only one command has.
fn unaliased(name: &str) -> &str {
    name.get(..name.len().saturating_sub(1)).unwrap_or(name)
}

/// A command that stands within another's argument.
fn inner(words: &[&str]) -> String {
    let (name, arguments) = words.split_first().unwrap_or((&"", &[]));
    [&[unaliased(name)], arguments].concat().join(" ")
}

/// Asks for the server's facts and sessions; `start` runs a server where none does.
#[must_use]
pub fn server(start: bool) -> Chain {
    let facts = format!("{SERVER}\t#{{version}}\t#{{exit-unattached}}\t#{{exit-empty}}\t#{{pid}}");
    let facts = DisplayMessage::new().print().message(facts).build();
    // Not as a format, which the current window's own value would answer.
    let mut size = TmuxCommand::with_name("show-options");
    size.push_flag("-gwv").push_param("window-size");
    let chain = if start { Chain::of(&StartServer::new().build()).then(&facts) } else { Chain::of(&facts) };
    chain.then(&size).then(&ListSessions::new().format(format!("{SESSION}\t#{{session_name}}")).build()).ended()
}

/// Asks for the sessions alone.
#[must_use]
pub fn sessions() -> Chain {
    Chain::of(&ListSessions::new().format(format!("{SESSION}\t#{{session_name}}")).build()).ended()
}

/// Makes a session: detached, kept on exit, marked.
///
/// # Errors
/// When its name, its argv or its mark could be taken for something else.
pub fn start(session: &NewSession<'_>) -> Result<Chain> {
    let name = Name::new(session.name)?;
    let refuse = |why: &str| Err(MuxError::Failed(format!("{}: {why}", session.name)));
    if session.argv.len() < 2 {
        // tmux gives a single word to a shell.
        return refuse("its command needs two words or more");
    }
    if !session.argv.iter().any(|word| word == session.attempt.as_str()) {
        return refuse("its command doesn't carry its attempt");
    }
    if !session.folder.is_absolute() {
        return refuse("its folder is not an absolute path");
    }
    let (width, height) = (usize::from(session.columns), usize::from(session.rows));
    let new = New::new().detached().session_name(unless_it_crashes(name)).width(width).height(height).build();
    let mut chain = Chain::of(&new).word("-c").word(literal(session.folder)).word("--");
    for word in session.argv {
        chain = chain.word(word);
    }
    let (window, within, pane) = (Target::first_window(name), Target::within(name), Target::first_pane(name));
    let set = SetOption::new;
    chain = chain
        .then(&set().window().target_pane(window.as_str()).option("remain-on-exit").value("on").build())
        .then(&set().target_pane(within.as_str()).option("destroy-unattached").value("off").build())
        .then(&set().pane().target_pane(pane.as_str()).option(MARK).value(session.attempt.as_str()).build())
        // A hook that starts what has ended again would start it for ever: the shim ends at once, its attempt being over.
        .then(&set().pane().target_pane(pane.as_str()).option("pane-died").value("").build());
    if !session.alternate_screen {
        let off = set().window().target_pane(window.as_str()).option("alternate-screen").value("off").build();
        chain = chain.then(&off);
    }
    Ok(chain)
}

/// How tmux complains of a name that [`unless_it_crashes`] has made empty.
pub const NO_NAME: &str = "invalid session:";

/// The name of a session to be made, as a format: empty, and so refused, where making it would end the server.
///
/// tmux before 3.7 crashes on every new window while the global `window-size` is `manual`. It is asked in the moment that
/// counts: since the look before the claim a person may have set it.
fn unless_it_crashes(name: Name<'_>) -> String {
    format!("#{{?#{{&&:#{{==:#{{window-size}},manual}},#{{m:*3.[2-6]*,#{{version}}}}}},,{}}}", name.as_str())
}

/// Lists every pane of the server.
#[must_use]
pub fn panes() -> Chain {
    Chain::of(&ListPanes::new().all().format(panes::FORMAT).build()).ended()
}

/// A format that is true for a pane that still has that process, or had it when that ended, and that attempt.
fn ours(pid: i32, attempt: &AttemptId) -> String {
    let process = format!("#{{||:#{{==:#{{pane_pid}},{pid}}},#{{&&:#{{pane_dead}},#{{==:#{{pane_pid}},}}}}}}");
    format!("#{{&&:{process},#{{m:*__agent {attempt}*,#{{pane_start_command}}}}}}")
}

/// The answer of a pane that is not ours, or has ended.
pub const NOT_OURS: &str = "ganger-not-ours";

/// The answer of a pane that would pass on what is typed to the panes beside it.
pub const SYNCHRONIZED: &str = "ganger-synchronized";

/// The answer of a pane that takes no input.
pub const CLOSED: &str = "ganger-closed";

/// Pastes what the client reads from its standard input into a pane if, in the moment that the server runs this, it still
/// has that process and that attempt, and nobody else would be typed to.
#[must_use]
pub fn paste(pane: &Target, pid: i32, attempt: &AttemptId) -> Chain {
    let buffer = format!("ganger-{attempt}");
    let mut load = TmuxCommand::with_name("load-buffer");
    load.push_option("-b", buffer.clone()).push_param("-");
    // -p: the program is told that it is a paste, where it wants to know; -r: line breaks stay what they are.
    let act = inner(&["paste-buffer", "-p", "-r", "-d", "-b", &buffer, "-t", pane.as_str()]);
    let otherwise = inner(&["delete-buffer", "-b", &buffer]);
    typed(Chain::default().then(&load), (pane, pid, attempt), &act, Some(&otherwise))
}

/// Presses a key in a pane, as [`paste`] pastes.
#[must_use]
pub fn key(pane: &Target, pid: i32, attempt: &AttemptId, key: &str) -> Chain {
    let act = inner(&["send-keys", "-t", pane.as_str(), key]);
    typed(Chain::default(), (pane, pid, attempt), &act, None)
}

/// Adds `act` under the condition that only the attempt's own pane hears it; else `otherwise`, and the reason is printed.
fn typed(chain: Chain, (pane, pid, attempt): (&Target, i32, &AttemptId), act: &str, otherwise: Option<&str>) -> Chain {
    let alive = format!("#{{&&:#{{==:#{{pane_dead}},0}},{}}}", ours(pid, attempt));
    let shared = "#{&&:#{pane_synchronized},#{!=:#{window_panes},1}}";
    let why = format!("#{{?{alive},#{{?{shared},{SYNCHRONIZED},#{{?pane_input_off,{CLOSED},}}}},{NOT_OURS}}}");
    // Somebody may be scrolling there: then keys would go to tmux, and a paste would not be marked as one.
    let leave = inner(&["copy-mode", "-q", "-t", pane.as_str()]);
    let refuse = inner(&["display-message", "-p", "-t", pane.as_str(), &format!("'{why}'")]);
    let refuse = otherwise.map_or_else(|| refuse.clone(), |otherwise| format!("{otherwise} ; {refuse}"));
    let mut check = TmuxCommand::with_name("if-shell");
    check.push_flag("-F").push_option("-t", pane.as_str().to_owned());
    check.push_param(format!("#{{==:{why},}}")).push_param(format!("{leave} ; {act}")).push_param(refuse);
    chain.then(&check).ended()
}

/// Gives a pane's window a size, where no client shows it and no other pane shares it. tmux notes such a size as one that
/// holds whoever attaches: that is taken back in the same breath.
#[must_use]
pub fn resize(pane: &Target, (columns, rows): (u16, u16)) -> Chain {
    let (target, columns, rows) = (pane.as_str(), columns.to_string(), rows.to_string());
    let free = "#{&&:#{==:#{session_attached},0},#{==:#{window_panes},1}}";
    let other = format!("#{{!=:#{{window_width}}x#{{window_height}},{columns}x{rows}}}");
    let resize = inner(&["resize-window", "-t", target, "-x", &columns, "-y", &rows]);
    let release = inner(&["set-option", "-w", "-u", "-t", target, "window-size"]);
    let act = format!("{resize} ; {release}");
    let condition = format!("#{{&&:{free},{other}}}");
    Chain::of(&IfShell::new().not_execute().target_pane(target).shell_command(condition).command(act).build())
}

/// Asks for a pane's bell flag.
#[must_use]
pub fn rang(pane: &Target) -> Chain {
    let mut ask = TmuxCommand::with_name("display-message");
    ask.push_flag("-p").push_option("-t", pane.as_str().to_owned()).push_param("#{window_bell_flag}");
    Chain::of(&ask)
}

/// Ends a pane if, in the moment that the server runs this, it still has that process and that attempt.
#[must_use]
pub fn kill(pane: &Target, pid: i32, attempt: &AttemptId) -> Chain {
    let ours = ours(pid, attempt);
    let kill = inner(&["kill-pane", "-t", pane.as_str()]);
    Chain::of(&IfShell::new().not_execute().target_pane(pane.as_str()).shell_command(ours).command(kill).build())
}

/// Prints a pane's screen and up to `lines` lines above it.
#[must_use]
pub fn capture(pane: &Target, lines: u32) -> Chain {
    let from = format!("-{lines}");
    Chain::of(&CapturePane::new().stdout().escape_sequences().start_line(from).target_pane(pane.as_str()).build())
}

/// Shows, over the current client's screen, what `words` run.
#[must_use]
pub fn popup(words: &[OsString]) -> Chain {
    let mut command = TmuxCommand::with_name("display-popup");
    command.push_flag("-E").push_option("-w", "90%").push_option("-h", "90%").push_flag("--");
    words.iter().fold(Chain::of(&command), Chain::word)
}

/// A word that can't end its command: tmux reads `;` at a word's end as a separator, and `\;` there as `;`.
fn closed(word: &OsStr) -> OsString {
    let bytes = word.as_bytes();
    match bytes.split_last() {
        Some((b';', rest)) => OsString::from_vec([rest, b"\\;"].concat()),
        _ => word.to_owned(),
    }
}

/// A path that expands to itself as a format: `##` is one `#`, but a run of them before `[` is left as it is.
fn literal(path: &Path) -> OsString {
    let bytes = path.as_os_str().as_bytes();
    let mut out = Vec::with_capacity(bytes.len() + 8);
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|byte| **byte == b'#').count();
        if run == 0 {
            out.push(*first);
            rest = &rest[1..];
            continue;
        }
        let doubled = rest.get(run) != Some(&b'[');
        out.extend(std::iter::repeat_n(b'#', if doubled { run * 2 } else { run }));
        rest = &rest[run..];
    }
    OsString::from_vec(out)
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::path::Path;

    use super::{closed, literal, start};
    use crate::domain::id::AttemptId;
    use crate::ports::multiplexer::NewSession;

    const ID: &str = "01980000-0000-7000-8000-0123456789ab";

    #[test]
    fn s3_a_word_never_ends_its_command() {
        for (word, out) in [(";", "\\;"), ("a;", "a\\;"), ("a\\;", "a\\\\;"), ("a;b", "a;b"), ("", "")] {
            assert_eq!(closed(OsStr::new(word)), out, "{word}");
        }
    }

    #[test]
    fn a_folder_is_no_format() {
        for (path, out) in [("/a#(x)", "/a##(x)"), ("/##", "/####"), ("/a#[b", "/a#[b"), ("/a##[#", "/a##[##")] {
            assert_eq!(literal(Path::new(path)), out, "{path}");
        }
    }

    #[test]
    fn what_could_be_taken_for_something_else_is_refused() {
        let attempt = AttemptId::parse(ID).unwrap();
        let good: Vec<OsString> = vec!["/bin/ganger".into(), "__agent".into(), ID.into()];
        let session = |name, folder: &'static str, argv: &[OsString]| {
            let session = NewSession {
                name,
                attempt: &attempt,
                folder: Path::new(folder),
                argv,
                columns: 80,
                rows: 24,
                alternate_screen: true,
            };
            start(&session).is_ok()
        };
        assert!(session("ganger-1", "/", &good));
        assert!(!session("ganger:1", "/", &good), "name");
        assert!(!session("ganger-1", ".", &good), "relative folder");
        assert!(!session("ganger-1", "/", &good[2..]), "one word is a shell string");
        assert!(!session("ganger-1", "/", &good[..2]), "no attempt");
    }
}
