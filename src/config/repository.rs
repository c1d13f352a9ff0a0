//! A repository's own file: read once, hashed, and laid over a person's settings as far as it may.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::document::{Document, Field, Table};
use super::table::{self, Share};
use super::{ConfigError, read};
use crate::domain::settings::Settings;
use crate::ports::repositories::{Repositories, Supplied, Unfit};

/// The file's name in the main worktree.
const NAME: &str = ".ganger.toml";
/// More than anybody writes by hand.
const LARGEST: u64 = 1024 * 1024;

/// The files on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepositoryFiles;

impl Repositories for RepositoryFiles {
    fn supplied(&self, repo: &Path) -> io::Result<Option<Supplied>> {
        // Where the main worktree is unknown, the path is a git directory: nothing in it is the repository's word.
        if repo.join(".git").symlink_metadata().is_err() {
            return Ok(None);
        }
        let path = repo.join(NAME);
        // A named pipe must not make anybody wait.
        let opened = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && path.symlink_metadata().is_err() => return Ok(None),
            Err(error) => return Err(error),
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidData, "it is not a file"));
        }
        let mut bytes = Vec::new();
        file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
            return Err(io::Error::new(ErrorKind::InvalidData, format!("it is larger than {LARGEST} bytes")));
        }
        let hash = hash(&bytes);
        Ok(Some(Supplied { path, bytes, hash }))
    }

    fn settings(&self, own: &Settings, supplied: &Supplied) -> Result<Settings, Unfit> {
        over(own, supplied).map_err(|error| Unfit { message: error.message, hint: error.hint })
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

fn over(own: &Settings, supplied: &Supplied) -> Result<Settings, ConfigError> {
    let path = &supplied.path;
    let text = match std::str::from_utf8(&supplied.bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = String::from_utf8_lossy(&supplied.bytes[..error.valid_up_to()]);
            let at = before.len();
            return Err(Document { path, text: &before }.refuse(at..at, "what is not UTF-8 stands", ""));
        }
    };
    let document = Document { path, text };
    refuse_what_is_not_its_own(document)?;
    let mut settings = own.clone();
    read::apply(&mut settings, document, &|name| std::env::var_os(name))?;
    Ok(settings)
}

fn refuse_what_is_not_its_own(document: Document<'_>) -> Result<(), ConfigError> {
    let parsed = document.table()?;
    for field in Table::top(document, parsed.get_ref()).fields() {
        // An unknown one is refused with its right name by the reader.
        let Some(section) = table::section(field.key).filter(|section| !section.name.is_empty()) else { continue };
        match section.repository {
            Share::Nothing => return Err(not_its_own(&field)),
            Share::Everything => {}
            Share::These(_) => {
                let its_own =
                    |inner: &Field<'_>| section.is_of_repository(inner.key) || !section.keys().contains(&inner.key);
                if let Some(other) = field.table()?.fields().into_iter().find(|inner| !its_own(inner)) {
                    return Err(not_its_own(&other));
                }
            }
        }
    }
    Ok(())
}

