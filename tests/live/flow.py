"""The acceptance flow: a brand account on a real server, a real mail server, and the daemon
between them. Each promise is one line, `ok …` or `FAIL …`; the last line counts them."""

import json
import os
import pathlib
import sys
import time

from config import GOOD, SECRETS, WORSE
from daemon import Daemon, Unit
from promises import broken_off, check, count, until
from scene import Scene
from world import World, contains, letters, moment

WORK = pathlib.Path(os.environ["WORK"])
BOXES = os.environ["MAIL_BOXES"]
TARGET = 60


class MastodonScene(Scene):
    """A server with the Mastodon API, and letters in a Maildir."""

    def __init__(self):
        self.world = World(os.environ["MASTODON"], WORK / "mastodon" / "tokens.json")
        host = os.environ["MASTODON"].split("//")[1]
        kind = Unit if os.environ.get("LEADER") else Daemon
        super().__init__(kind(str(WORK), {
            "url": os.environ["MASTODON"], "platform": "mastodon", "account": f"acmecoffee@{host}",
            "mail_ca": os.environ["MAIL_CA"], "mail_port": os.environ["MAIL_PORT"],
            "dead_port": os.environ["DEAD_PORT"],
        }))

    def say(self, name, who, text, **more):
        self.posts[name] = self.world.post(who, text, **more)
        return self.posts[name]

    def mails(self, purpose):
        return [letter for letter in letters(BOXES, "care") if letter.purpose == purpose]


def before_the_start(scene):
    """What a sysadmin does first: is the file right, does the world answer, does mail leave?"""
    daemon = scene.daemon
    code, out, err = daemon.run("check-config")
    check("check-config accepts the configuration", code == 0 and "fine" in out, out + err)
    broken = daemon.write(GOOD.replace("schedule", "shedule").replace('"Europe/Stockholm"', '"Europe/Stokholm"'), "broken.toml")
    code, out, err = daemon.run("check-config", config=broken)
    check("check-config names two mistakes at once and ends with 78",
          code == 78 and "shedule" in out + err and "Stokholm" in out + err, out + err)
    code, out, err = daemon.run("check", "--mail-to", "test@mail.test")
    check("check finds the account reachable and authorised, and mail leaves", code == 0, out + err)
    arrived = until(15, lambda: letters(BOXES, "test"))
    check("the test mail arrives, through STARTTLS and AUTH",
          len(arrived) == 1 and "ESMTPSA" in arrived[0].raw.decode(), str(arrived))
    wrong = daemon.write(GOOD, "wrong.toml", password="wrong-password")
    code, out, err = daemon.run("check", config=wrong)
    check("check says that the mail server refuses a wrong password (535)",
          code == 1 and "535" in out + err and "not-the-password" not in out + err, out + err)
    trusting = daemon.write(GOOD.replace('ca-file = "{mail_ca}"', ""), "trusting.toml")
    code, out, err = daemon.run("check", "--mail-to", "test@mail.test", config=trusting)
    check("a certificate by an unknown authority is refused", code == 1 and "certificate" in out.lower(), out + err)
    code, out, err = daemon.run("check", "--mail-to", "nobody@mail.test")
    check("check says that an address is refused (550)", code == 1 and "550" in out, out + err)
    dead = daemon.write(GOOD + WORSE, "dead.toml")
    began = time.monotonic()
    code, out, err = daemon.run("check", "--json", config=dead, limit=300)
    took = time.monotonic() - began
    findings = json.loads(out) if out else []
    bad = {f["about"].split()[0] for f in findings if not f["works"] and f["vital"]}
    check("check names the dead token and the dead server, and not the account that works",
          code == 1 and bad == {"expired", "nobody-home"}, out + err)
    check("check has an answer for all accounts within half a minute", took < 30, f"{took:.0f} s")


