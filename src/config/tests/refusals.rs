//! What is refused, and how that reads.

use super::{home, refusal, settings};
use crate::config::load;
use crate::domain::permission::Verb;

#[test]
fn n3_an_unknown_key_is_refused_with_file_line_and_the_nearest_name() {
    for (text, message) in [
        ("\n[queue]\nmax_runing = 3", "unknown key `max_runing` in [queue] at /c.toml:3; did you mean `max_running`?"),
        ("default-agent = 'x'", "unknown key `default-agent` at /c.toml:1; did you mean `default_agent`?"),
        ("[worktree]\nroot = '/w'", "unknown key `worktree` at /c.toml:1; did you mean `worktrees`?"),
        ("max_running = 3", "unknown key `max_running` at /c.toml:1; it belongs in [queue]"),
        ("[tmux]\nverify = []", "unknown key `verify` in [tmux] at /c.toml:2; it belongs in [completion]"),
        (
            "[tmux]\ndefault_agent = ''",
            "unknown key `default_agent` in [tmux] at /c.toml:2; it belongs before the first section",
        ),
        ("[queue]\ncommand = []", "unknown key `command` in [queue] at /c.toml:2; it belongs in [agents.NAME]"),
        (
            "[agents.mine]\ncomand = ['x']",
            "unknown key `comand` in [agents.mine] at /c.toml:2; did you mean `command`?",
        ),
        (
            "[completion]\ncolour = 1",
            "unknown key `colour` in [completion] at /c.toml:2; known: verify, verify_timeout, preamble, self_approve",
        ),
        (
            "[timing]\n\"g\\u001b[31m\" = 1",
            "unknown key `g\u{fffd}[31m` in [timing] at /c.toml:2; known: git, tmux, start, saga, database",
        ),
    ] {
        assert_eq!(refusal(text), message);
    }
}

#[test]
fn the_first_mistake_of_the_file_is_the_one_reported() {
    assert!(refusal("[tmux]\nz = 1\na = 1\n[queue]\nb = 1").contains("`z`"));
}

#[test]
fn what_a_later_version_will_know_is_refused_as_such() {
    for (text, name) in
        [("[worktrees]\npool = 2", "worktrees.pool"), ("[completion]\nself_approve = true", "completion.self_approve")]
    {
        assert_eq!(refusal(text), format!("`{name}` is not supported by this version at /c.toml:2"));
    }
    // Off is what it is.
    assert_eq!(settings("[worktrees]\npool = 0\n[completion]\nself_approve = false"), settings(""));
}

#[test]
fn n3_a_wrong_type_is_refused() {
    for (text, message) in [
        ("queue = 3", "`queue` must be a table, not 3 at /c.toml:1"),
        ("agents = ['x']", "`agents` must be a table, not an array at /c.toml:1"),
        ("[agents]\nmine = 'x'", "`agents.mine` must be a table, not \"x\" at /c.toml:2"),
        ("default_agent = true", "`default_agent` must be a string, not a boolean at /c.toml:1"),
        ("[tmux]\nalternate_screen = 'no'", "`tmux.alternate_screen` must be true or false, not \"no\" at /c.toml:2"),
        ("[worktrees]\nsetup = 'npm ci'", "`worktrees.setup` must be a list of strings, not \"npm ci\" at /c.toml:2"),
        ("[worktrees]\nsetup = [\n'a',\n3]", "`worktrees.setup` must be a string, not 3 at /c.toml:4"),
        (
            "[agents.x]\ncommand = ['x']\nmode = 'batch'",
            "`agents.x.mode` must be \"interactive\" or \"headless\", not \"batch\" at /c.toml:3",
        ),
        (
            "[queue]\ntimeout = 30",
            "`queue.timeout` must be a duration such as \"90s\", \"15m\" or \"1h30m\", not 30 at /c.toml:2",
        ),
    ] {
        assert_eq!(refusal(text), message);
    }
}

