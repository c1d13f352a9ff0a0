//! The exit file: how an attempt ended, written by its shim before the database is told.

use serde::{Deserialize, Serialize};

use crate::domain::attempt::Exit;
use crate::domain::completion::{Ending, Evidence, How, Vanished};

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    how: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Whether the tree had changed; absent: unknown.
    changed: Option<bool>,
    /// Why that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unseen: Option<String>,
    review_without_output: bool,
    /// Milliseconds since 1970, for people.
    at: i64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Exited,
    OnlyVerified,
    Signalled,
    NotStarted,
    SetupFailed,
    TimedOut,
    PaneClosed,
    ServerGone,
    Terminated,
    Vanished,
}

/// The file's content.
///
/// # Errors
/// None in practice: every field has a JSON form.
pub fn encode(ending: &Ending, at: i64) -> Result<Vec<u8>, String> {
    let (how, code, signal, why) = match &ending.how {
        How::Process(Exit::Code(code)) => (Kind::Exited, Some(*code), None, None),
        How::Process(Exit::Signal(signal)) => (Kind::Signalled, None, Some(*signal), None),
        How::OnlyVerified => (Kind::OnlyVerified, None, None, None),
        How::NotStarted(why) => (Kind::NotStarted, None, None, Some(why.clone())),
        How::SetupFailed(why) => (Kind::SetupFailed, None, None, Some(why.clone())),
        How::TimedOut => (Kind::TimedOut, None, None, None),
        How::HungUp { server_alive: true } => (Kind::PaneClosed, None, None, None),
        How::HungUp { server_alive: false } => (Kind::ServerGone, None, None, None),
        How::Terminated => (Kind::Terminated, None, None, None),
        How::Vanished(Vanished::Shim | Vanished::Server | Vanished::Reboot) => (Kind::Vanished, None, None, None),
    };
    let changed = match ending.evidence {
        Evidence::Changed => Some(true),
        Evidence::Unchanged => Some(false),
        Evidence::Unknown => None,
    };
    let review_without_output = ending.review_without_output;
    let unseen = ending.unseen.clone();
    serde_json::to_vec(&File { version: 1, how, code, signal, why, changed, unseen, review_without_output, at })
        .map_err(|error| error.to_string())
}

/// Reads the file's content; the shim that wrote it is taken to be gone.
///
/// # Errors
/// A sentence, when it is not an exit file.
pub fn decode(bytes: &[u8]) -> Result<Ending, String> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| format!("not an exit file: {error}"))?;
    let why = file.why.unwrap_or_default();
    let how = match (file.how, file.code, file.signal) {
        (Kind::Exited, Some(code), _) => How::Process(Exit::Code(code)),
        (Kind::Signalled, _, Some(signal)) => How::Process(Exit::Signal(signal)),
        (Kind::Exited, None, _) => return Err("not an exit file: no code".to_owned()),
        (Kind::Signalled, _, None) => return Err("not an exit file: no signal".to_owned()),
        (Kind::OnlyVerified, ..) => How::OnlyVerified,
        (Kind::NotStarted, ..) => How::NotStarted(why),
        (Kind::SetupFailed, ..) => How::SetupFailed(why),
        (Kind::TimedOut, ..) => How::TimedOut,
        (Kind::PaneClosed, ..) => How::HungUp { server_alive: true },
        (Kind::ServerGone, ..) => How::HungUp { server_alive: false },
        (Kind::Terminated, ..) => How::Terminated,
        (Kind::Vanished, ..) => How::Vanished(Vanished::Shim),
    };
    let evidence = match file.changed {
        Some(true) => Evidence::Changed,
        Some(false) => Evidence::Unchanged,
        None => Evidence::Unknown,
    };
    let (unseen, review_without_output) = (file.unseen, file.review_without_output);
    Ok(Ending { how, evidence, unseen, review_without_output, can_verify: false })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::domain::attempt::Exit;
    use crate::domain::completion::{Ending, Evidence, How};

    #[test]
    fn every_ending_reads_back() {
        for how in [
            How::Process(Exit::Code(0)),
            How::Process(Exit::Code(3)),
            How::Process(Exit::Signal(11)),
            How::OnlyVerified,
            How::NotStarted("no such file".to_owned()),
            How::SetupFailed("npm ci".to_owned()),
            How::TimedOut,
            How::HungUp { server_alive: true },
            How::HungUp { server_alive: false },
            How::Terminated,
        ] {
            for evidence in [Evidence::Changed, Evidence::Unchanged, Evidence::Unknown] {
                for unseen in [None, Some("its worktree is gone".to_owned())] {
                    let how = how.clone();
                    let ending = Ending { how, evidence, unseen, review_without_output: true, can_verify: false };
                    assert_eq!(decode(&encode(&ending, 7).unwrap()), Ok(ending));
                }
            }
        }
    }

    #[test]
    fn half_a_file_is_refused() {
        for text in [
            "",
            "{",
            r#"{"version":1}"#,
            r#"{"version":1,"how":"exited","changed":true,"review_without_output":true,"at":0}"#,
        ] {
            assert!(decode(text.as_bytes()).is_err(), "{text}");
        }
    }
}