def start(scene):
    daemon = scene.daemon
    scene.say("old", "frank", "@acmecoffee my grinder came broken last week, I want a refund XOLD")
    scene.say("ours", "acmecoffee", "Our new cold brew is out today. Tell us what you think!")
    daemon.start()
    check("the daemon reads every stream to its end", until(30, scene.is_read), daemon.log()[-2000:])
    code, out, err = daemon.run("status")
    check("status says that everything is well and ends with 0", code == 0, out + err)
    check("feedback from before the first start is stored and makes a case",
          until(10, lambda: scene.case("old").get("state")), str(scene.cases()))


def tell_the_scenario(scene):
    """Everything happens in public at once, as it does."""
    world, say, posts = scene.world, scene.say, scene.posts
    say("alice", "alice", "☕ @acmecoffee my subscription box arrived broken AGAIN. I want a refund 😡 XALICE")
    say("praise", "bob", "@acmecoffee thanks, best espresso in town 💛", visibility="unlisted")
    say("bob", "bob", "@acmecoffee der Cold Brew schmeckt furchtbar und euer Support antwortet nie XBOB", to=posts["ours"])
    say("dave", "dave", "@bob @acmecoffee same here, mine was terrible too, I want my money back XDAVE", to=posts["bob"])
    say("erin", "erin", "@acmecoffee where can I buy the cold brew in Lund? XERIN", to=posts["ours"])
    say("frank", "frank", "@acmecoffee my order 77 never arrived, this is unacceptable XFRANK")
    say("regret", "carol", "@acmecoffee your shop cheated me, I want my money back XDELETED")
    say("direct", "carol", "@acmecoffee private: order 123 never came XDIRECT", visibility="direct")
    say("followers", "carol", "@acmecoffee my order never came, only friends may know XFOLLOWERS", visibility="private")
    say("again", "alice", "@acmecoffee hello? still waiting for my refund, nobody answers XAGAIN", to=posts["alice"])
    world.boost("carol", posts["ours"])
    world.like("dave", posts["ours"])
    say("vanished", "dave", "@acmecoffee I take this back at once XVANISHED")
    world.delete("dave", posts["vanished"])


ASKED = ["old", "ours", "alice", "praise", "bob", "dave", "erin", "frank", "regret", "again"]


def the_store(scene):
    daemon = scene.daemon
    check("all public posts are stored", until(30, lambda: scene.has(*ASKED)),
          str([name for name in ASKED if not scene.has(name)]))
    # Within the target: these two are answered from the brand's own app, this one is regretted.
    scene.say("to frank", "acmecoffee", "@frank so sorry! A new parcel left today.", to=scene.posts["frank"])
    scene.say("to erin", "acmecoffee", "@erin at the corner shop by the station!", to=scene.posts["erin"])
    scene.world.delete("carol", scene.posts["regret"])
    check("an answer from the brand's own app closes the case it answers, and counts its seconds",
          until(20, lambda: scene.case("frank").get("state") == "answered")
          and 0 < scene.case("frank")["first_reply_seconds"]["wall"] < TARGET, str(scene.case("frank")))
    check("the question in the thread is answered by the post below it",
          until(10, lambda: scene.case("erin").get("state") == "answered"), str(scene.case("erin")))
    check("that answer to somebody else leaves the others of the thread waiting",
          all(scene.case(name).get("state") in ("open", "at_risk", "overdue") for name in ("bob", "dave")),
          str([scene.case("bob"), scene.case("dave")]))
    alice = [c for c in scene.cases() if c["author"] and c["author"]["handle"].startswith("alice")]
    check("two posts of one person in one thread are one case, and its clock runs from the first",
          len(alice) == 1 and len(alice[0]["asks"]) == 2
          and alice[0]["opened_at"][:19] == scene.posts["alice"]["created_at"][:19], str(alice))
    lines = scene.stored()
    ids = [line["id"] for line in lines]
    wanted = {scene.posts[name]["uri"] for name in ASKED + ["to frank", "to erin"]}
    acts = sorted(line["kind"] for line in lines if line["kind"] in ("share", "reaction"))
    check("exactly the public acts are stored, each once",
          len(ids) == len(set(ids)) and acts == ["reaction", "share"]
          and {i for i in ids if not i.startswith(("share:", "reaction:"))} == wanted,
          f"missing {wanted - set(ids)}, beyond {set(ids) - wanted}, {acts}")
    own = {line["id"] for line in lines if line["own"]}
    check("the brand's own posts are marked as its own",
          own == {scene.posts[name]["uri"] for name in ("ours", "to frank", "to erin")}, str(own))
    praise = [c for c in scene.cases() if c["interaction"] == scene.posts["praise"]["uri"]]
    check("praise makes no case", praise == [], str(praise))
    text = json.dumps(daemon.export())
    check("private posts are in no line of the export",
          not any(word in text for word in ("XDIRECT", "XFOLLOWERS", "XVANISHED")))
    check("private posts are nowhere on the disk", not any(
        contains(daemon.state, word) for word in ("XDIRECT", "XFOLLOWERS")))


