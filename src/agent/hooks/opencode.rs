//! The plugin for OpenCode: a file that is ganger's as a whole. `opencode.ai/docs/plugins`: every function that a file
//! of `.opencode/plugins/` exports is a plugin, and its `event` handler is called with every event.

/// The plugin.
pub(super) const PLUGIN: &str = include_str!("../../../assets/opencode-plugin.js");

/// What every version of it begins with.
const MARK: &str = "// ganger: ";

/// The file with the plugin in it.
pub(super) fn install(existing: Option<&str>) -> Result<String, String> {
    match existing {
        Some(text) if !is_ours(text) => Err("it is not a plugin of ganger's".to_owned()),
        Some(_) | None => Ok(PLUGIN.to_owned()),
    }
}

/// The file without the plugin; `None` where nothing is left.
pub(super) fn uninstall(existing: &str) -> Option<String> {
    (!is_ours(existing)).then(|| existing.to_owned())
}

fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}
