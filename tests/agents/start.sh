#!/bin/sh
# Starts the checks: start.sh PROGRAMS GANGER [ARGUMENTS of run.py]. They may be run as another user, in a world that can't
# write here: the report is written by this user.
set -u

PROGRAMS=$1 GANGER=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
report=
arguments=
while [ $# -gt 0 ]; do
    case $1 in
        --docs) report=$2 && shift ;;
        *) arguments="$arguments $1" ;;
    esac
    shift
done
python=python3
[ -x /usr/bin/python3 ] && python=/usr/bin/python3
export PROGRAMS GANGER PYTHONDONTWRITEBYTECODE=1
folder=$(mktemp -d)
chmod 777 "$folder"
# shellcheck disable=SC2086  # a list of words
"$python" "$here/run.py" $arguments --docs "$folder/report.md"
code=$?
[ -z "$report" ] || [ ! -s "$folder/report.md" ] || cp "$folder/report.md" "$report"
rm -rf "$folder"
exit "$code"
