//! Where an agent that can't write the database leaves what it has to say: from a sandbox, say.
//!
//! A folder in the worktree that git ignores. A letter is one file, written whole; the shim delivers it, or the
//! reconciler when there is no shim any more. Whatever else stands in the folder is left alone: the agent may have put it
//! there.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};

use super::report::{self, Speaker, Word};
use super::{Engine, Fault, Kind};
use crate::domain::attempt::Plan;
use crate::domain::id::AttemptId;
use crate::domain::state::Activity;

/// The version of a letter.
const VERSION: u32 = 1;
/// How many entries of the folder are looked at in one delivery.
const MOST: usize = 100_000;
/// The largest letter that is read, in bytes.
const LARGEST: u64 = 1_000_000;

/// The folder, in an attempt's worktree.
#[must_use]
pub fn folder(worktree: &Path) -> PathBuf {
    worktree.join(".ganger")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Done,
    Fail,
    Ask,
    Note,
    Report,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Letter {
    version: u32,
    attempt: String,
    token: String,
    verb: Verb,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    activity: Option<String>,
    #[serde(default)]
    conversation: Option<String>,
}

impl Letter {
    fn new(attempt: &AttemptId, token: &str, word: &Word) -> Self {
        let letter = |verb, text: Option<&str>| Self {
            version: VERSION,
            attempt: attempt.to_string(),
            token: token.to_owned(),
            verb,
            text: text.map(str::to_owned),
            activity: None,
            conversation: None,
        };
        match word {
            Word::Done => letter(Verb::Done, None),
            Word::Fail(reason) => letter(Verb::Fail, Some(reason)),
            Word::Ask(question) => letter(Verb::Ask, Some(question)),
            Word::Note(text) => letter(Verb::Note, Some(text)),
            Word::Report { activity, saying, conversation } => Self {
                activity: activity.map(|activity| activity.text().to_owned()),
                conversation: conversation.clone(),
                ..letter(Verb::Report, saying.as_deref())
            },
        }
    }

    fn word(self) -> Option<Word> {
        let activity = self.activity.as_deref().map(Activity::parse).transpose().ok()?;
        Some(match self.verb {
            Verb::Done => Word::Done,
            Verb::Fail => Word::Fail(self.text?),
            Verb::Ask => Word::Ask(self.text?),
            Verb::Note => Word::Note(self.text?),
            Verb::Report => Word::Report { activity, saying: self.text, conversation: self.conversation },
        })
    }
}

/// Makes the folder, so that git does not see it.
///
/// # Errors
/// What the system says; also where something else stands there.
pub fn prepare(worktree: &Path) -> io::Result<()> {
    let folder = folder(worktree);
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(&folder) => {}
        made => made?,
    }
    // Nothing that stands there is written over, and no link is followed.
    match fs::OpenOptions::new().write(true).create_new(true).open(folder.join(".gitignore")) {
        Ok(mut ignore) => io::Write::write_all(&mut ignore, b"*\n"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Not where a link leads: the worktree is the agent's to write.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_dir())
}

/// Leaves a letter. Its name orders it after those that were left before.
///
/// # Errors
/// What the system says.
pub fn leave(folder: &Path, name: &str, attempt: &AttemptId, token: &str, word: &Word) -> io::Result<()> {
    let letter = serde_json::to_vec(&Letter::new(attempt, token, word)).map_err(io::Error::other)?;
    let draft = folder.join(format!("{name}.tmp"));
    // The token is in it.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    io::Write::write_all(&mut file, &letter)?;
    file.sync_all()?;
    fs::rename(draft, folder.join(format!("{name}.letter")))
}

/// Delivers what lies there, in order, for about as long as `patience`: an agent can leave more than anybody has the time
/// for. A letter that can't be read, or is another attempt's, is put aside for people to see; one that the database does
/// not take now stays for later.
pub fn deliver(engine: &Engine, plan: &Plan, patience: Duration) {
    let folder = folder(&plan.worktree);
    if !is_folder(&folder) {
        return;
    }
    let Ok(entries) = fs::read_dir(&folder) else { return };
    let mut letters: Vec<PathBuf> = entries
        .take(MOST)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "letter"))
        .collect();
    letters.sort();
    let started = engine.ports.clock.now().boot;
    for path in letters {
        if engine.ports.clock.now().boot.since(started) > patience {
            return;
        }
        match read(&path, plan).map(|word| said(engine, plan, &word)) {
            Some(Ok(())) => drop(fs::remove_file(&path)),
            Some(Err(fault)) if fault.kind == Kind::Failed => return,
            Some(Err(_)) | None => drop(fs::rename(&path, path.with_extension("refused"))),
        }
    }
}

fn said(engine: &Engine, plan: &Plan, word: &Word) -> Result<(), Fault> {
    let speaker = Speaker::Agent { attempt: plan.id.clone(), token: plan.token.clone() };
    report::say(engine, &speaker, word).map(drop)
}

fn read(path: &Path, plan: &Plan) -> Option<Word> {
    // The agent can put anything there at any time: a link is not followed, a pipe is not waited for.
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text).ok()?;
    if text.len() as u64 > LARGEST {
        return None;
    }
    let letter: Letter = serde_json::from_slice(&text).ok()?;
    let genuine = letter.version == VERSION && letter.attempt == plan.id.as_str() && letter.token == plan.token;
    genuine.then(|| letter.word()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Letter, Word};
    use crate::domain::id::AttemptId;
    use crate::domain::state::Activity;

    #[test]
    fn every_word_survives_the_outbox() {
        let attempt = AttemptId::parse("01980000-0000-7000-8000-0123456789ab").unwrap();
        let report = Word::Report {
            activity: Some(Activity::Waiting),
            saying: Some("may I?".to_owned()),
            conversation: Some("abc".to_owned()),
        };
        for word in [Word::Done, Word::Fail("no".into()), Word::Ask("a\nb?".into()), Word::Note(String::new()), report]
        {
            let text = serde_json::to_string(&Letter::new(&attempt, "token", &word)).unwrap();
            let back: Letter = serde_json::from_str(&text).unwrap();
            assert_eq!(back.word(), Some(word));
        }
    }
}
