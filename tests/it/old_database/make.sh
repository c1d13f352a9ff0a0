#!/bin/bash
# Makes the database of a version of ganger, for tests/it/old_database.rs.
#
#   tests/it/old_database/make.sh GANGER NAME
#
# GANGER is the program of that version. What it leaves beside this script: NAME.sql, the whole database, and NAME.json,
# what that very program says of it. The folder that it was made in is written @WORLD@ in both. The agents are shell
# scripts; the attempts are of another machine, so that no agent of them is ever looked for where this is read.
set -euo pipefail
ganger=$(realpath "$1") name=$2 here=$(realpath "$(dirname "$0")")
unset TMUX TMUX_PANE "${!GANGER_@}" "${!GIT_@}"

# enter FOLDER: a world as the tests have it.
enter() {
    export WORLD=$1 HOME=$1/home XDG_DATA_HOME=$1/data XDG_STATE_HOME=$1/state XDG_CONFIG_HOME=$1/config TMUX_TMPDIR=$1/tmux
    mkdir -p "$HOME" "$XDG_CONFIG_HOME/ganger" "$TMUX_TMPDIR" "$WORLD/repo"
    printf '[user]\nname = t\nemail = t@example.org\n[init]\ndefaultBranch = main\n' > "$HOME/.gitconfig"
    configure
    cd "$WORLD/repo"
    git init -q
    echo one > a.txt
    git add a.txt
    git commit -qm a.txt
}
configure() {
    printf 'default_agent = "shell"\n%s\n[timing]\nstart = "20s"\n[tmux]\ngrace = "2s"\n' "${1:-}" > "$XDG_CONFIG_HOME/ganger/config.toml"
}
g() { "$ganger" "$@" > /dev/null; }
may_fail() { "$ganger" "$@" > /dev/null 2>&1 || true; }
add() { id=$("$ganger" add "$@"); }
field() { "$ganger" show "$1" --json | jq -r "$2"; }
wait_for() { # ID FIELD VALUE
    for _ in $(seq 600); do
        [ "$(field "$1" "$2")" = "$3" ] && return
        sleep 0.1
    done
    echo "task $1: $2 is still not $3: $(field "$1" "$2")" >&2
    exit 1
}
settled() { wait_for "$1" .status "$2"; wait_for "$1" .attempt.phase exited; }
started() { # STATUS TITLE SCRIPT [OPTION…]: a task whose agent ends by itself
    local status=$1 title=$2 script=$3
    shift 3
    add "$title" --prompt "$script" "$@"
    may_fail dispatch "$id"
    settled "$id" "$status"
}
STAY='while :; do sleep 1; done'

world=$(mktemp -d) restored=$(mktemp -d)
finished() {
    for folder in "$world" "$restored"; do
        TMUX_TMPDIR=$folder/tmux tmux kill-server 2> /dev/null || true
        rm -rf "$folder"
    done
}
trap finished EXIT
enter "$world"

# At rest.
add 'Every option' --prompt $'Two lines,\n"quoted" & ünïcode' --file a.txt --file 'b c.txt' --verify 'true' --verify 'test -e a.txt' \
    --timeout 30m --batch 1 --external-id gh-7 --priority 5 --unsafe --base main
every=$id
add 'Waits for another' --after "$every" --batch 2
add 'Edited'
g edit "$id" --title 'Edited once' --priority -3 --prompt 'other words' --file x --timeout 5m

# Ends, of every kind that a script can bring about.
started review 'In review' 'echo work > work'
started failed 'Exit status' 'exit 3'
started failed 'Killed' 'kill -9 $$'
started review 'No output' 'true'
configure $'[agents.shell]\nno_output = "failed"'
started failed 'No output, which counts' 'true'
configure
started failed 'Verification fails' 'echo work > work' --verify 'echo no; exit 1'
started failed 'Times out' "$STAY" --timeout 1s
started failed 'Says that it failed' '"$GANGER_BIN" fail "nothing to be done"'
started failed 'No such agent program' 'exit 127'
add 'No such base' --base nowhere
may_fail dispatch "$id"
add 'Stopped' --prompt "$STAY"
g dispatch "$id"
g stop "$id"
settled "$id" failed
configure $'[worktrees]\nsetup = ["exit 7"]'
started failed 'Setup fails' 'true'
configure

started review 'Verified' 'echo work > work' --verify true

