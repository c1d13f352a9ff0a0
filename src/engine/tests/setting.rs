//! What the model starts with: programs, environment, settings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::domain::profile::{Mode, NoOutput, Profile};
use crate::domain::settings::{Completion, Merge, Permissions, Queue, Settings, Timing, Tmux, Ui, Worktrees};

pub fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, "").unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

pub fn var(name: &str, value: &str) -> (OsString, OsString) {
    (name.into(), value.into())
}

pub fn settings(trees: &Path) -> Settings {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let profile = Profile {
        command: words(&["agent", "{prompt}"]),
        resume: words(&["agent", "--resume"]),
        mode: Mode::Headless,
        unsafe_args: words(&["--unsafe"]),
        no_output: NoOutput::Failed,
        env: vec![("MINE".to_owned(), "yes".to_owned())],
        ..Profile::new("agent")
    };
    Settings {
        default_agent: "agent".to_owned(),
        templates: BTreeMap::new(),
        agents: BTreeMap::from([("agent".to_owned(), profile)]),
        worktrees: Worktrees {
            root: trees.display().to_string(),
            setup_timeout: Duration::from_mins(1),
            ..Worktrees::default()
        },
        queue: Queue { max_running: 50, ..Queue::default() },
        completion: Completion { verify_timeout: Duration::from_mins(10), ..Completion::default() },
        merge: Merge::default(),
        trash: crate::domain::settings::Trash::default(),
        forge: crate::domain::settings::Forge::default(),
        permissions: Permissions::default(),
        tmux: Tmux { grace: Duration::from_secs(3), alternate_screen: true, ..Tmux::default() },
        timing: Timing::default(),
        notify: BTreeMap::new(),
        ui: Ui::default(),
        keys: BTreeMap::new(),
    }
}