def the_alert(scene):
    alice = scene.case("alice")
    due = moment(alice["due_at"])
    check("the deadline is the target after the post",
          abs(due - moment(alice["opened_at"]) - TARGET) < 0.01, str(alice))
    until(due + 160 - time.time(), lambda: scene.mails("alert"))
    # Everything that waits is overdue by now; a group may tell the rest a minute later.
    waiting = ("XALICE", "XBOB", "XDAVE")
    until(150, lambda: all(any(w in m.text for m in scene.mails("alert")) for w in waiting))
    alerts = scene.mails("alert")
    check("an alert arrives", alerts != [], scene.daemon.log()[-1500:])
    if not alerts:
        return
    check("not before the target", alerts[0].came_at >= due and alerts[0].written_at >= int(due),
          f"due {due}, came {alerts[0].came_at}")
    late = alerts[0].came_at - due
    check("and within two and a half minutes after it", late < 150, f"{late:.0f} s late")
    said = "\n".join(mail.text + mail.html + mail.subject for mail in alerts)
    check("it tells of each unanswered complaint, in text and in HTML", all(
        any(w in m.text for m in alerts) and any(w in m.html for m in alerts) for w in waiting), said[-1500:])
    check("it is silent about what the brand answered from its own app",
          not any(word in said for word in ("XFRANK", "XERIN")))
    check("about what its author deleted", "XDELETED" not in said)
    check("about what is private, and about what is older than the first start",
          not any(word in said for word in ("XDIRECT", "XFOLLOWERS", "XOLD", "XVANISHED")))
    bobs = next((m.text for m in alerts if "XBOB" in m.text), "")
    check("it says by which words each was recognised, and in which language they write if not in the reader's",
          all("Recognised as: " in m.text for m in alerts) and "furchtbar" in bobs.split("Recognised as: ", 1)[-1]
          and "language: de" in bobs, bobs)
    check("it links to the post", any(scene.posts["alice"]["url"] in m.text for m in alerts), alerts[0].text)
    check("no case is told twice", all(sum(w in m.text for m in alerts) == 1 for w in ("XALICE", "XBOB")),
          str([(m.subject, m.text) for m in alerts]))
    regret = scene.case("regret")
    check("the deleted complaint ended without credit, its text and author gone",
          regret.get("state") == "deleted_by_author" and not regret.get("author")
          and "XDELETED" not in json.dumps([line for line in scene.daemon.export() if line["type"] != "mail"]),
          str(regret))


