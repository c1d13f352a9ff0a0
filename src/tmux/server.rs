//! Whether a server can be used, asked before anything is claimed. It never ends a server and never sets an option.

use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::OLDEST;
use super::call::{Reply, Talk};
use super::chain::{self, SERVER, SESSION};
use super::panes::{unexpected, whole};
use crate::ports::multiplexer::{MuxError, Result, Server};

/// Finds the server's version and sessions; where none runs, those that the user's configuration would give.
///
/// # Errors
/// When tmux can't be used as it is, or can't be asked.
pub fn find(talk: &Talk<'_>) -> Result<Server> {
    talk.prepare()?;
    let (answer, probe) = match talk.insist(&chain::server(false))?.0 {
        Reply::Said(answer) => (answer, false),
        // Starts a server that reads the configuration and, having no session, ends.
        Reply::NoServer => match talk.insist(&chain::server(true))?.0 {
            Reply::Said(answer) => (answer, true),
            Reply::NoServer => return Err(refused(talk, "no server could be started".to_owned())),
            Reply::Gone(complaint) => return Err(stuck(talk, &complaint)),
            Reply::Refused(complaint) => return Err(refused(talk, complaint)),
        },
        Reply::Gone(complaint) => return Err(stuck(talk, &complaint)),
        Reply::Refused(complaint) => return Err(refused(talk, complaint)),
    };
    let facts = read(&answer)?;
    // First: one that is refused would answer the next call, with options that were corrected meanwhile.
    if probe && facts.exit_empty && facts.sessions.is_empty() {
        await_end(facts.pid, talk.left());
    }
    let version = if facts.version.is_empty() { talk.version()? } else { facts.version };
    if !new_enough(&version) {
        return Err(too_old(&version));
    }
    if facts.exit_unattached {
        return Err(MuxError::Unusable(
            "tmux's exit-unattached is on, so the server ends, and every agent with it, when you detach; turn it off: \
             remove it from your tmux.conf and run `tmux set-option -s exit-unattached off`"
                .to_owned(),
        ));
    }
    if facts.window_size == "manual" && !survives_manual(&version) {
        return Err(sized_by_hand());
    }
    Ok(Server { version, sessions: facts.sessions })
}

/// What to say of a server that a new window would end.
pub fn sized_by_hand() -> MuxError {
    MuxError::Unusable(
        "tmux's window-size is manual, with which tmux before 3.7 crashes on a new window, and every session with it; set \
         another: remove it from your tmux.conf and run `tmux set-option -g window-size latest`, or update tmux"
            .to_owned(),
    )
}

/// A server that drops every client is on its way out and does not get there (3.3a, after a `kill-server` under load).
/// It has no panes any more; but it is not ours to end.
fn stuck(talk: &Talk<'_>, complaint: &str) -> MuxError {
    MuxError::Failed(format!(
        "the tmux server on {} drops every client ({complaint}): if that lasts, it is stuck while ending; remove that \
         socket file, or end the server's process, and a new one can start",
        talk.socket().display()
    ))
}

/// A complaint, unless what stands behind it is that tmux is too old to understand us.
fn refused(talk: &Talk<'_>, complaint: String) -> MuxError {
    match talk.version() {
        Ok(version) if !new_enough(&version) => too_old(&version),
        Ok(_) | Err(_) => MuxError::Failed(complaint),
    }
}

fn too_old(version: &str) -> MuxError {
    MuxError::Unusable(format!("tmux {version:?} can't be used: {OLDEST} or newer is needed"))
}

struct Facts {
    version: String,
    exit_unattached: bool,
    exit_empty: bool,
    pid: Option<u32>,
    window_size: String,
    sessions: Vec<String>,
}

