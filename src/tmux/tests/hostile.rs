//! Text that tries to be a command, configurations that get in the way, programs that are not tmux.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::support::{LONG, Rig, id, script, until};
use crate::os::process::{Call, run};
use crate::ports::multiplexer::{Multiplexer as _, MuxError};
use crate::tmux::Tmux;

/// How many files called `name` are in or below `folder`.
fn canaries(folder: &Path, name: &OsStr) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let below = if entry.file_type().unwrap().is_dir() { canaries(&entry.path(), name) } else { 0 };
            below + usize::from(entry.file_name() == name)
        })
        .sum()
}

#[test]
fn s2_s3_folders_and_arguments_arrive_byte_for_byte_and_run_nothing() {
    let rig = Rig::new("");
    // Its name is this run's own: a job of the server's runs outside of the rig's folder.
    let name = format!("canary{}", rig.folder.path().file_name().unwrap().display());
    let canary = rig.folder.path().join(&name);
    let touch = |form: &str| -> OsString { form.replace('@', &format!("touch {}", canary.display())).into() };
    let more: Vec<OsString> = vec![
        "run".into(),
        touch("#(@)"),
        touch("$(@)"),
        touch("`@`"),
        touch("; @ ;"),
        touch("\\; @"),
        touch("#{E:#(@)}"),
        touch("'\"@"),
        ";".into(),
        "\\;".into(),
        "a;".into(),
        "a\\\\;".into(),
        "{".into(),
        "}".into(),
        "~".into(),
        "%1".into(),
        "#S".into(),
        "##".into(),
        "$HOME".into(),
        "--".into(),
        "-t".into(),
        "line\nbreak\ttab\x1b[31m".into(),
        "grün → 🦀".into(),
        OsStr::from_bytes(b"\xff\xfe;").to_owned(),
        "".into(),
        "last;".into(),
    ];
    let run = [format!("#(touch {name})"), format!("$(touch {name}) `touch {name}`; touch {name}")];
    let folders: [&[u8]; 10] = [
        b"plain",
        run[0].as_bytes(),
        b"a#[b",
        b"a##[b#",
        b"#{pid}#S#,#}",
        b"end;",
        b"end\\;",
        run[1].as_bytes(),
        b"%H%Y gr\xc3\xbcn",
        b"raw\xff#",
    ];
    for (number, folder) in (1..).zip(folders) {
        let folder = rig.folder.path().join(OsStr::from_bytes(folder));
        fs::create_dir(&folder).unwrap();
        rig.start_with(&format!("ganger-{number}"), number, &folder, &more, true).unwrap();
        let told = rig.told(number);
        assert_eq!(told[..2], ["__agent", id(number).as_str()]);
        assert_eq!(told[2..], more);
        assert_eq!(Path::new(&rig.place(number)), fs::canonicalize(&folder).unwrap());
        let pane = rig.pane(number);
        assert_eq!(pane.mark, Some(id(number)));
        if number % 2 == 0 {
            rig.tmux.kill(&rig.socket, &pane).unwrap();
        }
    }
    assert_eq!(rig.panes().len(), 5);
    assert_eq!(canaries(rig.folder.path(), OsStr::new(&name)), 0);
    assert!(!Path::new("/").join(&name).exists());
}

#[test]
fn a_nul_byte_is_a_typed_error() {
    let rig = Rig::new("");
    let with_nul = OsStr::from_bytes(b"a\0b").to_owned();
    let refused = rig.start_with("ganger-1", 1, rig.folder.path(), &[with_nul], true);
    assert!(matches!(refused, Err(MuxError::Failed(_))), "{refused:?}");
}

#[test]
fn t15_a_hostile_configuration_changes_nothing() {
    let rig = Rig::new(
        "set -g destroy-unattached on\nset -g base-index 1\nset -g pane-base-index 1\nset -g default-shell /bin/false\n\
         set -g remain-on-exit off\nset -g set-titles on\nset -g automatic-rename on\nset -g renumber-windows on\n\
         set-hook -g after-new-session 'rename-window ganger-9 ; split-window -d ; split-window'\n\
         set-hook -g session-created 'rename-window x'\nset-hook -g window-renamed 'display-message x'\n\
         set-hook -g after-set-option 'rename-window \"#(false)\"'\nset -g default-command 'false'\n",
    );
    assert!(rig.tmux.server(&rig.socket).unwrap().sessions.is_empty());
    for (number, how) in [(1, "run"), (2, "exit")] {
        rig.start(&format!("ganger-{number}"), number, how).unwrap();
        assert_eq!(rig.told(number)[2], how);
    }
    let ended = until("the pane is dead", || Some(rig.pane(2)).filter(|pane| pane.dead));
    for pane in [rig.pane(1), ended] {
        assert_eq!(pane.mark, pane.argv);
        assert_eq!(pane.session, if pane.dead { "ganger-2" } else { "ganger-1" });
        rig.tmux.kill(&rig.socket, &pane).unwrap();
    }
}

#[test]
fn t15_exit_unattached_is_refused_with_and_without_a_server() {
    let refused = |rig: &Rig| {
        let error = rig.tmux.server(&rig.socket).unwrap_err();
        assert!(
            matches!(&error, MuxError::Unusable(why) if why.contains("set-option -s exit-unattached off")),
            "{error}"
        );
    };
    refused(&Rig::new("set -s exit-unattached on"));

    let (rig, viewer) = (Rig::new(""), Rig::new(""));
    rig.foreign("mine");
    view(&viewer, &rig, "mine");
    rig.said(&["set-option", "-s", "exit-unattached", "on"]);
    refused(&rig);
}

