"""The daemon on a whole Bluesky network. Each promise is one line, `ok …` or `FAIL …`; the last line
counts them."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import sys
import time

from bluesky_gate import LOGINS, Gate
from bluesky_world import LIKE, REPOST, Person, ref, text_of, xrpc
from config import BRAND, CARE, SENDER, digest
from daemon import Daemon
from promises import broken_off, check, count, until
from scene import Scene
from world import Letter, contains, moment

WORK = pathlib.Path(os.environ["WORK"])
NETWORK = json.loads((WORK / "network" / "network.json").read_text())
PDS = f"http://127.0.0.1:{NETWORK['pds']}"
# What the network of npm signs its sessions with.
SECRET = b"jwt-secret"
# Addresses the daemon asks as: each has a quota of its own, 3000 requests in 5 minutes.
HOME, CROWDED = "192.0.2.10", "192.0.2.20"
EXTRA = 200
PEOPLE = ("acmecoffee", "acmehelp", "alice", "bob", "carol", "dave", "erin", "frank")

CONFIG = "{places}" + SENDER + 'directory = "{work}/mail"\n' + BRAND + CARE + digest("0 3 * * *") + """
[[platforms.bluesky]]
name = "main"
url = "{url}"
identifier = "acmecoffee.test"
password-{secret}app-password"
searches = ["Acme Coffee"]
poll-notifications = "3s"
poll-posts = "5s"
poll-search = "10s"
"""

WRONG = """
[[platforms.bluesky]]
name = "wrong"
url = "{url}"
identifier = "acmehelp.test"
password-{secret}wrong"
poll-notifications = "10s"
poll-posts = "10s"
"""


class BlueskyScene(Scene):
    """The people, and a gate between them and the daemon."""

    def __init__(self):
        self.gate = Gate(NETWORK["pds"], SECRET, HOME)
        brand = {"platform": "bluesky", "account": "acmecoffee.test"}
        super().__init__(Daemon(WORK, {**brand, "url": self.gate.url}, CONFIG))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            people = list(pool.map(lambda name: Person(PDS, name), PEOPLE))
        self.people = dict(zip(PEOPLE, people))
        self.brand = self.people["acmecoffee"]
        self.password = self.brand.app_password("affinityd")
        self.daemon.secret("app-password", self.password)
        self.daemon.secret("wrong", "abcd-efgh-ijkl-mnop")
        self.extra = []

    def say(self, name, who, text, **more):
        """Posts; what names the brand is a mention of it."""
        names = self.brand if "@" + self.brand.handle in text else None
        self.posts[name] = self.people[who].post(text, names=names, **more)
        return self.posts[name]

    def line(self, name):
        found = [line for line in self.stored() if line["id"] == self.posts[name]["uri"]]
        return found[0] if len(found) == 1 else {}

    def mails(self, purpose):
        paths = sorted((WORK / "mail").glob("*.eml"))
        return [letter for letter in map(Letter, paths) if letter.purpose == purpose]

    def end_of_log(self):
        return self.daemon.log()[-1500:]


def the_start(scene):
    daemon = scene.daemon
    # This address begins to be counted now: its five minutes end while the test still runs.
    spend(CROWDED, 1)
    scene.crowded_since = time.time()
    scene.say("old", "frank", "@acmecoffee.test my grinder came broken last week, I want a refund XOLD")
    scene.say("ours", "acmecoffee", "Our new cold brew is out today. Tell us what you think!")
    code, out, err = daemon.run("check")
    check("check finds the account authorised, and each right", code == 0, out + err)
    daemon.start()
    check("the daemon reads every stream to its end", until(40, scene.is_read), scene.end_of_log())
    check("what was there before the first start is stored and makes a case",
          until(10, lambda: scene.case("old").get("state")), str(scene.cases()))


def tell_the_scenario(scene):
    """Everything happens in public at once, as it does."""
    say, posts, people = scene.say, scene.posts, scene.people
    say("alice", "alice", "☕ @acmecoffee.test my subscription box arrived broken AGAIN. I want a refund 😡 XALICE")
    say("praise", "bob", "Best espresso in town, thank you @acmecoffee.test 💛")
    say("bob", "bob", "the cold brew tastes terrible and your support never answers me XBOB", to=posts["ours"])
    # The network tells of a reply below a reply only if it knew of the upper one by then.
    until(20, lambda: people["dave"].view(posts["bob"]))
    say("dave", "dave", "same here, mine was terrible too, I want my money back XDAVE", to=posts["bob"], root=posts["ours"])
    say("elsewhere", "carol", "this is terrible, I want my money back XELSEWHERE",
        to=people["erin"].post("The trains are late again, as ever."))
    say("named", "carol", "@acmecoffee.test your cold brew arrived broken too, I want a refund XNAMED", quotes=posts["ours"])
    say("quote", "carol", "This is worth a try, friends.", quotes=posts["ours"])
    say("replied", "erin", "@acmecoffee.test where can I buy the cold brew in Lund? XERIN", to=posts["ours"])
    say("name only", "carol", "Acme Coffee never delivered my order, this is unacceptable XNAME")
    say("link", "dave", "Found Acme Coffee's new menu", link="https://acmecoffee.example/menu")
    say("frank", "frank", "@acmecoffee.test my order 77 never arrived, this is unacceptable XFRANK")
    say("regret", "carol", "@acmecoffee.test your shop cheated me, I want my money back XDELETED")
    say("past", "erin", "@acmecoffee.test my beans came mouldy, I want a refund XPAST", created_at="2019-03-04T10:00:00.000Z")
    say("future", "frank", "@acmecoffee.test the lid is broken, I want a refund XFUTURE", created_at="2031-03-04T10:00:00.000Z")
    posts["like"] = people["dave"].create(LIKE, {"subject": ref(posts["ours"])})
    posts["repost"] = people["carol"].create(REPOST, {"subject": ref(posts["ours"])})
    people["alice"].create("app.bsky.graph.follow", {"subject": scene.brand.did})
    vanished = say("vanished", "dave", "@acmecoffee.test I take this back at once XVANISHED")
    people["dave"].delete(vanished)


# What each is, by its record. The notifications of `named` and `replied` say "mention".
KINDS = {
    "old": "mention", "ours": "post", "alice": "mention", "praise": "mention", "bob": "comment",
    "dave": "comment", "named": "quote", "quote": "quote", "replied": "comment", "name only": "post",
    "link": "post", "frank": "mention", "regret": "mention", "past": "mention", "future": "mention",
    "like": "reaction", "repost": "share",
}


def the_store(scene):
    posts, people = scene.posts, scene.people
    check("every kind of feedback is stored", until(40, lambda: scene.has(*KINDS)),
          str([name for name in KINDS if not scene.has(name)]))
    until(30, lambda: {note["uri"] for note in scene.brand.notifications()} >= {posts["named"]["uri"], posts["replied"]["uri"]})
    reasons = {note["uri"]: note["reason"] for note in scene.brand.notifications()}
    check("the network itself calls a quote and a reply that name the brand mentions",
          {reasons.get(posts[name]["uri"]) for name in ("named", "replied")} == {"mention"}, str(reasons))
    kinds = {name: scene.line(name).get("kind") for name in KINDS}
    check("each is what its record says, whatever the notification calls it", kinds == KINDS,
          str({name: kind for name, kind in kinds.items() if kind != KINDS[name]}))
    check("the nested reply hangs below the reply", scene.line("dave").get("in_reply_to") == posts["bob"]["uri"])
    # What vanished at once may have been read in between; the alert must not tell of it then.
    beyond = {line["id"] for line in scene.stored()} - {posts["vanished"]["uri"]}
    wanted = {posts[name]["uri"] for name in KINDS}
    check("nothing else is stored: no reply to somebody else, no follow", beyond == wanted, str(beyond ^ wanted))
    asks = {name for name in KINDS if scene.case(name)}
    wanted = {"old", "alice", "bob", "dave", "named", "replied", "name only", "frank", "regret", "past", "future"}
    check("who complains or asks has a case, who praises, likes or shares has none", asks == wanted, str(asks ^ wanted))
    told = [abs(moment(scene.line(name)["created_at"]) - people["erin"].taken_up(posts[name])) for name in ("past", "future", "alice", "bob", "ours")]
    check("posts of 2019 and of 2031 are filed by the network's clock, as all others", max(told) < 0.01, str(told))


def the_answers(scene):
    posts, people = scene.posts, scene.people
    people["carol"].delete(posts["regret"])
    scene.say("to praise", "acmecoffee", "@bob.test thank you so much!", to=posts["praise"])
    scene.say("to frank", "acmecoffee", "So sorry! A new parcel left today.", to=posts["frank"])
    # One that claims to have been written a year ago.
    scene.say("to replied", "acmecoffee", "At the corner shop by the station!", to=posts["replied"], root=posts["ours"],
              created_at=text_of(time.time() - 365 * 86400))
    people["erin"].post("@frank.test they never answer anybody", to=posts["alice"])
    check("an answer typed elsewhere closes the case it answers",
          until(30, lambda: scene.case("frank").get("state") == "answered"), str(scene.case("frank")))
    until(30, lambda: scene.case("replied").get("state") == "answered")
    off = {}
    for name in ("frank", "replied"):
        clock = people["erin"].taken_up(posts["to " + name]) - people["erin"].taken_up(posts[name])
        told = (scene.case(name).get("first_reply_seconds") or {}).get("wall", -1)
        off[name] = (told, clock)
    check("its first response time is what the network's clock says, whatever the posts claim",
          all(abs(told - clock) <= 1 for told, clock in off.values()), str(off))
    until(30, lambda: scene.has("to praise"))
    waiting = ("alice", "bob", "dave", "named", "name only", "past", "future")
    states = {name: scene.case(name).get("state") for name in waiting}
    check("it closes nobody else's, nor does thanking somebody or a customer's word to another",
          scene.has("to praise") and all(state in ("open", "at_risk", "overdue") for state in states.values()), str(states))


def the_tokens(scene):
    daemon, gate = scene.daemon, scene.gate
    logins = gate.count("createSession")
    check("the session was opened once, by `check` and by the daemon", logins == 2, str(logins))
    mark, at = gate.mark(), time.time()
    gate.let_tokens_age()
    check("when its access token has run out it goes on", until(20, lambda: scene.is_read(at + 2)), scene.end_of_log())
    errors = {a.error for a in gate.since(mark) if a.error}
    check("after exactly one renewal, and no login",
          (gate.count("refreshSession", mark), gate.count("createSession", mark)) == (1, 0) and errors == {"ExpiredToken"},
          str((gate.since(mark), errors)))

    # Killed with a renewal under way: the server has rotated the tokens, whatever has become of them here.
    moments = (
        ("before the answer to a renewal arrives", "before_answer", 1, lambda a: a.method == "refreshSession"),
        ("right after the answer to a renewal", "after_answer", 1, lambda a: a.method == "refreshSession"),
        ("at the first use of a renewed session", "before_answer", 0,
         lambda a: a.method not in LOGINS and a.status == 200 and gate.count("refreshSession", mark, 200) == 1),
    )
    for promise, hook, renewals, is_moment in moments:
        def kill(asked):
            if not is_moment(asked):
                return False
            daemon.end()
            return True
        mark = gate.mark()
        gate.let_tokens_age()
        setattr(gate, hook, kill)
        check(f"killed {promise} …", until(20, lambda: not daemon.runs()), str(gate.since(mark)))
        setattr(gate, hook, None)
        mark, at = gate.mark(), time.time()
        daemon.start()
        check("… it has a session at the next start", until(30, lambda: scene.is_read(at)), scene.end_of_log())
        check(f"… with {'at most one renewal' if renewals else 'no renewal'} and no login",
              gate.count("refreshSession", mark) <= renewals and gate.count("createSession", mark) == 0, str(gate.since(mark)))

    mark, at = gate.mark(), time.time()
    xrpc(PDS, "com.atproto.server.deleteSession", body={}, token=gate.sessions[-1]["refreshJwt"])
    gate.let_tokens_age()
    check("a session that was revoked is opened anew", until(30, lambda: scene.is_read(at + 2)), scene.end_of_log())
    check("with one renewal tried and one login",
          (gate.count("refreshSession", mark), gate.count("createSession", mark)) == (1, 1), str(gate.since(mark)))


def the_wrong_password(scene):
    daemon, gate = scene.daemon, scene.gate
    daemon.write(CONFIG + WRONG)
    scene.wrong_since = gate.mark()
    daemon.reload()
    check("a wrong app password needs attention", until(30, lambda: scene.troubles("wrong") == {"unauthorised"}),
          str(scene.sources("wrong")))
    at = time.time()
    check("and the other account goes on", until(20, lambda: scene.is_read(at)), str(scene.sources("main")))


def the_deletion(scene):
    ended = until(180, lambda: scene.case("regret").get("state") == "deleted_by_author", 1)
    check("a complaint that its author deleted ends without credit", ended, str(scene.case("regret")))
    export = json.dumps([line for line in scene.daemon.export() if line["type"] != "mail"])
    check("its text and author are gone from the export, and its author from the case",
          "XDELETED" not in export and not scene.line("regret").get("author") and not scene.case("regret").get("author"),
          str((scene.line("regret"), scene.case("regret"))))


def the_alert(scene):
    waiting = ("XALICE", "XBOB", "XDAVE", "XNAMED", "XNAME", "XPAST", "XFUTURE")
    said = lambda: "\n".join(mail.text for mail in scene.mails("alert"))
    until(150, lambda: all(word in said() for word in waiting), 1)
    check("alerts tell of everybody who waits, also of those who wrote 2019 or 2031",
          all(word in said() for word in waiting), str([w for w in waiting if w not in said()]))
    check("and of nobody who was answered, took it back, spoke to others, or wrote before the first start",
          not any(word in said() for word in ("XFRANK", "XERIN", "XDELETED", "XELSEWHERE", "XOLD", "XVANISHED")), said())
    until(60, lambda: scene.mails("source"), 1)
    told = [mail for mail in scene.mails("source") if "wrong" in mail.subject]
    check("one mail says that a person must look after the wrong password", len(told) == 1, str(scene.mails("source")))
    logins = [a for a in scene.gate.since(scene.wrong_since) if a.identifier == "acmehelp.test"]
    check("which was tried no more than a few times", 1 <= len(logins) <= 6, str(len(logins)))


def the_catch_up(scene):
    """Many mentions while it was away, and two kills on the way through them."""
    daemon, gate = scene.daemon, scene.gate
    daemon.stop()
    writers = [scene.people[name] for name in ("alice", "bob", "carol", "dave")]
    for who, first in zip(writers, range(4)):
        records = [who.record(f"@acmecoffee.test order {n} never arrived, I want a refund" if n % 4 == 0 else
                              f"Cup number {n} at @acmecoffee.test today", names=scene.brand) for n in range(first, EXTRA, 4)]
        scene.extra += who.post_all(records)
    check(f"{EXTRA} mentions come while it is away",
          until(60, lambda: {n["uri"] for n in scene.brand.notifications()} >= set(scene.extra), 1))
    for nth in (3, 6):
        pages = []
        def kill(asked):
            pages.extend([asked] if asked.method in ("getPosts", "listNotifications") else [])
            if len(pages) >= nth and daemon.runs():
                daemon.end()
        gate.after_answer = kill
        daemon.start()
        until(60, lambda: not daemon.runs())
        gate.after_answer = None
        code, out, err = daemon.run("verify")
        held = len({line["id"] for line in scene.stored()} & set(scene.extra))
        check(f"killed in the middle of it, {held} of them stored: verify finds no difference",
              code == 0 and not daemon.runs(), out + err)
    at = time.time()
    daemon.start()
    check("started again, it reads to the end", until(90, lambda: scene.is_read(at), 1), scene.end_of_log())
    own = {scene.posts[name]["uri"] for name in ("ours", "to praise", "to frank", "to replied")}
    found = {scene.posts[name]["uri"] for name in ("name only", "link", "regret")}
    reasons = ("mention", "reply", "quote", "like", "repost")
    told = {n["uri"]: n for n in scene.brand.notifications() if n["reason"] in reasons}
    wanted = set(told) | own | found
    ids = [line["id"] for line in scene.stored()]
    check("what is stored is what the network served, and nothing twice",
          len(ids) == len(set(ids)) and wanted <= set(ids),
          f"missing {wanted - set(ids)}, beyond {set(ids) - wanted}, twice {len(ids) - len(set(ids))}")
    code, out, err = daemon.run("verify")
    check("verify finds no difference", code == 0, out + err)


def spend(address, requests):
    """Uses up so much of an address's quota, and says when it starts anew."""
    line = http.client.HTTPConnection("127.0.0.1", NETWORK["pds"], timeout=30)
    reset = 0
    for _ in range(requests):
        line.request("GET", "/xrpc/com.atproto.server.describeServer", headers={"x-forwarded-for": address})
        reply = line.getresponse()
        reply.read()
        reset = int(reply.headers.get("ratelimit-reset") or 0)
        if reply.status == 429:
            break
    line.close()
    return reset


