#!/usr/bin/env python3
"""The real agent programs through the real ganger: a table of program × check.

    run.py [--only PROGRAM…] [--check NAME…] [--keep] [--docs FILE]

Nothing is reached but loopback: it runs itself again in a network namespace where the system allows that, and says so
where it does not. The environment GANGER names the binary, PROGRAMS the folder that install.sh filled.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

DONE = 'run "$GANGER_BIN" done'
COMMIT = 'run git add hello.txt && git commit -q -m "say hello"'
CHECKS = []


def check(words, only=None, but=(), trusted=True, interactive=True):
    """A check; `only` and `but` name programs. One for interactive use is none of a program that only runs to its end."""

    def put(function):
        CHECKS.append((function.__name__, words, function, only, but, trusted, interactive))
        return function

    return put


@check("works, commits, reports done: review, unattended")
def done(w, p):
    task = w.start(p.name, ["write hello.txt hi", COMMIT, DONE, "say Finished."])
    seen = w.is_(task, "review", patience=60)
    if "say hello" not in w.git("log", "--format=%s", cwd=w.worktree(task)):
        raise Missed("its work is not committed: " + w.git("status", "--short", cwd=w.worktree(task)))
    if not (seen["reason"] or "").startswith("the agent reported done"):
        raise Missed(f"review, but: {seen['reason']}")
    w.is_(task, "review", "idle", "agent")


@check("reports that it can't be done: failed, unattended")
def fail(w, p):
    task = w.start(p.name, ["write hello.txt hi", 'run "$GANGER_BIN" fail "no such shop"', "say Sorry."])
    seen = w.is_(task, "failed", patience=60)
    if seen["reason"] != "no such shop":
        raise Missed(f"failed, but: {seen['reason']}")


@check("the same with --unsafe")
def unsafe(w, p):
    task = w.start(p.name, ["write hello.txt hi", DONE, "say Finished."], "--unsafe")
    w.is_(task, "review", patience=60)


@check("prompt: lines, quotes, dashes, emoji, 90 kB arrive as they are")
def prompt(w, p):
    odd = "-x \"q\" 'a' $(touch never) `b` \\ \U0001f600 {prompt} ‹é›"
    task = w.start(p.name, f"--fix it\n\n{odd}\n" + "0123456789 abcdefghi\n" * 4500 + 'play: ["say Read."]')
    heard = w.heard(odd, 60)
    text = next(text for _, text in heard["messages"] if odd in text)
    if "0123456789 abcdefghi\n" * 4500 not in text:
        raise Missed("its 90 kB are not whole")
    del task


@check("prompt that begins with ! is told to the model")
def bang(w, p):
    w.start(p.name, '!touch ran-by-itself\nplay: ["say Read."]')
    w.heard("!touch ran-by-itself", 40)


@check("prompt that begins with / is told to the model")
def slash(w, p):
    w.start(p.name, '/help me with this\nplay: ["say Read."]')
    w.heard("/help me with this", 40)


@check("prompt of 150 kB is read, unattended")
def long(w, p):
    script = json.dumps(["write hello.txt hi", DONE, "say Finished."])
    task = w.start(p.name, f"play: {script}\n" + "0123456789 abcdefghi\n" * 7500)
    w.is_(task, "review", patience=60)


@check("ends its turn in text: idle, not review")
def text(w, p):
    task = w.start(p.name, ["say Which colour do you want?"])
    w.is_(task, "in-progress", "idle", "agent", patience=60)


@check("asks with its own verb: waiting; send answers; done")
def ask(w, p):
    task = w.start(p.name, ['run "$GANGER_BIN" ask "Which colour?"', "say I wait."])
    w.is_(task, "in-progress", "waiting", "agent", "Which colour?", patience=60)
    w.ganger("send", str(task), "Blue, then:\nplay: " + json.dumps(["write hello.txt hi", DONE, "say Finished."]))
    w.is_(task, "review", patience=60)


@check("its own question tool: waiting, with the question", only=("claude", "opencode", "gemini"))
def question(w, p):
    task = w.start(p.name, ["ask Which colour?", "say Thanks."])
    w.is_(task, "in-progress", "waiting", "agent", "Which colour?", patience=60)


@check("asks for a permission: waiting, and says for what", but=("opencode",))
def permission(w, p):
    command = "run touch /etc/hostname && echo $HOME > /etc/hostname" if p.name == "codex" else "run make --version > made"
    task = w.start(p.name, [command, "say Done with it."])
    w.is_(task, "in-progress", "waiting", None, "make" if p.name != "codex" else None, patience=60)


@check("asks whether a folder is to be trusted: waiting", only=("claude", "codex", "gemini"), trusted=False)
def trust(w, p):
    task = w.start(p.name, ["say Hello."])
    w.is_(task, "in-progress", "waiting", None, "trust", patience=40)


@check("verification fails: retry hands it to the living agent")
def verify(w, p):
    task = w.start(p.name, ["write hello.txt hi", DONE, "say Finished."], "--verify", "cat hello.txt; grep -q there hello.txt")
    w.is_(task, "failed", patience=60)
    w.is_(task, "failed", "idle", None, patience=30)
    again = json.dumps(["write hello.txt there", DONE, "say Finished."])
    w.ganger("retry", str(task), "--note", f"say there, not hi\nplay: {again}")
    w.heard("verification failed", 30)
    w.is_(task, "review", patience=60)
    if w.task(task)["attempt"]["number"] != 1:
        raise Missed("another attempt was made")


@check("bounce from review: the same agent goes on")
def bounce(w, p):
    task = w.start(p.name, ["write hello.txt hi", DONE, "say Finished."])
    w.is_(task, "review", patience=60)
    w.is_(task, "review", "idle", "agent", patience=30)
    w.ganger("bounce", str(task), "--note", "once more\nplay: " + json.dumps(["write b.txt more", DONE, "say Finished."]))
    w.heard("once more", 30)
    w.until("the second file", lambda: os.path.exists(os.path.join(w.worktree(task), "b.txt")))
    w.is_(task, "review", patience=60)


@check("stop, retry: the same conversation, and the prompt arrives")
def resume(w, p):
    task = w.start(p.name, ["write hello.txt hi", "say The first turn is over."])
    w.is_(task, "in-progress", "idle", "agent", patience=60)
    w.ganger("stop", str(task))
    w.ganger("retry", str(task), "--note", 'go on from here\nplay: ["say It went on."]')
    heard = w.heard("go on from here", 60)
    if not any("The first turn is over" in text for _, text in heard["messages"]):
        raise Missed("a new conversation: the first turn is not in it")


@check("Escape in a turn: idle within 30 s")
def escape(w, p):
    task = w.start(p.name, ["hang"])
    w.until("the request", lambda: w.requests(), 60)
    w.is_(task, "in-progress", "working", patience=20)
    time.sleep(2)
    w.keys(task, "Escape")
    if p.name == "opencode":
        time.sleep(0.5)
        w.keys(task, "Escape")
    w.is_(task, "in-progress", "idle", patience=30)


@check("a usage limit (429): waiting, in its words", but=("opencode",))
def limit(w, p):
    words = {"codex": "usage limit reached resets"}.get(p.name, "This request would exceed your account's rate limit.")
    task = w.start(p.name, [f"status 429 {words}"] * 30)
    w.is_(task, "in-progress", "waiting", None, "limit" if p.name != "claude" else "429", patience=90)


@check("the model refuses (400): waiting or idle, in its words")
def refused(w, p):
    task = w.start(p.name, ["status 400 the colour is wrong"] * 30)
    w.is_(task, "in-progress", None, None, "the colour is wrong", patience=60)


@check("overloaded (529): said, in its words", but=("gemini",))
def overloaded(w, p):
    task = w.start(p.name, ["status 529 Overloaded"] * 30)
    w.until("what it says", lambda: re.search("overloaded|529|retry|reconnect|high demand", w.task(task).get("saying") or "", re.I), 60)


@check("hangs: working")
def hang(w, p):
    task = w.start(p.name, ["hang"])
    w.until("the request", lambda: w.requests(), 60)
    time.sleep(12)
    w.is_(task, "in-progress", "working", patience=3)


@check("its exit command is judged")
def leave(w, p):
    task = w.start(p.name, ["write hello.txt hi", "say Finished."])
    w.is_(task, "in-progress", "idle", "agent", patience=60)
    w.ganger("send", str(task), p.quit_with)
    w.is_(task, "review", patience=30)


@check("headless: a file is written: review", interactive=False)
def h_write(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    task = w.start(p.name, ["write hello.txt hi", "say Finished."])
    w.is_(task, "review", patience=90)


@check("headless: done, by its own verb", interactive=False, but=("aider",))
def h_done(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    task = w.start(p.name, ["write hello.txt hi", DONE, "say Finished."])
    w.is_(task, "review", patience=90)
    w.until("its word", lambda: "reported done" in (w.task(task)["reason"] or ""), 5)


@check("headless: fail, by its own verb", interactive=False, but=("aider",))
def h_fail(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    task = w.start(p.name, ["write hello.txt hi", 'run "$GANGER_BIN" fail "no such shop"', "say Sorry."])
    seen = w.is_(task, "failed", patience=90)
    if seen["reason"] != "no such shop":
        raise Missed(f"failed, but: {seen['reason']}")


@check("headless: only a question: failed, not review", interactive=False)
def h_text(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    task = w.start(p.name, ["say Which colour do you want?"])
    w.is_(task, "failed", patience=90)


@check("headless: the model refuses (400): failed, not review", interactive=False)
def h_refused(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    task = w.start(p.name, ["status 400 the colour is wrong"] * 30, *(["--unsafe"] if p.name == "aider" else []))
    w.is_(task, "failed", patience=90)


@check("headless: the prompt arrives as it is", interactive=False)
def h_prompt(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    odd = "say \"it\" 'now' \\ $(x) \U0001f600"
    w.start(p.name, f'fix it\n{odd}\nplay: ["say Read."]')
    w.heard(odd, 60)


@check("headless: a retry resumes the conversation", interactive=False, but=("aider",))
def h_resume(w, p):
    w.configure(f'[agents.{p.name}]\nmode = "headless"')
    task = w.start(p.name, ["say The first turn is over."])
    w.is_(task, "failed", patience=90)
    w.ganger("retry", str(task), "--note", 'go on from here\nplay: ["say It went on."]')
    heard = w.heard("go on from here", 60)
    if not any("The first turn is over" in text for _, text in heard["messages"]):
        raise Missed("a new conversation: the first turn is not in it")


def alone():
    """Again, as an ordinary user in a network namespace with nothing but loopback, where the system allows both."""
    if os.environ.get("AGENTS_ALONE"):
        return os.environ["AGENTS_ALONE"] == "yes"
    os.environ["AGENTS_ALONE"] = "yes"
    again = [sys.executable, *sys.argv]
    if os.getuid() == 0:
        # Some programs refuse to work as root.
        again = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *again]
        space = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    else:
        space = ["unshare", "--net", "--user", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    able = subprocess.run([*space, "true"], capture_output=True, check=False).returncode == 0
    if able:
        os.execvp(space[0], [*space, *again])
    os.environ["AGENTS_ALONE"] = "no"
    os.execvp(again[0], again)


def versions():
    found = {}
    for line in open(os.path.join(os.environ["PROGRAMS"], "versions"), encoding="utf-8"):
        name, _, version = line.strip().partition(" ")
        found[name] = version
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--check", nargs="*")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--docs")
    args = parser.parse_args()
    isolated = alone()
    print("network: loopback alone" if isolated else "network: not cut off (unshare is not allowed here); the models are on loopback all the same", flush=True)
    log = os.path.join(tempfile.mkdtemp(prefix="ga-log-", dir="/tmp"), "requests.jsonl")
    port = models.start(log)
    found, table, failed = versions(), {}, 0
    for name, program in PROGRAMS.items():
        if args.only and name not in args.only:
            continue
        if name not in found or found[name].startswith("not "):
            print(f"{name}: NOT TESTED: {found.get(name, 'not installed')}", flush=True)
            table[name] = None
            failed += 1
            continue
        print(f"{name} {found[name]}", flush=True)
        table[name] = {}
        for key, words, function, only, but, trusted, interactive in CHECKS:
            if args.check and key not in args.check:
                continue
            if (only and name not in only) or name in but or (interactive and program.headless_only):
                continue
            began = time.time()
            world = World(program, port, log, trusted)
            why = ""
            try:
                function(world, program)
            except (Missed, subprocess.TimeoutExpired, KeyError, ValueError) as missed:
                why = str(missed) or repr(missed)
                failed += 1
            if args.keep and why:
                print(f"    kept: {world.folder}; requests: {log}", flush=True)
            world.close(keep=args.keep and bool(why))
            table[name][key] = why
            print(f"  {'MISSED' if why else 'ok    '} {key:<12} {time.time() - began:5.1f} s  {words}", flush=True)
            for line in why.splitlines():
                print(f"           {line}", flush=True)
    report = markdown(table, found, isolated)
    if args.docs and not args.check:
        with open(args.docs, "w", encoding="utf-8") as file:
            file.write(report)
    passed = sum(1 for row in table.values() for why in (row or {}).values() if not why)
    print(report if not args.check else "")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def markdown(table, found, isolated):
    names = list(table)
    lines = ["# Agents, tested", "",
             "Written by `make agents`: the real programs, through the real ganger in a tmux server of its own, each check in a home",
             "of its own, with models on loopback that play a script. " + ("The network was loopback alone." if isolated else "The network was not cut off."),
             "Below the table: what each ✘ came to.", "", "| program | version |", "|---|---|"]
    lines += [f"| {name} | {found.get(name, 'not installed')} |" for name in names]
    lines += ["", "| check | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for key, words, *_ in CHECKS:
        cells = ["not installed" if table[name] is None else {None: "–", "": "✔"}.get(table[name].get(key), "✘") for name in names]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    missed = [(name, key, why) for name in names for key, why in (table[name] or {}).items() if why]
    if missed:
        lines += ["", "## What was missed", ""]
        lines += [f"- **{name}, {key}**: {' '.join(why.split(chr(10))[0].split())}" for name, key, why in missed]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import models
    from programs import PROGRAMS
    from world import Missed, World

    sys.exit(main())