/// Attaches a client to `session`, in a pane of another server.
pub fn view(viewer: &Rig, rig: &Rig, session: &str) {
    fs::create_dir_all(viewer.socket.parent().unwrap()).unwrap();
    let words =
        ["new-session", "-d", "-x", "100", "-y", "40", "-s", "viewer", "--", "env", "-u", "TMUX", "TERM=screen"];
    let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
    let target = format!("={session}");
    let attach = ["tmux", "-u", "-S"].map(OsStr::new);
    let rest = ["attach-session", "-t", &target].map(OsStr::new);
    viewer.said(&[&words[..], &attach, &[rig.socket.as_os_str()], &rest].concat());
    until("the client is attached", || (!rig.said(&["list-clients"]).is_empty()).then_some(()));
}

#[test]
fn a_missing_tmux_is_named() {
    let rig = Rig::new("");
    let tmux = Tmux::new(LONG).with_program("/no/such/tmux");
    let error = tmux.server(&rig.socket).unwrap_err();
    assert!(matches!(&error, MuxError::Unusable(why) if why.contains("not installed")), "{error}");
}

#[test]
fn t17_a_tmux_that_hangs_is_given_up_in_time() {
    let rig = Rig::new("");
    let program = rig.folder.path().join("tmux");
    script(&program, "#!/bin/sh\nsleep 600\n");
    let wait = Duration::from_millis(300);
    let tmux = Tmux::new(wait).with_program(&program);
    let began = Instant::now();
    assert_eq!(tmux.server(&rig.socket), Err(MuxError::Deadline(wait)));
    assert_eq!(tmux.panes(&rig.socket), Err(MuxError::Deadline(wait)));
    assert_eq!(tmux.capture(&rig.socket, "%0", 5), Err(MuxError::Deadline(wait)));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn t17_an_answer_that_is_no_answer_is_an_error() {
    let rig = Rig::new("");
    let program = rig.folder.path().join("tmux");
    let texts = [
        "exit 0",
        "echo hello",
        "echo ganger-end extra",
        "printf '%%0\\t1\\t0\\nganger-end\\n'",
        "echo oops >&2; exit 1",
        "echo 'server exited unexpectedly' >&2; exit 1",
        "kill -9 $$",
    ];
    for text in texts {
        script(&program, &format!("#!/bin/sh\n{text}\n"));
        let tmux = Tmux::new(LONG).with_program(&program);
        for error in [tmux.server(&rig.socket).unwrap_err(), tmux.panes(&rig.socket).unwrap_err()] {
            assert!(matches!(error, MuxError::Failed(_)), "{text}: {error}");
        }
    }
    for version in ["2.9a", "1.8", "openbsd-6.5"] {
        script(
            &program,
            &format!("#!/bin/sh\ncase $1 in -V) echo tmux {version} ;; *) echo 'unknown option' >&2; exit 1 ;; esac\n"),
        );
        let error = Tmux::new(LONG).with_program(&program).server(&rig.socket).unwrap_err();
        let told = |why: &str| why.contains(version) && why.contains("3.2");
        assert!(matches!(&error, MuxError::Unusable(why) if told(why)), "{error}");
    }
}

#[test]
fn s6_what_is_ours_or_secret_does_not_reach_the_server() {
    const INSIDE: &str = "DIRTY_ENVIRONMENT";
    let rig = Rig::new("");
    if std::env::var_os(INSIDE).is_none() {
        // Variables of a process can't be set safely beside other threads: this test runs again, on its own.
        let name = "tmux::tests::hostile::s6_what_is_ours_or_secret_does_not_reach_the_server";
        let call = Call::new(std::env::current_exe().unwrap(), LONG).args(["--exact", name]).env(INSIDE, "1");
        let names = [
            "MY_TOKEN",
            "a_secret_b",
            "PGPASSWORD",
            "X_API_KEY",
            "GANGER_ATTEMPT",
            "GIT_DIR",
            "GIT_INDEX_FILE",
            "DATABASE_URL",
            "GH_PAT",
            "SENTRY_DSN",
            "HTTPS_PROXY",
            "NPM_AUTH",
            "MYSQL_PWD",
            "COOKIE",
            "WHATEVER",
        ];
        let call = names.iter().fold(call, |call, name| call.env(name, "leaked"));
        let call = call.env("SSH_AUTH_SOCK", "/kept").env("TMUX", "leaked,1,$(x").env("TMUX_PANE", "%leaked");
        let answer = run(&call).unwrap();
        assert!(answer.ok() && answer.text().contains("1 passed"), "{}\n{}", answer.text(), answer.complaint());
        return;
    }
    rig.start("ganger-1", 1, "run").unwrap();
    assert_eq!(rig.pane(1).mark, Some(id(1)));
    assert_eq!(rig.tmux.server(&rig.socket).unwrap().sessions, ["ganger-1"]);
    for words in [&["show-environment", "-g"][..], &["show-environment", "-t", "=ganger-1"]] {
        let environment = rig.said(words);
        assert!(!environment.contains("leaked") && !environment.contains("GANGER"), "{environment}");
    }
    assert!(rig.said(&["show-environment", "-g"]).contains("SSH_AUTH_SOCK=/kept"));
}
