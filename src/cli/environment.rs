//! The environment of this process.

use std::ffi::OsString;

/// What a variable of the environment holds, as text.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(OsString::into_string).and_then(Result::ok)
}