fn not_its_own(field: &Field<'_>) -> ConfigError {
    field.refuse_key(
        format_args!("a repository can't set `{}`", field.name()),
        "; it belongs in your own configuration: ganger config path",
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::RepositoryFiles;
    use crate::config::defaults;
    use crate::domain::settings::Settings;
    use crate::ports::repositories::{Repositories as _, Supplied, Unfit};

    fn own() -> Settings {
        let mut own = defaults(&|name| (name == "HOME").then(|| "/home/ann".into()));
        own.worktrees.setup = vec!["mine".to_owned()];
        own.completion.verify = vec!["check".to_owned()];
        own
    }

    fn over(text: &[u8]) -> Result<Settings, Unfit> {
        let supplied = Supplied { path: "/r/.ganger.toml".into(), bytes: text.to_vec(), hash: String::new() };
        RepositoryFiles.settings(&own(), &supplied)
    }

    #[test]
    fn tables_merge_by_key_and_lists_replace() {
        let text = "default_agent = 'bot'\n[agents.bot]\ncommand = ['bot']\n[agents.claude]\nmode = 'headless'\n\
                    [worktrees]\nbase = 'develop'\nsetup = ['npm ci']\ncopy = ['.env*']\nlink = ['node_modules']\n\
                    hooks = true\n[queue]\ntimeout = '1h'\nmax_orphan_retries = 1\n[completion]\nverify_timeout = '1m'\n";
        let settings = over(text.as_bytes()).unwrap();
        let own = own();
        assert_eq!((settings.default_agent.as_str(), settings.worktrees.base.as_str()), ("bot", "develop"));
        assert_eq!(settings.agents["claude"].command, own.agents["claude"].command);
        assert_ne!(settings.agents["claude"].mode, own.agents["claude"].mode);
        assert_eq!(settings.worktrees.setup, ["npm ci"]);
        assert_eq!((settings.worktrees.copy, settings.worktrees.hooks), (vec![".env*".to_owned()], true));
        assert_eq!(
            (settings.worktrees.link, settings.worktrees.root),
            (vec!["node_modules".to_owned()], own.worktrees.root)
        );
        assert_eq!((settings.completion.verify, settings.queue.max_orphan_retries), (vec!["check".to_owned()], 1));
        assert_eq!(over(b"").unwrap(), self::own());
    }

    #[test]
    fn what_is_a_persons_own_is_refused_with_its_line() {
        for (text, message) in [
            ("[tmux]\nsize = '80x24'", "a repository can't set `tmux` at /r/.ganger.toml:1; it belongs in your own"),
            ("\n[timing]", "a repository can't set `timing` at /r/.ganger.toml:2; it belongs in your own"),
            ("[notify]\nreview = ['x']", "`notify` at /r/.ganger.toml:1"),
            ("[permissions]\nagents = ['approve']", "`permissions` at /r/.ganger.toml:1"),
            ("[ui]", "`ui` at /r/.ganger.toml:1"),
            ("[keys]", "`keys` at /r/.ganger.toml:1"),
            ("[queue]\ntimeout = '1h'\nmax_running = 99", "`queue.max_running` at /r/.ganger.toml:3; it belongs in"),
            ("[queue]\nper_agent = 1", "`queue.per_agent` at /r/.ganger.toml:2"),
            ("[queue]\nper_repo = 1", "`queue.per_repo` at /r/.ganger.toml:2"),
            (
                "[queue]\nper_rope = 1",
                "unknown key `per_rope` in [queue] at /r/.ganger.toml:2; did you mean `per_repo`?",
            ),
            ("[worktree]", "unknown key `worktree` at /r/.ganger.toml:1; did you mean `worktrees`?"),
            ("[worktrees]\n\ncopy = ['../x']", "leads out of it at /r/.ganger.toml:3"),
        ] {
            let refused = over(text.as_bytes()).unwrap_err();
            assert!(refused.message.contains(message), "{text:?}: {refused}");
        }
        let refused = over(b"# fine\n# \xff").unwrap_err();
        assert_eq!(refused.message, "what is not UTF-8 stands at /r/.ganger.toml:2");
    }

    #[test]
    fn the_file_is_hashed_as_it_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let supplied = |repo: &Path| RepositoryFiles.supplied(repo);
        std::fs::write(folder.path().join(".ganger.toml"), "abc").unwrap();
        assert_eq!(supplied(folder.path()).unwrap(), None, "this is no main worktree");
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let read = supplied(folder.path()).unwrap().unwrap();
        // The example of FIPS 180-2.
        assert_eq!(read.hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(read.bytes, b"abc");
        std::fs::remove_file(&read.path).unwrap();
        assert_eq!(supplied(folder.path()).unwrap(), None);
        std::os::unix::fs::symlink("nowhere", &read.path).unwrap();
        assert!(supplied(folder.path()).is_err());
        std::fs::remove_file(&read.path).unwrap();
        nix::unistd::mkfifo(&read.path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(supplied(folder.path()).unwrap_err().to_string().contains("not a file"));
        std::fs::remove_file(&read.path).unwrap();
        std::fs::File::create(&read.path).unwrap().set_len(super::LARGEST + 1).unwrap();
        assert!(supplied(folder.path()).unwrap_err().to_string().contains("larger"));
    }
}
