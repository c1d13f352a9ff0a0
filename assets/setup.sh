#!/bin/sh
# Installs what building and testing needs and is not there: tmux, git, a C compiler, make. Touches nothing else.
set -eu

missing=
for program in tmux git cc; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
if ! command -v cargo >/dev/null 2>&1; then
    echo "Rust is missing: install it from your package manager or with rustup, then run this again." >&2
    exit 1
fi
[ -n "$missing" ] || exit 0

echo "Missing:$missing"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 && as_root=sudo
fi
say_and_do() {
    echo "+ $*"
    "$@"
}
packages() {
    # $1: what this package manager calls a C compiler
    for program in $missing; do
        case $program in
            cc) echo "$1" ;;
            *) echo "$program" ;;
        esac
    done
}
# shellcheck disable=SC2046,SC2086  # lists of words
if command -v apt-get >/dev/null 2>&1; then
    say_and_do $as_root apt-get update -q
    say_and_do $as_root apt-get install -y -q $(packages "gcc libc6-dev")
elif command -v dnf >/dev/null 2>&1; then
    say_and_do $as_root dnf install -y $(packages gcc)
elif command -v pacman >/dev/null 2>&1; then
    say_and_do $as_root pacman -Sy --noconfirm $(packages gcc)
elif command -v apk >/dev/null 2>&1; then
    say_and_do $as_root apk add $(packages "gcc musl-dev")
elif command -v zypper >/dev/null 2>&1; then
    say_and_do $as_root zypper --non-interactive install $(packages gcc)
elif command -v brew >/dev/null 2>&1; then
    case $missing in *cc*) say_and_do xcode-select --install ;; esac
    for program in $missing; do
        [ "$program" = cc ] || say_and_do brew install "$program"
    done
else
    echo "No known package manager: install$missing by hand, then run this again." >&2
    exit 1
fi
