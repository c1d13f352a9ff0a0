//! For tests that need a mount: they run themselves again, in a mount namespace of their own.

use std::process::Stdio;

use super::command;

/// Set inside.
const INSIDE: &str = "GANGER_TEST_INSIDE";

/// Whether this is the test of that name inside its namespace. Outside, it is run there, and has to pass. `mounts` is
/// shell that comes first; `$DISK` in it is a folder, in which the test's worlds then are.
///
/// Where no namespace can be made, the test says so and injects nothing.
#[expect(clippy::print_stdout, reason = "a test's output says what it could not do")]
pub fn inside(test: &str, mounts: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let disk = tempfile::tempdir().unwrap();
    let unshare = |script: &str| {
        let flags = if nix::unistd::geteuid().is_root() { "-m" } else { "-rm" };
        let mut command = command("unshare");
        command.args([flags, "--", "sh", "-ec", script, "sh"]).arg(std::env::current_exe().unwrap()).arg(test);
        command.env("DISK", disk.path()).env(INSIDE, "1").stdin(Stdio::null());
        command.output()
    };
    match unshare(mounts) {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            println!("{test}: not injected here: {}", String::from_utf8_lossy(&output.stderr));
            return false;
        }
        Err(error) => {
            println!("{test}: not injected here: {error}");
            return false;
        }
    }
    let script = format!("{mounts}\nTMPDIR=\"$DISK\" exec \"$1\" --exact \"$2\" --test-threads=1 --nocapture");
    let output = unshare(&script).unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}
