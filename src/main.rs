//! The `ganger` program: its arguments go to the library, its exit code comes from there.

use std::process::ExitCode;

fn main() -> ExitCode {
    ganger::cli::run(std::env::args_os().collect())
}
