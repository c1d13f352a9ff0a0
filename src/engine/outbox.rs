//! Where an agent that can't write the database leaves what it has to say: from a sandbox, say.
//!
//! A folder in the worktree that git ignores. A letter is one file, written whole; the shim delivers it, or the
//! reconciler when there is no shim any more. Whatever else stands in the folder is left alone: the agent may have put it
//! there.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::report::{self, Speaker, Word};
use super::{Engine, Fault, Kind};
use crate::domain::attempt::Plan;
use crate::domain::id::AttemptId;
use crate::domain::state::Activity;
use crate::ports::host::{Access, Content, TreeFiles};

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

/// Makes the folder, so that git does not see it. Nothing that stands there is written over.
///
/// # Errors
/// What the system says; also where something else stands there.
pub fn prepare(files: &dyn TreeFiles, worktree: &Path) -> io::Result<()> {
    let folder = folder(worktree);
    files.make_folder(&folder, Access::Owner)?;
    files.create(&folder.join(".gitignore"), b"*\n").map(drop)
}

/// A letter of an attempt's agent, as it is written.
///
/// # Errors
/// None that a word could bring about.
pub fn letter(attempt: &AttemptId, token: &str, word: &Word) -> io::Result<Vec<u8>> {
    serde_json::to_vec(&Letter::new(attempt, token, word)).map_err(io::Error::other)
}

/// Leaves a letter. Its name orders it after those that were left before.
///
/// # Errors
/// What the system says.
pub fn leave(files: &dyn TreeFiles, folder: &Path, name: &str, letter: &[u8]) -> io::Result<()> {
    // A token is in it.
    files.replace(&folder.join(format!("{name}.letter")), letter, Access::Owner)
}

/// Delivers what lies there, in order, for about as long as `patience`: an agent can leave more than anybody has the time
/// for. A letter that is none, or is another attempt's, is put aside for people to see.
///
/// # Errors
/// Why some are left for later: the folder or a letter can't be read now, or the database does not take it.
pub fn deliver(engine: &Engine, plan: &Plan, patience: Duration) -> Result<(), Fault> {
    let files = &engine.ports.tree_files;
    let unread = |path: &Path, error: &io::Error| Fault::io(&format!("reading {}", path.display()), error);
    let folder = folder(&plan.worktree);
    let mut letters = files.list(&folder, MOST).map_err(|error| unread(&folder, &error))?;
    letters.retain(|path| path.extension().is_some_and(|kind| kind == "letter"));
    letters.sort();
    let started = engine.ports.clock.now().boot;
    for path in letters {
        if engine.ports.clock.now().boot.since(started) > patience {
            return Ok(());
        }
        let word = match files.read(&path, LARGEST).map_err(|error| unread(&path, &error))? {
            // Somebody else delivered it.
            Content::Absent => continue,
            Content::Bytes(bytes) => genuine(&bytes, plan),
            Content::NotAFile | Content::TooLarge => None,
        };
        let done = match word.map(|word| said(engine, plan, &word)) {
            Some(Ok(())) => files.remove(&path),
            Some(Err(fault)) if fault.kind == Kind::Failed => return Err(fault),
            Some(Err(_)) | None => files.rename(&path, &path.with_extension("refused")),
        };
        // It was heard. One that stays is heard again, and changes nothing then.
        done.ok();
    }
    Ok(())
}

fn said(engine: &Engine, plan: &Plan, word: &Word) -> Result<(), Fault> {
    let speaker = Speaker::Agent { attempt: plan.id.clone(), token: plan.token.clone() };
    report::say(engine, &speaker, word).map(drop)
}

/// What a letter of this attempt's says.
fn genuine(text: &[u8], plan: &Plan) -> Option<Word> {
    let letter: Letter = serde_json::from_slice(text).ok()?;
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
