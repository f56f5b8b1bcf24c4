"""The daemon under test: its configuration, its process, and its command line. It is a child of the
test, or a unit of the systemd in a container."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from config import GOOD, PLACE, SECRETS


class Daemon:
    """affinityd with a configuration of its own in a folder of its own; `places` fill its braces."""

    def __init__(self, work, places, text=GOOD):
        self.work = pathlib.Path(work)
        self.process = None
        self.folder, secrets = self.work, self.work / "secrets"
        own = {"work": work, "places": PLACE.format(work=work), "secret": f'file = "{secrets}/'}
        self.settle(secrets, {**own, **places}, text)

    def settle(self, secrets, places, text):
        self.config = self.folder / "affinityd.toml"
        self.places = {"security": "starttls", "password": "password", "token": "token", **places}
        self.secrets = secrets
        secrets.mkdir(mode=0o700)
        for name, value in SECRETS.items():
            self.secret(name, value)
        self.write(text)

    def secret(self, name, value):
        path = self.secrets / name
        path.write_text(value + "\n")
        path.chmod(0o600)

    @property
    def state(self):
        return self.work / "state"

    def write(self, text, name="affinityd.toml", **changes):
        path = self.folder / name
        path.write_text(text.format(**{**self.places, **changes}))
        return path

    def command(self, config):
        return [os.environ["AFFINITYD"], "--config", str(config)]

    def run(self, *args, config=None, limit=60):
        """A command to its end: (exit code, standard output, standard error)."""
        done = subprocess.run(
            [*self.command(config or self.config), *args],
            capture_output=True, text=True, timeout=limit, env=surroundings(),
        )
        return done.returncode, done.stdout, done.stderr

    def ask(self, *args):
        """What a command says as JSON; None if it says none."""
        _, out, _ = self.run(*args, "--json")
        try:
            return json.loads(out)
        except ValueError:
            return None

    def export(self):
        """Every line of an export; [] if there is none."""
        code, out, _ = self.run("export")
        return [json.loads(line) for line in out.splitlines()] if code == 0 else []

    def log(self):
        """What it has logged so far, with everything that is logged beside the words."""
        path = self.work / "daemon.log"
        return path.read_text() if path.exists() else ""

    def start(self):
        with (self.work / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command(self.config), "run"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=surroundings(),
            )

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, limit=15):
        """Ends it with SIGTERM: (exit code or None, seconds it took)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        return code, time.monotonic() - began

    def end(self):
        if self.runs():
            self.process.kill()
            self.process.wait()


class Unit(Daemon):
    """The same as the unit that is shipped, under the systemd of the container that is booted."""

    def __init__(self, work, places):
        self.work = pathlib.Path(work)
        self.leader = os.environ["LEADER"]
        self.root = pathlib.Path(f"/proc/{self.leader}/root")
        self.folder = self.work / "etc"
        # The sandbox sees neither /tmp nor the homes.
        shutil.copy(places["mail_ca"], self.folder / "mail-ca.pem")
        places = {**places, "mail_ca": "/etc/affinityd/mail-ca.pem"}
        self.settle(self.folder / "credentials", {"places": "", "secret": 'credential = "', **places}, GOOD)

    @property
    def state(self):
        return self.root / "var/lib/private/affinityd"

    def inside(self, *args, limit=60):
        """A command in the container, as root: what it came to."""
        words = ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "--", *args]
        return subprocess.run(words, capture_output=True, text=True, timeout=limit, env=surroundings())

    def command(self, config):
        into = ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        return [*into, "/usr/bin/affinityd", "--config", f"/etc/affinityd/{config.name}"]

    def show(self, name):
        """A property of the unit."""
        return self.inside("systemctl", "show", "affinityd", "--value", "-p", name).stdout.strip()

    def log(self):
        return self.inside("journalctl", "-u", "affinityd", "-o", "export", "--all", "--no-pager").stdout

    def start(self):
        self.inside("systemctl", "reset-failed", "affinityd")
        return self.inside("systemctl", "start", "affinityd", limit=90)

    def runs(self):
        return self.show("ActiveState") == "active"

    def reload(self):
        # Not `systemctl reload`, which refuses a broken file before the daemon hears of it.
        self.inside("systemctl", "kill", "-s", "HUP", "--kill-whom=main", "affinityd")

    def stop(self, limit=70):
        began = time.monotonic()
        self.inside("systemctl", "stop", "affinityd", limit=limit)
        return int(self.show("ExecMainStatus")), time.monotonic() - began

    def end(self):
        self.inside("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "affinityd")


def surroundings():
    """The environment without proxies, and as wide as a terminal is."""
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**kept, "COLUMNS": "80"}