def the_quota(scene):
    """The real limits of the PDS: others behind the same address use up its five minutes."""
    gate = scene.gate
    scene.daemon.write(CONFIG)
    scene.daemon.reload()
    until(10, lambda: not scene.sources("wrong"))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        reset = max(pool.map(lambda _: spend(CROWDED, 3000), range(4)))
    mark, at = gate.mark(), time.time()
    gate.address = CROWDED
    refused = until(20, lambda: gate.count("listNotifications", mark, 429) + gate.count("getAuthorFeed", mark, 429)
                    + gate.count("searchPosts", mark, 429) + gate.count("getPosts", mark, 429))
    check("the server tells to wait, and not by Retry-After", refused, str(gate.since(mark)))
    until(reset - time.time() + 30, lambda: scene.is_read(reset), 1)
    first = next((a for a in gate.since(mark) if a.status == 429), None)
    early = [a for a in gate.since(mark) if first and a is not first and first.at + 1 < a.at < reset]
    check(f"nothing is asked before RateLimit-Reset ({reset - at:.0f} s later)", first and not early, str(early))
    check("and then it goes on", scene.is_read(reset), str(gate.since(mark)[-5:]))
    scene.gate.address = HOME


def the_end(scene):
    daemon, gate = scene.daemon, scene.gate
    code, _ = daemon.stop()
    check("SIGTERM ends it", code == 0)
    kept = [path.relative_to(WORK / "state") for path in map(pathlib.Path, contains(WORK / "state", "XDELETED"))]
    check("the text that its author deleted is in no nightly export", all(path.parts[0] == "db" for path in kept), str(kept))
    print("# the database file " + ("still holds it in pages it has given up" if kept else "does not hold it either"))
    log = daemon.log()
    secrets = [scene.password, "abcd-efgh-ijkl-mnop"]
    secrets += [session[key] for session in gate.sessions for key in ("accessJwt", "refreshJwt")]
    everything = log + json.dumps(daemon.export()) + "".join(p.read_text() for p in (WORK / "mail").glob("*.eml"))
    check("no password and no token is in the log, the export or a mail", not any(s in everything for s in secrets))
    check("nothing has panicked", "panicked" not in log)
    counts = {}
    for asked in gate.asked:
        counts[asked.method] = counts.get(asked.method, 0) + 1
    mine = [a for a in gate.asked if a.method == "createSession" and a.identifier == "acmecoffee.test"]
    check("over the whole run the account logged in three times: `check`, the first start, the revoked session",
          len(mine) == 3, str(len(mine)))
    print(f"# {len(gate.asked)} requests: " + ", ".join(f"{n} {m}" for m, n in sorted(counts.items(), key=lambda c: -c[1])))


def main():
    began = time.monotonic()
    scene = BlueskyScene()
    steps = (the_start, tell_the_scenario, the_store, the_answers, the_tokens, the_wrong_password, the_deletion,
             the_alert, the_catch_up, the_quota, the_end)
    try:
        for step in steps:
            print(f"# {time.monotonic() - began:.0f} s: {step.__name__.replace('_', ' ')}", flush=True)
            step(scene)
    except Exception as error:
        broken_off(error)
    finally:
        scene.daemon.end()
    print(f"# {time.monotonic() - began:.0f} s")
    return count()


if __name__ == "__main__":
    sys.exit(main())