def the_others_go_on(scene):
    """A new configuration with accounts that cannot work, then a broken one, then a second daemon."""
    daemon = scene.daemon
    daemon.write(GOOD + WORSE)
    daemon.reload()
    check("after SIGHUP a dead token has one clear outcome in status",
          until(30, lambda: scene.troubles("expired") == {"unauthorised"}), str(scene.sources("expired")))
    check("and so has a server that cannot be reached",
          until(30, lambda: scene.troubles("nobody-home") == {"unreachable"}), str(scene.sources("nobody-home")))
    code, out, _ = daemon.run("status")
    check("status ends with 1, names the account and what to do", code == 1 and "expired" in out and "token" in out, out)
    scene.say("late praise", "erin", "@acmecoffee found it, thank you so much, lovely! XLOVELY", to=scene.posts["to erin"])
    check("the account that works goes on", until(20, lambda: scene.has("late praise")), str(scene.sources("main")))
    daemon.config.write_text("[[brands]\nid = ")
    daemon.reload()
    check("a broken configuration is refused by name",
          until(15, lambda: "old one stays" in daemon.log()), daemon.log()[-800:])
    # The command line reads the file too; the daemon is asked with the right one.
    daemon.write(GOOD + WORSE)
    read_at = time.time()
    check("and the old one goes on", until(20, lambda: scene.is_read(read_at)) and daemon.runs())
    began = time.monotonic()
    code, out, err = daemon.run("run", limit=40)
    took = time.monotonic() - began
    check("a second daemon on the same store is refused within 15 s, and says why and what to do",
          code not in (0, None) and took < 15 and "runs already" in err and "systemctl stop" in err,
          f"{code} after {took:.0f} s: {out + err}")
    check("which leaves the first one alone", daemon.runs() and scene.is_read(read_at))


def the_answer(scene):
    alerts = scene.mails("alert")
    told = next((m for m in alerts if "XALICE" in m.text), None)
    scene.say("to alice", "acmecoffee", "@alice we are sorry! Your refund is on its way.", to=scene.posts["again"])
    check("when the brand answers, the case is answered",
          until(20, lambda: scene.case("alice").get("state") == "answered"), str(scene.case("alice")))
    found = until(200, lambda: scene.mails("resolved"))
    check("the end is mailed", found != [], scene.daemon.log()[-1500:])
    if found and told:
        check("in the same mail thread", told.id in found[0].references + found[0].answers
              and found[0].answers and found[0].answers[0] in {m.id for m in alerts},
              f"{told.id} / {found[0].answers} {found[0].references}")
        check("and says whose case it was", "alice" in found[0].text.lower(), found[0].text)
    check("the dead token and the dead server are still told as what they are",
          (scene.troubles("expired"), scene.troubles("nobody-home")) == ({"unauthorised"}, {"unreachable"}),
          str((scene.troubles("expired"), scene.troubles("nobody-home"))))
    told = [mail for mail in scene.mails("source") if "expired" in mail.subject]
    check("one mail says that a person must look after the dead token", len(told) == 1, str(scene.mails("source")))
    check("bob and dave still wait", all(scene.case(n).get("state") == "overdue" for n in ("bob", "dave")))


def the_digest(scene):
    digests = until(150, lambda: scene.mails("digest"))
    if not check("the digest is mailed at its hour", digests != []):
        return
    last = digests[-1]
    check("as text and HTML, text first", last.types.index("text/plain") < last.types.index("text/html"))
    check("it says who waits", "XBOB" in last.text and "XBOB" in last.html, last.text)
    check("it says nothing private, deleted or answered", not any(
        word in last.text + last.html for word in ("XDIRECT", "XFOLLOWERS", "XDELETED", "XFRANK")), last.text)
    everything = letters(BOXES, "care")
    check("every mail has each header once and is from and to whom it should be",
          all(m.once and "affinityd@mail.test" in m.sender and m.to == "care@mail.test" for m in everything))
    check("every mail has text and HTML", all(m.text.strip() and m.html.strip() for m in everything))
    ids = [m.id for m in everything]
    check("no two mails share a Message-ID", len(ids) == len(set(ids)),
          str(sorted({i for i in ids if ids.count(i) > 1})))


