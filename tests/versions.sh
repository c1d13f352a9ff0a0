#!/bin/sh
# The tests that face tmux and git, against every tmux and git that Debian's suites have. They are unpacked below
# target/versions, each with its own C library, and stand on PATH in front of the system's: nothing is installed.
#
#   tests/versions.sh fetch         unpacks them
#   tests/versions.sh run [TEST…]   runs these tests, or those that face tmux and git, against each
#   tests/versions.sh path SUITE    what to put in front of PATH to try one by hand
#
# What can't be had is said, and is no failure: a machine without Debian's packages has the system's versions only.
set -u
suites=${SUITES:-bullseye bookworm trixie forky sid}
cd "$(dirname "$0")/.." || exit 1
home=$PWD/target/versions

say() { printf '%s\n' "$*"; }

apt() { # SUITE COMMAND…: with lists, archives and a (bare) package state of that suite's own
    suite=$1
    shift
    APT_CONFIG=$home/$suite.apt/conf "$@"
}

# The mirror that this machine uses for Debian itself.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep '/debian/$' | sort -u | head -n 1
}

wrapper() { # NAME PROGRAM: runs a suite's program with that suite's libraries
    libraries=$root/usr/lib/$(uname -m)-linux-gnu:$root/lib/$(uname -m)-linux-gnu:$root/usr/lib64:$root/lib64
    {
        say '#!/bin/bash'
        case $2 in */git*)
            say "export GIT_EXEC_PATH='$root/usr/lib/git-core' GIT_TEMPLATE_DIR='$root/usr/share/git-core/templates'" ;;
        esac
        # git looks at the name that it is called by, which loaders before 2.33 can't pass on: then the system's is used.
        if "$loader" --argv0 x --library-path "$libraries" "$root/usr/bin/tmux" -V >/dev/null 2>&1; then
            say "exec '$loader' --argv0 \"\$0\" --library-path '$libraries' '$2' \"\$@\""
        else
            say "exec -a \"\$0\" '$2' \"\$@\""
        fi
    } >"$1"
    chmod 755 "$1"
}

unpack() {
    suite=$1
    state=$home/$suite.apt
    root=$home/$suite
    [ -e "$root/bin/git" ] && return 0
    uri=$(mirror)
    [ -n "$uri" ] || { say "$suite: can't be had: apt knows no Debian mirror here"; return 1; }
    rm -rf "$root.new"
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root.new/bin"
    : >"$state/status"
    say "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >"$state/sources.list"
    cat >"$state/conf" <<END
Dir::State::Lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Languages "none";
Acquire::Retries "1";
APT::Install-Recommends "0";
APT::Sandbox::User "";
Debug::NoLocking "1";
END
    if ! { apt "$suite" apt-get -qq update && apt "$suite" apt-get -qq -y --download-only install tmux git; } \
        >"$state/log" 2>&1; then
        say "$suite: can't be had: $(grep '^E' "$state/log" | head -n 1)"
        return 1
    fi
    for package in "$state"/cache/archives/*.deb; do
        case ${package##*/} in perl*|libperl*|git-man*|gcc*) continue ;; esac
        dpkg-deb -x "$package" "$root.new" || return 1
    done
    rm -rf "$root" && mv "$root.new" "$root"
    loader=$(find "$root/usr/lib" "$root/lib" "$root/lib64" -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
    mv "$root/usr/lib/git-core/git" "$root/usr/lib/git-core/git.program"
    wrapper "$root/usr/lib/git-core/git" "$root/usr/lib/git-core/git.program"
    wrapper "$root/bin/tmux" "$root/usr/bin/tmux"
    cp "$root/usr/lib/git-core/git" "$root/bin/git"
    rm -rf "$state/cache"
}

path() { say "$home/$1/bin"; }

fetch() {
    for one in $suites; do
        unpack "$one" || continue
        root=$home/$one
        say "$one: $("$root/bin/tmux" -V), $("$root/bin/git" --version)"
    done
}

run() {
    [ $# -gt 0 ] || set -- tmux:: git:: catalogue_git catalogue_tmux dispatch:: faults:: kills:: agents:: setup:: tui::
    failed=0
    for one in $suites; do
        unpack "$one" || continue
        tmux=$("$home/$one/bin/tmux" -V)
        git=$("$home/$one/bin/git" --version)
        # ganger refuses these by name.
        case $tmux/$git in
            'tmux 3.1'*/'git version 2.'[0-2]* | 'tmux 3.1'*/'git version 2.3'[0-3]*)
                say "$one: $tmux, $git: both older than what ganger needs"
                continue
                ;;
        esac
        log=$home/$one.log
        outcome=passed
        PATH=$home/$one/bin:$PATH cargo test --locked --no-fail-fast --lib --test it -- "$@" >"$log" 2>&1 || outcome=FAILED
        [ $outcome = passed ] || failed=1
        count=$(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed.*/\1 passed, \2 failed/p' "$log" | paste -sd';' -)
        say "$one: $tmux, $git: $outcome ($count)"
        sed -n 's/^test \(.*\) \.\.\. FAILED/    \1/p' "$log"
    done
    return $failed
}

case ${1:-} in
    fetch) fetch ;;
    run) shift; run "$@" ;;
    path) path "$2" ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
