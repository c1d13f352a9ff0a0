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
        agents: BTreeMap::from([("agent".to_owned(), profile)]),
        worktrees: Worktrees {
            root: trees.display().to_string(),
            branch: "ganger/{id}-{slug}".to_owned(),
            base: "HEAD".to_owned(),
            copy: Vec::new(),
            link: Vec::new(),
            hooks: false,
            setup: Vec::new(),
            setup_timeout: Duration::from_mins(1),
        },
        queue: Queue {
            max_running: 50,
            per_agent: None,
            per_repo: None,
            max_orphan_retries: 3,
            retry_failed: 0,
            timeout: None,
        },
        completion: Completion { verify: Vec::new(), verify_timeout: Duration::from_mins(10), preamble: String::new() },
        merge: Merge::default(),
        permissions: Permissions::default(),
        tmux: Tmux {
            socket: None,
            columns: 200,
            rows: 50,
            keep_ended: 20,
            grace: Duration::from_secs(3),
            alternate_screen: true,
        },
        timing: Timing::default(),
        notify: BTreeMap::new(),
        ui: Ui::default(),
        keys: BTreeMap::new(),
    }
}