def the_restart(scene):
    daemon, world = scene.daemon, scene.world
    before = sorted(line["id"] for line in scene.stored())
    cases = {c["id"]: c["state"] for c in scene.cases()}
    alerts = len(scene.mails("alert"))
    code, took = daemon.stop()
    check("SIGTERM ends it within 5 s and with 0", code == 0 and took < 5, f"{code} after {took:.1f} s")
    code, out, err = daemon.run("status", "--json")
    status = json.loads(out) if out else {}
    check("status works without a daemon", status.get("running") is False, out + err)
    scene.say("meanwhile", "frank", "@acmecoffee the replacement is broken as well, refund please XMEANWHILE", to=scene.posts["to frank"])
    world.fault("/api/v1/notifications*", "status", 503, 2)
    daemon.write(GOOD)
    daemon.start()
    check("after a restart it goes on where it stopped, over two failures of the server",
          until(90, lambda: scene.has("meanwhile")), daemon.log()[-1500:])
    # Two sweeps and more: a second alert about what is known would have come by then.
    until(120, lambda: (daemon.ask("status") or {}).get("uptime_seconds", 0) > 75)
    after = sorted(line["id"] for line in scene.stored())
    new = [i for i in after if i not in before]
    check("nothing is stored twice", len(after) == len(set(after)) and set(before) <= set(after)
          and new == [scene.posts["meanwhile"]["uri"]], str(new))
    again = [m for m in scene.mails("alert")[alerts:] if "XMEANWHILE" not in m.text]
    check("nobody is alerted again about what is known", again == [], str([(m.subject, m.text) for m in again]))
    states = {c["id"]: c["state"] for c in scene.cases()}
    check("the cases are what they were", all(states.get(k) == v for k, v in cases.items()), f"{cases} {states}")
    code, out, err = daemon.run("verify")
    check("verify finds no difference", code == 0, out + err)
    daemon.end()
    killed_at = time.time()
    daemon.start()
    check("killed without warning, it starts again and goes on", until(60, lambda: scene.is_read(killed_at)),
          daemon.log()[-1500:])
    check("and holds what it held, once", after == sorted(line["id"] for line in scene.stored())
          and daemon.run("verify")[0] == 0)
    log = daemon.log()
    check("no secret is in the log, the export or a mail", not any(
        word in log + json.dumps(daemon.export()) + "".join(m.raw.decode() for m in letters(BOXES, "care"))
        for word in SECRETS.values()))
    check("no words of people are in the log", not any(w in log for w in ("XALICE", "XBOB", "XDIRECT", "XOLD")))


def the_erasure(scene):
    daemon = scene.daemon
    dave = scene.case("dave")["author"]["handle"]
    check("before it is asked for, dave's words are there", "XDAVE" in json.dumps(daemon.export()))
    code, out, err = daemon.run("erase", "mastodon", f"@{dave}", "--yes")
    check("erase ends with 0", code == 0, out + err)
    read_at = time.time()
    check("polling goes on", until(20, lambda: scene.is_read(read_at)), str(scene.sources("main")))
    text = json.dumps(daemon.export())
    check("what dave said and who he is are in no line of the export any more, and stay away",
          "XDAVE" not in text and dave not in text, text[max(0, text.find(dave) - 300):][:600])
    check("the others' words stay", "XBOB" in text and daemon.run("verify")[0] == 0)
    code, took = daemon.stop()
    check("and it stops cleanly", code == 0 and took < 5, f"{code} after {took:.1f} s")


def main():
    scene = MastodonScene()
    steps = (before_the_start, start, tell_the_scenario, the_store, the_alert, the_others_go_on,
             the_answer, the_digest, the_restart, the_erasure)
    try:
        for step in steps:
            print(f"# {step.__name__.replace('_', ' ')}", flush=True)
            step(scene)
    except Exception as error:
        broken_off(error)
    finally:
        scene.daemon.end()
    return count()


if __name__ == "__main__":
    sys.exit(main())
