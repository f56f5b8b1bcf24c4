"""F28: what the shipped unit promises, under a real systemd in a container. Each promise is one line,
`ok …` or `FAIL …`; the last line counts them."""

import fcntl
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import promises
from config import GOOD, SECRETS, WORSE, mastodon
from flow import MastodonScene
from promises import broken_off, check, count, until

# Shorter than shipped, so that the test need not wait for minutes; and deadly for a forbidden call.
QUICK = "[Service]\nWatchdogSec=6s\nSystemCallErrorNumber=kill\nRestartSec=1s\nStartLimitBurst=100\n"


def drop_in(unit, name, text):
    folder = unit.root / "etc/systemd/system/affinityd.service.d"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.conf"
    path.write_text(text) if text else path.unlink()
    unit.inside("systemctl", "daemon-reload")


def journal(unit):
    """Every entry about the unit, with all its fields."""
    out = unit.inside("journalctl", "-u", "affinityd", "-o", "json", "--all", "--no-pager").stdout
    return [json.loads(line) for line in out.splitlines()]


def says(unit, words):
    return any(words in str(entry.get("MESSAGE")) for entry in journal(unit))


def restarts(unit):
    return int(unit.show("NRestarts"))


def as_somebody(unit, *who):
    """How `status` ends for somebody, and what it says."""
    done = unit.inside("setpriv", *who, "--clear-groups", "affinityd", "status")
    return done.returncode, done.stdout + done.stderr


def the_files(unit):
    check("systemd knows every line of the unit",
          unit.inside("systemd-analyze", "verify", "--man=no", "/etc/systemd/system/affinityd.service").stderr == "",
          unit.inside("systemd-analyze", "verify", "--man=no", "/etc/systemd/system/affinityd.service").stderr)
    unit.write(GOOD.replace("Europe/Stockholm", "Europe/Stokholm"))
    failed = unit.start()
    check("a wrong configuration ends it with 78", failed.returncode != 0 and unit.show("ExecMainStatus") == "78",
          failed.stderr + unit.log()[-800:])
    check("and keeps it down, as only a person can help",
          (unit.show("ActiveState"), restarts(unit)) == ("failed", 0), unit.show("SubState"))
    check("the journal has the mistake, with its line", says(unit, "Stokholm"), unit.log()[-800:])
    unit.write(GOOD, token="no-such-file")
    unit.start()
    check("a credential that is missing does the same, and the journal names it",
          (unit.show("ExecMainStatus"), unit.show("ActiveState")) == ("78", "failed") and says(unit, "no-such-file"),
          unit.log()[-800:])
    unit.write(GOOD)


def the_start(unit, scene):
    unit.inside("systemctl", "reset-failed", "affinityd")
    started = unit.start()
    check("with a right one it starts, as shipped", started.returncode == 0 and unit.runs(),
          started.stderr + unit.log()[-1500:])
    check("the status line is true", unit.show("StatusText") == "polling 1 account for Acme Coffee",
          unit.show("StatusText"))
    check("the token and the password came as credentials: every stream is read", until(30, scene.is_read),
          unit.log()[-1500:])
    pid = unit.show("MainPID")
    about = unit.inside("cat", f"/proc/{pid}/status").stdout
    field = {line.split(":")[0]: line.split(":")[1].split() for line in about.splitlines() if ":" in line}
    uid = int(field["Uid"][0])
    check("it is a user that systemd made up", 61184 <= uid <= 65519, about)
    check("without any capability, and without a way to new ones",
          field["CapEff"] == field["CapBnd"] == ["0" * 16] and field["NoNewPrivs"] == ["1"], about)
    check("behind a filter of system calls", field["Seccomp"] == ["2"], about)
    around = unit.inside("cat", f"/proc/{pid}/environ").stdout
    check("no secret is in its environment", not any(word in around for word in SECRETS.values()), around)
    kept = list(unit.state.rglob("*"))
    check("its state is in a directory of its own, all of it private",
          len(kept) > 3 and all(p.lstat().st_uid == uid and p.lstat().st_mode & 0o077 == 0 for p in [unit.state, *kept]),
          str([(str(p), oct(p.lstat().st_mode), p.lstat().st_uid) for p in [unit.state, *kept]]))
    code, said = as_somebody(unit, "--reuid", "0", "--regid", "0")
    check("root can ask it", code == 0 and "running for" in said, said)
    group = str((unit.root / "run/affinityd").stat().st_gid)
    code, said = as_somebody(unit, "--reuid", "65534", "--regid", group)
    check("a member of its group can", code == 0 and "running for" in said, said)
    code, said = as_somebody(unit, "--reuid", "65534", "--regid", "65534")
    check("nobody else can, and is told why", code == 1 and "may not be used by this user" in said, said)
    code, took = unit.stop()
    check("it stops within 5 s, cleanly", code == 0 and took < 5 and unit.show("Result") == "success",
          f"{code} after {took:.1f} s: {unit.log()[-800:]}")
    check("and leaves no socket", not (unit.root / "run/affinityd/affinityd.sock").exists())


