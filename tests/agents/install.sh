#!/bin/sh
# Installs the programs of `versions` into the folder $1, and writes there what came of it. Touches nothing else.
set -u

here=$(dirname "$0")
to=$1
mkdir -p "$to/npm"
: >"$to/versions.new"

# Some programs are tested as a user who has no way into a private home.
python=
for candidate in /usr/bin/python3 python3.12 python3.11 python3; do
    "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null || continue
    python=$candidate
    break
done

from_npm() {
    command -v npm >/dev/null || { echo 'npm is not there' && return 1; }
    # `--ignore-scripts`: what a package needs is in it; nothing is built or fetched from elsewhere.
    npm install --prefix "$to/npm" --no-audit --no-fund --loglevel=error --ignore-scripts --no-save "$@" >&2
}

from_pypi() {
    [ -n "$python" ] || { echo 'no Python from 3.10 to 3.12 with venv' && return 1; }
    [ -x "$to/venv/bin/python" ] || "$python" -m venv "$to/venv" >&2 || return 1
    "$to/venv/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
}

wanted=$(grep -v '^#' "$here/versions")
same() {
    [ -f "$to/installed" ] && [ "${AGENTS:-}" != latest ] && [ "$wanted" = "$(cat "$to/installed")" ]
}
if ! same; then
    npm=
    pypi=
    echo "$wanted" | {
        while read -r _ registry package version; do
            [ "${AGENTS:-}" = latest ] && version=latest
            case $registry in
                npm) npm="$npm $package@$version" ;;
                pypi) if [ "$version" = latest ]; then pypi="$pypi --upgrade $package"; else pypi="$pypi $package==$version"; fi ;;
            esac
        done
        # shellcheck disable=SC2086  # lists of words
        from_npm $npm && from_pypi $pypi && [ "${AGENTS:-}" != latest ] && echo "$wanted" >"$to/installed"
    }
fi

# Their own scripts put the program for this machine, which came with them, in its place.
for script in @anthropic-ai/claude-code/install.cjs opencode-ai/postinstall.mjs; do
    (cd "$to/npm/node_modules/$(dirname "$script")" 2>/dev/null && [ -f "${script##*/}" ] && node "${script##*/}" >&2)
done

home=$(mktemp -d)
for name in $(echo "$wanted" | cut -d' ' -f1); do
    program=$to/npm/node_modules/.bin/$name
    [ -x "$program" ] || program=$to/venv/bin/$name
    if [ -x "$program" ]; then
        said=$(HOME=$home timeout 60 "$program" --version 2>/dev/null </dev/null | grep -E '[0-9]+\.[0-9]' | tail -1)
        echo "$name ${said:-not started by this machine}"
    else
        echo "$name not installed"
    fi
done >"$to/versions.new"
rm -rf "$home"
mv "$to/versions.new" "$to/versions"
cat "$to/versions"
