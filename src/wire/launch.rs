//! The launch file: the dispatcher's orders to the shim. Versioned, private, read once and unlinked.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The version that this program writes and reads.
pub const VERSION: u32 = 1;

/// A string of the system: text where it is UTF-8, else its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&std::ffi::OsStr> for Word {
    fn from(word: &std::ffi::OsStr) -> Self {
        word.to_str().map_or_else(|| Self::Bytes(word.as_bytes().to_vec()), |text| Self::Text(text.to_owned()))
    }
}

impl From<&std::path::Path> for Word {
    fn from(path: &std::path::Path) -> Self {
        path.as_os_str().into()
    }
}

impl Word {
    /// The string.
    #[must_use]
    pub fn os(&self) -> OsString {
        match self {
            Self::Text(text) => text.into(),
            Self::Bytes(bytes) => OsString::from_vec(bytes.clone()),
        }
    }

    /// The string as a path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.os().into()
    }
}

/// The orders. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    pub version: u32,
    pub task: i64,
    pub attempt: String,
    pub database: Word,
    pub state_dir: Word,
    pub socket: Word,
    pub worktree: Word,
    pub argv: Vec<Word>,
    /// Only the verification is run.
    #[serde(default)]
    pub verify_only: bool,
    /// The agent's whole environment, but for what comes from its terminal.
    pub environment: Vec<(Word, Word)>,
    /// The file mode creation mask of setup, agent and verification; that of the tmux server where it is not said.
    #[serde(default)]
    pub umask: Option<u32>,
    /// Nobody has run in the tree yet: it equals its base.
    pub fresh: bool,
    /// Patterns of the main worktree's ignored files to bring along.
    #[serde(default)]
    pub copy: Vec<String>,
    #[serde(default)]
    pub link: Vec<String>,
    /// Whether copies of what the main worktree's `.worktreeinclude` names come along.
    #[serde(default)]
    pub include: bool,
    /// Whether the repository's post-checkout hook is run.
    #[serde(default)]
    pub checkout_hook: bool,
    pub setup: Vec<String>,
    pub setup_timeout: u64,
    pub verify: Vec<String>,
    pub verify_timeout: u64,
    pub timeout: Option<u64>,
    pub grace: u64,
    pub review_without_output: bool,
    /// The agent whose hooks are installed in the worktree.
    #[serde(default)]
    pub hooks: Option<String>,
    #[serde(default)]
    pub waiting: Vec<String>,
    #[serde(default)]
    pub limit: Vec<String>,
    #[serde(default)]
    pub resume_after_limit: bool,
    /// Commands by event.
    #[serde(default)]
    pub notify: std::collections::BTreeMap<String, Vec<String>>,
    /// Ganger itself, for what outlives its caller.
    #[serde(default)]
    pub program: Option<Word>,
    pub git_deadline: u64,
    pub tmux_deadline: u64,
    pub database_deadline: u64,
    pub max_orphan_retries: u32,
}

impl Launch {
    /// Whether anything is done in the tree before the agent starts.
    #[must_use]
    pub fn prepares(&self) -> bool {
        self.checkout_hook || self.include || !(self.copy.is_empty() && self.link.is_empty() && self.setup.is_empty())
    }

    /// The file's content.
    ///
    /// # Errors
    /// None in practice: every field has a JSON form.
    pub fn encode(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }

    /// Reads the file's content.
    ///
    /// # Errors
    /// A sentence, when it is not a launch file of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } =
            serde_json::from_slice(bytes).map_err(|error| format!("not a launch file: {error}"))?;
        if version != VERSION {
            return Err(format!("a launch file of version {version}, not {VERSION}: ganger was replaced meanwhile"));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("not a launch file: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::{Launch, Word};

    #[test]
    fn any_word_survives() {
        for bytes in [&b"plain"[..], b"\xff\xfe not text", b"", b"\"quotes\"\n"] {
            let word = Word::from(OsStr::from_bytes(bytes));
            let text = serde_json::to_string(&word).unwrap();
            let back: Word = serde_json::from_str(&text).unwrap();
            assert_eq!(back.os().as_bytes(), bytes);
        }
    }

    #[test]
    fn another_version_is_refused_by_number() {
        let error = Launch::decode(br#"{"version":99}"#).unwrap_err();
        assert!(error.contains("99"), "{error}");
    }
}