fn read(answer: &[u8]) -> Result<Facts> {
    let lines = whole(answer)?;
    let [first, size, rest @ ..] = lines.as_slice() else { return Err(unexpected(answer)) };
    let line = String::from_utf8_lossy(first).into_owned();
    let fields: Vec<&str> = line.split('\t').collect();
    let [SERVER, version, unattached, empty, pid] = fields.as_slice() else { return Err(unexpected(first)) };
    let on = |value: &str| match value {
        "1" | "on" => Ok(true),
        "0" | "off" => Ok(false),
        _ => Err(unexpected(first)),
    };
    let mut sessions = Vec::with_capacity(rest.len());
    for line in rest {
        let text = String::from_utf8_lossy(line);
        let (mark, name) = text.split_once('\t').ok_or_else(|| unexpected(line))?;
        if mark != SESSION {
            return Err(unexpected(line));
        }
        sessions.push(name.to_owned());
    }
    Ok(Facts {
        version: (*version).to_owned(),
        exit_unattached: on(unattached)?,
        exit_empty: on(empty)?,
        pid: pid.parse().ok(),
        window_size: String::from_utf8_lossy(size).into_owned(),
        sessions,
    })
}

/// Waits for the server that the probe started: a client that meets it on its way out fails (3.3a, 18 of 60).
fn await_end(pid: Option<u32>, left: Duration) {
    let Some(watch) = pid.and_then(crate::os::exit_watch) else { return };
    let patience = left.min(Duration::from_millis(500));
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    // Not seeing the end costs the next call one retry, no more.
    poll(&mut [PollFd::new(watch.as_fd(), PollFlags::POLLIN)], timeout).ok();
}

/// Whether a version, as tmux prints it, is [`OLDEST`] or newer.
fn new_enough(version: &str) -> bool {
    at_least(version, (3, 2), (6, 9))
}

/// Whether this version makes windows while `window-size` is `manual`. What is not known to does not.
fn survives_manual(version: &str) -> bool {
    version != "master" && !version.starts_with("next-") && at_least(version, (3, 7), (u32::MAX, 0))
}

fn at_least(version: &str, oldest: (u32, u32), openbsd: (u32, u32)) -> bool {
    // Built from the development tree before versions were named next-N.
    if version == "master" {
        return true;
    }
    // OpenBSD ships tmux with itself: 6.9 has 3.2.
    let (numbers, oldest) = match version.strip_prefix("openbsd-") {
        Some(numbers) => (numbers, openbsd),
        None => (version.strip_prefix("next-").unwrap_or(version), oldest),
    };
    let Some((major, minor)) = numbers.split_once('.') else { return false };
    let minor = minor.find(|letter: char| !letter.is_ascii_digit()).map_or(minor, |end| &minor[..end]);
    match (major.parse::<u32>(), minor.parse::<u32>()) {
        (Ok(major), Ok(minor)) => (major, minor) >= oldest,
        (Ok(_) | Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{new_enough, read, survives_manual};

    #[test]
    fn versions_are_compared_as_numbers() {
        for good in ["3.2", "3.2a", "3.3a", "3.10", "4.0", "next-3.5", "openbsd-7.4", "3.3-rc2", "master"] {
            assert!(new_enough(good), "{good}");
        }
        for bad in ["", "1.8", "2.9a", "3.1c", "3", "hello", "3.x", "next-3.1", "openbsd-6.8"] {
            assert!(!new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn t18_only_versions_that_are_known_to_survive_a_manual_size_do() {
        for good in ["3.7", "3.7c", "3.10", "4.0"] {
            assert!(survives_manual(good), "{good}");
        }
        for bad in ["3.2a", "3.3a", "3.6a", "next-3.7", "openbsd-7.8", "master", "?"] {
            assert!(!survives_manual(bad), "{bad}");
        }
    }

    #[test]
    fn facts_are_read_strictly() {
        let facts = read(b"ganger-server\t3.3a\t0\t1\t12\nlatest\nganger-session\ta b\nganger-end\n").unwrap();
        assert_eq!(
            (facts.version.as_str(), facts.exit_unattached, facts.exit_empty, facts.pid),
            ("3.3a", false, true, Some(12))
        );
        assert_eq!(facts.sessions, ["a b"]);
        for wrong in [
            &b""[..],
            b"ganger-end\n",
            b"ganger-server\t3.3a\t0\t1\t12\nlatest\n",
            b"ganger-server\t3.3a\t\t1\t12\nlatest\nganger-end\n",
            b"ganger-server\t3.3a\t0\t1\t12\nlatest\nboo\nganger-end\n",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