def ready_means_ready(unit):
    with open(unit.state / "lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unit.inside("systemctl", "start", "--no-block", "affinityd")
        until(10, lambda: unit.show("MainPID") != "0")
        waits = [(time.sleep(0.2), unit.show("ActiveState"))[1] for _ in range(10)]
        check("while the store cannot be opened it is not ready", set(waits) == {"activating"}, str(waits))
    check("and it is once the store is open", until(15, unit.runs), unit.log()[-800:])


def the_reload(unit, scene):
    pid = unit.show("MainPID")
    name = lambda: (unit.ask("status") or {}).get("brands", {}).get("acme", {}).get("name")
    unit.write(GOOD.replace("Acme Coffee", "Acme Tea"))
    done = unit.inside("systemctl", "reload", "affinityd")
    check("a changed configuration is taken over", done.returncode == 0 and until(15, lambda: name() == "Acme Tea"),
          done.stderr + unit.log()[-800:])
    check("and the status line follows", until(5, lambda: "Acme Tea" in unit.show("StatusText")), unit.show("StatusText"))
    unit.write(GOOD.replace("Europe/Stockholm", "Europe/Stokholm"))
    done = unit.inside("systemctl", "reload", "affinityd")
    check("with a wrong one `systemctl reload` fails", done.returncode != 0, done.stderr)
    unit.reload()
    check("and by SIGHUP it is refused, in the status line too",
          until(15, lambda: "OLD configuration" in unit.show("StatusText")), unit.show("StatusText"))
    unit.write(GOOD)
    check("the old one goes on, in the same process",
          unit.runs() and unit.show("MainPID") == pid and name() == "Acme Tea", str(name()))
    unit.write(GOOD + WORSE)
    done = unit.inside("systemctl", "reload", "affinityd")
    check("a token that is refused shows in the status line",
          done.returncode == 0 and until(30, lambda: "needs attention" in unit.show("StatusText")
                                         or "need attention" in unit.show("StatusText")), unit.show("StatusText"))
    # systemd hands credentials over at the start, and only then.
    unit.secret("dead", SECRETS["token"])
    _, said, _ = unit.run("status")
    check("status says that a new token wants a restart", "systemctl restart affinityd" in said, said)
    unit.inside("systemctl", "restart", "affinityd")
    check("and a restart takes it", until(30, lambda: scene.is_read() and not scene.troubles("expired")),
          str(scene.sources("expired")))


def the_watchdog(unit, scene):
    drop_in(unit, "quick", QUICK)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # It takes connections and never says a word.
        unit.write(GOOD + mastodon("mute", "token", f"http://localhost:{mute.getsockname()[1]}"))
        unit.inside("systemctl", "restart", "affinityd")
        before, began = restarts(unit), time.monotonic()
        until(45, lambda: scene.troubles("mute"))
        check("a server that never answers is told as such, and does not wake the watchdog",
              scene.troubles("mute") == {"unreachable"} and restarts(unit) == before
              and time.monotonic() - began > 12 and unit.runs(), str((scene.sources("mute"), restarts(unit))))
        code, took = unit.stop()
        check("and does not keep it from stopping within 5 s", code == 0 and took < 5, f"{code} after {took:.1f} s")
    unit.write(GOOD)
    unit.start()
    before = restarts(unit)
    unit.inside("systemctl", "kill", "-s", "STOP", "--kill-whom=main", "affinityd")
    check("one that stands still is killed by the watchdog", until(20, lambda: says(unit, "Watchdog timeout")),
          unit.log()[-800:])
    check("and runs again", until(20, lambda: restarts(unit) == before + 1 and unit.runs()), unit.log()[-800:])
    read_at = time.time()
    check("and reads again", until(30, lambda: scene.is_read(read_at)), str(scene.sources("main")))


def the_hanging_disk(unit, scene):
    disk = os.environ["DISK"]
    if not disk:
        print("skipped: a disk that hangs: this machine has no loop devices", flush=True)
        return
    seen = sum("Watchdog timeout" in str(entry.get("MESSAGE")) for entry in journal(unit))
    barks = lambda: sum("Watchdog timeout" in str(entry.get("MESSAGE")) for entry in journal(unit)) > seen
    scene.say("frozen", "alice", "@acmecoffee my grinder arrived broken, I want a refund XFROZEN")
    subprocess.run(["fsfreeze", "--freeze", disk], check=True)
    try:
        barked = until(60, barks)
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", disk], check=True)
    check("a disk that hangs wakes the watchdog", barked, unit.log()[-800:])
    check("and when it works again, so does the daemon, with nothing lost",
          until(60, lambda: unit.runs() and scene.has("frozen")) and unit.run("verify")[0] == 0, unit.log()[-800:])


def the_crash(unit, scene):
    before = restarts(unit)
    unit.end()
    check("killed, it is started again", until(20, lambda: restarts(unit) == before + 1 and unit.runs()),
          unit.log()[-800:])
    read_at = time.time()
    check("and goes on", until(30, lambda: scene.is_read(read_at)), str(scene.sources("main")))
    unit.stop()
    code, out, err = unit.run("verify")
    check("stopped, the store is whole, as root sees it", code == 0, out + err)
    code, out, err = unit.run("import", "/etc/affinityd/history.jsonl")
    check("root can import while it is stopped", code == 0, out + err)
    check("and it can use its store after that", unit.start().returncode == 0 and until(30, unit.runs),
          unit.log()[-1500:])
    owners = {path.lstat().st_uid for path in unit.state.rglob("*")}
    check("of which every file is still its own", owners == {unit.state.stat().st_uid}, str(owners))


def the_journal(unit):
    entries = [entry for entry in journal(unit) if entry.get("SYSLOG_IDENTIFIER") == "affinityd"]
    fields = {name for entry in entries for name in entry}
    check("its entries have a level and a place in the program",
          entries != [] and all("PRIORITY" in e and "TARGET" in e for e in entries if e.get("_TRANSPORT") == "journal"),
          str(fields))
    check("and what they are about in fields of their own", {"F_ACCOUNT", "F_VERSION"} <= fields, str(sorted(fields)))
    whole = unit.inside("journalctl", "-o", "export", "--all", "--no-pager").stdout
    check("no secret is anywhere in the journal", not any(word in whole for word in SECRETS.values()))
    check("and nobody's words", "XFROZEN" not in whole)
    check("nothing was killed for a forbidden call, and none failed",
          "status=31/SYS" not in whole and not any(
              "not permitted" in str(entry.get("MESSAGE")) for entry in entries),
          str([e["MESSAGE"] for e in entries if "not permitted" in str(e.get("MESSAGE"))]))
    odd = [line for line in whole.splitlines() if "affinityd.service" in line
           and any(word in line for word in ("Unknown", "ignoring", "Failed to set up"))]
    check("systemd took every line of the unit", odd == [], str(odd))


def main():
    scene = MastodonScene()
    unit = scene.daemon
    history = pathlib.Path(__file__).parent.parent / "cli/history.jsonl"
    (unit.folder / "history.jsonl").write_text(history.read_text())
    scene.say("old", "frank", "@acmecoffee my grinder came broken last week, I want a refund XOLD")
    steps = [(the_files,), (the_start, scene), (ready_means_ready,), (the_reload, scene), (the_watchdog, scene),
             (the_hanging_disk, scene), (the_crash, scene), (the_journal,)]
    began = time.monotonic()
    try:
        for step, *more in steps:
            print(f"# {step.__name__.replace('_', ' ')}, after {time.monotonic() - began:.0f} s", flush=True)
            step(unit, *more)
    except Exception as error:
        broken_off(error)
    if promises.failed:
        (unit.work / "journal").write_text(unit.inside("journalctl", "--no-pager", "-o", "short-monotonic").stdout)
        print(f"the journal is in {unit.work}/journal, kept with KEEP=1")
    return count()


if __name__ == "__main__":
    sys.exit(main())
