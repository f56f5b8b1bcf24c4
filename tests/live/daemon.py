"""The daemon under test: its configuration, its process, and its command line."""

import json
import os
import pathlib
import signal
import subprocess
import time

GOOD = """
[daemon]
socket = "{work}/affinityd.sock"
state = "{work}/state"

[mail]
from = "affinityd <affinityd@mail.test>"
list-id = "alerts.mail.test"

[mail.smtp]
host = "localhost"
port = {mail_port}
security = "starttls"
user = "affinityd@mail.test"
password-file = "{work}/secrets/{password}"
ca-file = "{mail_ca}"

[[brands]]
id = "acme"
name = "Acme Coffee"
zone = "Europe/Stockholm"
recipients = ["care@mail.test"]
hours = {{ daily = "00:00-24:00" }}
accounts = [{{ platform = "mastodon", account = "acmecoffee@{host}" }}]

[brands.terms]
terms = ["Acme Coffee", "acmecoffee"]

[brands.targets]
safety = "1m"
complaint = "1m"
question = "1m"
request = "1m"
at-risk-percent = 100
at-risk-before = "0s"

[brands.alerts]
group-wait = "5s"
group-interval = "1m"

[brands.digest]
schedule = "* * * * *"
empty = "always"

[[platforms.mastodon]]
name = "main"
url = "{url}"
token-file = "{work}/secrets/{token}"
poll-notifications = "2s"
poll-posts = "2s"
"""

# Two accounts that cannot work, beside the one that does.
WORSE = """
[[platforms.mastodon]]
name = "expired"
url = "{url}"
token-file = "{work}/secrets/dead"
poll-notifications = "2s"
poll-posts = "2s"

[[platforms.mastodon]]
name = "nobody-home"
url = "http://localhost:{dead_port}"
token-file = "{work}/secrets/token"
poll-notifications = "2s"
poll-posts = "2s"
"""


class Daemon:
    """affinityd with a configuration of its own in a folder of its own."""

    def __init__(self, binary, work, places):
        self.binary, self.work = str(binary), pathlib.Path(work)
        self.places = {"work": work, "password": "password", "token": "token", **places}
        self.config = self.work / "affinityd.toml"
        self.log = self.work / "daemon.log"
        self.process = None
        secrets = self.work / "secrets"
        secrets.mkdir(mode=0o700)
        for name, value in {
            "password": "right-password",
            "wrong-password": "not-the-password",
            "token": "tok-acmecoffee",
            "dead": "tok-of-somebody-who-left",
        }.items():
            (secrets / name).write_text(value + "\n")
            (secrets / name).chmod(0o600)
        self.write(GOOD)

    def write(self, text, path=None, **changes):
        path = path or self.config
        path.write_text(text.format(**{**self.places, **changes}))
        return path

    def run(self, *args, config=None, limit=60):
        """A command to its end: (exit code, standard output, standard error)."""
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        done = subprocess.run(
            [self.binary, "--config", str(config or self.config), *args],
            capture_output=True, text=True, timeout=limit, env=environment,
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

    def start(self):
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "--config", str(self.config), "run"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment,
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