# Several attempts.
started failed 'Retried, in the same worktree and in a new one' 'echo work >> work; exit 1'
may_fail retry "$id" --note 'once more'
wait_for "$id" .attempt.number 2
settled "$id" failed
may_fail retry "$id" --fresh
wait_for "$id" .attempt.number 3
settled "$id" failed
started review 'Sent back' 'echo work >> work'
may_fail bounce "$id" --note 'not good enough'
wait_for "$id" .attempt.number 2
settled "$id" review
add 'Vanished' --prompt "$STAY"
g dispatch "$id"
kill -9 "$(field "$id" .attempt.shim_pid)"
for _ in $(seq 100); do
    may_fail --reconcile
    [ "$(field "$id" .status)" = ready ] && break
    sleep 0.1
done
wait_for "$id" .status ready

# Acts of the user, taken back and not.
started review 'Approved' 'echo work > work'
g approve "$id"
started review 'Approved and reopened' 'echo work > work'
g approve "$id"
g reopen "$id"
started review 'Approved, taken back' 'echo work > work'
g approve "$id"
g undo
started failed 'Queued again' 'exit 4'
g retry "$id" --no-dispatch
started failed 'Queued again, taken back' 'exit 4'
g retry "$id" --no-dispatch
g undo
started failed 'Archived' 'exit 4'
g archive "$id"
add 'Archived and back'
g archive "$id"
g unarchive "$id"
add 'Archived, taken back'
g archive "$id"
g undo
started failed 'Removed' 'echo work > work; exit 1'
g rm "$id"
add 'Removed, taken back'
g rm "$id"
g undo

# Under way.
add 'Works, and has asked' --prompt '"$GANGER_BIN" note "half of it"; "$GANGER_BIN" ask "Keep it?"; '"$STAY"
g dispatch "$id"
wait_for "$id" .activity waiting
g note --task "$id" 'of the user'
lives=("$id")
add 'Is verified' --prompt 'echo work > work' --verify "$STAY"
g dispatch "$id"
wait_for "$id" .attempt.phase verifying
lives+=("$id")
add 'In review, its agent lives' --prompt 'echo work > work; "$GANGER_BIN" done; '"$STAY"
g dispatch "$id"
wait_for "$id" .status review
lives+=("$id")
add 'Sent back to its agent' --prompt 'echo work > work; "$GANGER_BIN" done; read -r answer; echo "$answer" >> work; '"$STAY"
g dispatch "$id"
wait_for "$id" .status review
may_fail bounce "$id" --note 'not good enough'
lives+=("$id")

database=$XDG_DATA_HOME/ganger/ganger.db
sqlite3 "$database" ".backup '$world/copy.db'"
sqlite3 "$world/copy.db" "UPDATE attempts SET host = 'elsewhere', boot = 'another'; DELETE FROM room;"
{
    sqlite3 "$world/copy.db" .dump | sed "s|$world|@WORLD@|g"
    printf 'PRAGMA application_id = %s;\nPRAGMA user_version = %s;\n' \
        "$(sqlite3 "$world/copy.db" 'PRAGMA application_id')" "$(sqlite3 "$world/copy.db" 'PRAGMA user_version')"
} > "$here/$name.sql"

for id in "${lives[@]}"; do
    g stop "$id"
done

# What the same program says of it, and what it takes back.
enter "$restored"
mkdir -p "$XDG_DATA_HOME/ganger"
# To sqlite3 before 3.42 a NULL is no valid JSON.
{
    echo 'PRAGMA ignore_check_constraints = ON;'
    sed "s|@WORLD@|$restored|g" "$here/$name.sql"
} | sqlite3 "$XDG_DATA_HOME/ganger/ganger.db" > /dev/null
{
    "$ganger" list --json
    for id in $("$ganger" list --json | jq '.tasks[].id'; sqlite3 "$XDG_DATA_HOME/ganger/ganger.db" 'SELECT id FROM tasks WHERE archived AND deleted_at IS NULL'); do
        "$ganger" show "$id" --json
    done | jq -s .
    while undone=$("$ganger" undo 2> /dev/null); do printf '%s\n' "$undone"; done | jq -R . | jq -s .
} | jq -s --indent 1 '{list: .[0], show: .[1], undo: .[2]}' | sed "s|$restored|@WORLD@|g" > "$here/$name.json"
wc -c "$here/$name.sql" "$here/$name.json"
