"""One check's world: a home, a repository, a board and a tmux server of its own, and the real ganger."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

GANGER = os.environ["GANGER"]
PROGRAMS = os.environ["PROGRAMS"]


class Missed(Exception):
    """What was waited for did not come, with what was there instead."""


class World:
    def __init__(self, program, port, log, trusted=True):
        self.folder = tempfile.mkdtemp(prefix="ga-", dir="/tmp")
        for name in ("home", "data", "state", "config/ganger", "tmux", "repo"):
            os.makedirs(self.path(name))
        self.log, self.port, self.since = log, port, time.time()
        paths = [f"{PROGRAMS}/npm/node_modules/.bin", f"{PROGRAMS}/venv/bin", os.path.dirname(GANGER)]
        self.env = {
            "PATH": ":".join(paths + ["/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": self.path("home"), "XDG_DATA_HOME": self.path("data"), "XDG_STATE_HOME": self.path("state"),
            "XDG_CONFIG_HOME": self.path("config"), "TMUX_TMPDIR": self.path("tmux"), "TERM": "xterm-256color",
            "LANG": "C.UTF-8", "SHELL": "/bin/bash", "NO_PROXY": "127.0.0.1", "DISABLE_AUTOUPDATER": "1",
        }
        self.write("home/.gitconfig", "[user]\nname = t\nemail = t@example.org\n[init]\ndefaultBranch = main\n")
        self.configure("")
        self.git("init", "-q")
        self.write("repo/a.txt", "one\n")
        self.git("add", ".")
        self.git("commit", "-qm", "first")
        program.prepare(self, port, trusted)

    def path(self, below):
        return os.path.join(self.folder, below)

    def write(self, below, text):
        os.makedirs(os.path.dirname(self.path(below)), exist_ok=True)
        with open(self.path(below), "w", encoding="utf-8") as file:
            file.write(text)

    def configure(self, more):
        self.write("config/ganger/config.toml", more + '\n[timing]\nstart = "30s"\n[tmux]\ngrace = "3s"\n')

    def call(self, *argv, check=True, cwd=None):
        ran = subprocess.run(argv, env=self.env, cwd=cwd or self.path("repo"), capture_output=True, text=True, timeout=90,
                             stdin=subprocess.DEVNULL)
        if check and ran.returncode != 0:
            raise Missed(f"{' '.join(map(str, argv))[:200]}: exit {ran.returncode}: {(ran.stderr or ran.stdout).strip()[:400]}")
        return ran.stdout

    def git(self, *argv, cwd=None):
        return self.call("git", *argv, cwd=cwd)

    def ganger(self, *argv, check=True):
        return self.call(GANGER, *argv, check=check)

    def start(self, agent, prompt, *more):
        """Adds a task and dispatches it. `prompt`: a text, or the steps of a script."""
        if isinstance(prompt, list):
            prompt = "Do as the script says.\nplay: " + json.dumps(prompt)
        self.write("prompt", prompt)
        shown = self.ganger("add", "a task", "--agent", agent, "--prompt", f"@{self.path('prompt')}", *more)
        task = int(shown.strip())
        self.ganger("dispatch", str(task))
        return task

    def task(self, task):
        return json.loads(self.ganger("--json", "show", str(task)))

    def worktree(self, task):
        return self.ganger("path", str(task)).strip()

    def screen(self, task):
        return self.ganger("peek", str(task), "--lines", "60", check=False)

    def keys(self, task, *keys):
        seen = self.task(task)["attempt"]
        self.call("tmux", "-S", seen["socket"], "send-keys", "-t", seen["pane_id"], *keys)

    def until(self, what, look, patience=30):
        end = time.time() + patience
        while True:
            found = look()
            if found:
                return found
            if time.time() > end:
                raise Missed(f"not within {patience} s: {what}")
            time.sleep(0.2)

    def is_(self, task, status=None, activity=None, source=None, saying=None, patience=30):
        """Waits until the card says this; what it says."""
        seen = {}

        def look():
            seen.update(self.task(task))
            right = (status in (None, seen["status"]) and activity in (None, seen["activity"])
                     and source in (None, seen.get("activity_source"))
                     and (saying is None or saying.lower() in (seen.get("saying") or "").lower()))
            return right and dict(seen)

        try:
            return self.until("", look, patience)
        except Missed:
            now = f"{seen.get('status')}, {seen.get('activity')} by {seen.get('activity_source')}, saying {seen.get('saying')!r}, reason {seen.get('reason')!r}"
            wanted = ", ".join(str(word) for word in (status, activity, source, saying) if word)
            lines = [line for line in self.screen(task).splitlines() if line.strip()][-12:]
            raise Missed(f"wanted {wanted} within {patience} s; the card: {now}; the screen:\n" + "\n".join(lines)) from None

    def requests(self):
        """What the program has asked its model since this world began."""
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8") as log:
            lines = [json.loads(line) for line in log if line.endswith("\n")]
        return [line for line in lines if line["at"] >= self.since and line["tools"]]

    def heard(self, words, patience=30):
        """Waits until a request holds these words as they are; that request."""
        look = lambda: next((r for r in self.requests() if any(words in text for _, text in r["messages"])), None)
        try:
            return self.until("", look, patience)
        except Missed:
            got = [r["last"][-1][-300:] for r in self.requests()[-1:] if r["last"]]
            raise Missed(f"the model was not told {words[:60]!r} within {patience} s; last: {got}") from None

    def close(self, keep=False):
        """Ends what this world started, by id, and takes it away."""
        for task in json.loads(self.ganger("--json", "list", check=False) or '{"tasks":[]}')["tasks"]:
            if task.get("attempt") and task["attempt"].get("phase") in ("running", "verifying", "spawning"):
                self.ganger("stop", str(task["id"]), check=False)
        folder = os.path.join(self.path("tmux"), f"tmux-{os.getuid()}")
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            self.call("tmux", "-S", os.path.join(folder, name), "kill-server", check=False)
        # Daemons that a program has left behind know the world by their environment.
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    ours = f"HOME={self.path('home')}\0".encode() in environ.read()
                if ours and int(pid) != os.getpid():
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