#[test]
fn n3_a_senseless_value_is_refused() {
    for (text, part) in [
        ("[queue]\nmax_running = 0", "`queue.max_running` must be a whole number from 1 to 4294967295, not 0"),
        ("[queue]\nmax_running = -1", "not -1"),
        ("[queue]\nmax_running = 99999999999999999999", "from 1"),
        ("[queue]\nper_agent = 0", "`queue.per_agent`"),
        ("[queue]\ntimeout = '0s'", "`queue.timeout`"),
        ("[completion]\nverify_timeout = 'off'", "`completion.verify_timeout`"),
        ("[completion]\nverify = ['make', ' ']", "`completion.verify` must not have an empty command"),
        (
            "[tmux]\nsize = '0x50'",
            "`tmux.size` must be columns and rows from 20x5 to 10000x10000, such as \"200x50\", not \"0x50\"",
        ),
        ("[tmux]\nsize = '19x50'", "`tmux.size`"),
        ("[tmux]\nsize = '200x4'", "`tmux.size`"),
        ("[tmux]\nsize = '200'", "`tmux.size`"),
        ("[tmux]\nsize = '200x+5'", "`tmux.size`"),
        ("[tmux]\nsize = '70000x50'", "`tmux.size`"),
        ("[tmux]\nsocket = '/tmp/s'", "`tmux.socket` must be a name"),
        ("[worktrees]\nroot = 'trees'", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = ''", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = '~bob/trees'", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = '{repo}trees'", "`worktrees.root` must be absolute"),
        ("[worktrees]\nroot = \"/a\\u0000b\"", "`worktrees.root` must be free of NUL characters"),
        ("[worktrees]\nbranch = 'agent/{slug}'", "`worktrees.branch` must contain {id}"),
        ("[worktrees]\nbranch = '{user}/{id}'", "no other placeholder"),
        ("[worktrees]\nbranch = 'a b/{id}'", "git takes for branches, not \"a b/1\""),
        ("[worktrees]\nbranch = '{slug}-{id}'", "git takes for branches, not \"-1\""),
        ("[worktrees]\nbranch = '{slug}/{id}'", "git takes for branches, not \"/1\""),
        ("[worktrees]\ncopy = '.env'", "`worktrees.copy` must be a list of strings"),
        ("[worktrees]\n\ncopy = ['.env', '../x']", "\"../x\" leads out of it at /c.toml:3"),
        (
            "[worktrees]\nlink = ['/etc']",
            "`worktrees.link` must hold patterns of paths in the repository: \"/etc\" is absolute",
        ),
        ("[worktrees]\nlink = ['']", "names nothing"),
        ("[worktrees]\nlink = ['[a']", "has a [ without a ]"),
        ("[worktrees]\nhooks = 'yes'", "`worktrees.hooks` must be true or false"),
        ("[worktrees]\nbase = ''", "`worktrees.base`"),
        ("[worktrees]\nbase = '--force'", "`worktrees.base`"),
        ("[agents.x]\ncommand = []", "`agents.x.command` must begin with a program"),
        ("[agents.x]\ncommand = ['']", "`agents.x.command` must begin with a program"),
        ("[agents.x]\nmode = 'headless'", "`agents.x` must have a command"),
        ("[agents.x]\ncommand = ['x']\nresume = ['']", "`agents.x.resume`"),
        ("[agents.'a b']\ncommand = ['x']", "an agent's name"),
        (
            "[agents.x]\ncommand = ['x']\nenv = { GANGER_TASK = '1' }",
            "`GANGER_TASK` is set by ganger itself at /c.toml:3",
        ),
        ("[agents.x]\ncommand = ['x']\nenv = { 'A=B' = '1' }", "`A=B` can't be the name"),
        ("default_agent = 'cladue'", "there is no \"cladue\" (did you mean \"claude\"?)"),
        ("default_agent = 'cursor'", "there is no \"cursor\" (known: aider, claude"),
    ] {
        let message = refusal(text);
        assert!(message.contains(part) && message.contains(" at /c.toml:"), "{text:?}: {message}");
    }
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    assert!(refusal("[queue]\nmax_running = = 3").contains(" at /c.toml:2"));
    assert!(refusal("[queue]\nmax_running = 3\nmax_running = 4").contains(" at /c.toml:3"));
    assert!(refusal("[queue\n").contains(" at /c.toml:1"));
}

#[test]
fn an_agent_that_can_not_do_what_is_asked_of_it_is_refused() {
    let read = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        load(Some(&path), &home).map(|config| config.settings).map_err(|error| error.message)
    };
    let why = read("[agents.mine]\ncommand = [\"my\", \"{prompt}\"]\nhooks = true\n").unwrap_err();
    assert!(
        why.starts_with(
            "`agents.mine` must name the hooks that its program speaks, such as hooks = \"claude\" (known: "
        ),
        "{why}"
    );
    let opus = read("[agents.opus]\ncommand = [\"/opt/claude\", \"--model\", \"opus\", \"{prompt}\"]\nhooks = true\n");
    assert_eq!(opus.unwrap().agents["opus"].hooks.as_deref(), Some("claude"), "its program has them");
    let wrapper = read("[agents.mine]\ncommand = [\"my\", \"{prompt}\"]\nhooks = \"gemini\"\n");
    assert_eq!(wrapper.unwrap().agents["mine"].hooks.as_deref(), Some("gemini"), "whatever its program is called");
    let why = read("[agents.mine]\ncommand = [\"claude\", \"{prompt}\"]\nhooks = \"clade\"\n").unwrap_err();
    assert!(why.contains("true, false or one of \"claude\", \"codex\""), "{why}");
    let by_file = "[agents.mine]\ncommand = [\"my\", \"{prompt_file}\"]\npreamble = true\n";
    let why = read(by_file).unwrap_err();
    assert!(why.starts_with("`agents.mine` must have {preamble} or {preamble_file} in its command"), "{why}");
    let wrapped = read("[agents.claude]\ncommand = [\"wrapper\", \"{prompt_file}\"]\n").unwrap();
    assert!(wrapped.agents["claude"].preamble, "nobody asked for it there");
    for also in ["{prompt}", "{preamble}", "--read={preamble_file}"] {
        read(&by_file.replace("\"my\"", &format!("\"my\", \"{also}\""))).unwrap();
    }
}

#[test]
fn agents_are_given_commands_by_name_and_only_what_can_be_given() {
    let read = settings("[permissions]\nagents = ['add', 'doctor --fix', 'add']");
    assert_eq!(read.permissions.agents, [Verb::Add, Verb::DoctorFix]);
    for (name, why) in [
        ("ad", "did you mean \"add\"?"),
        ("trust", "not \"trust\" (which is every agent's, or no agent's)"),
        ("done", "not \"done\" (which is every agent's, or no agent's)"),
        ("fly to the moon", "known: add, import, edit"),
    ] {
        let refused = refusal(&format!("[permissions]\nagents = ['{name}']"));
        assert!(refused.contains("`permissions.agents` must hold commands") && refused.contains(why), "{refused}");
    }
}
