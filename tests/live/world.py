"""The world around the brand: people who post through the HTTP API of a real server, and letters
in a Maildir. Standard library only."""

import email
import email.policy
import email.utils
import json
import os
import pathlib
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime

BRAND = "acmecoffee"


def moment(text):
    """An RFC 3339 time as seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class World:
    """A server with the Mastodon client API, and the people on it."""

    def __init__(self, base, tokens):
        self.base = base
        self.tokens = json.loads(pathlib.Path(tokens).read_text())

    def call(self, method, path, who, body=None, form=True):
        headers = {"authorization": "Bearer " + self.tokens[who], "user-agent": "affinityd-live-test"}
        data = None
        if body is not None:
            data = (urllib.parse.urlencode(body, doseq=True) if form else json.dumps(body)).encode()
            kind = "x-www-form-urlencoded" if form else "json"
            headers["content-type"] = "application/" + kind
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.loads(reply.read() or b"null")

    def post(self, who, text, to=None, visibility="public"):
        """Posts, as an answer if `to` is a post; the post as the server tells it."""
        body = {"status": text, "visibility": visibility}
        if to:
            body["in_reply_to_id"] = to["id"]
        return self.call("POST", "/api/v1/statuses", who, body)

    def boost(self, who, post):
        return self.call("POST", f"/api/v1/statuses/{post['id']}/reblog", who, {})

    def like(self, who, post):
        return self.call("POST", f"/api/v1/statuses/{post['id']}/favourite", who, {})

    def delete(self, who, post):
        return self.call("DELETE", f"/api/v1/statuses/{post['id']}", who)

    def fault(self, path, effect, status, count):
        """The next `count` reads of `path` go wrong."""
        body = {
            "match": {"methods": ["GET"], "path": path},
            "effect": {"type": effect, "status": status},
            "count": count,
        }
        return self.call("POST", "/api/v1/_mock/faults", BRAND, body, form=False)


class Letter:
    """One mail of a Maildir, parsed without mercy: any defect raises."""

    def __init__(self, path):
        self.path = path
        self.came_at = path.stat().st_mtime
        strict = email.policy.SMTP.clone(raise_on_defect=True)
        self.raw = path.read_bytes()
        mail = email.message_from_bytes(self.raw, policy=strict)
        for part in mail.walk():
            for value in part.values():
                str(value)
        self.subject = str(mail["Subject"])
        self.sender, self.to = str(mail["From"]), str(mail["To"])
        self.id = str(mail["Message-ID"]).strip()
        self.written_at = email.utils.parsedate_to_datetime(str(mail["Date"])).timestamp()
        self.answers = str(mail["In-Reply-To"] or "").split()
        self.references = str(mail["References"] or "").split()
        self.list_id = str(mail["List-Id"] or "")
        self.once = all(
            len(mail.get_all(name, [])) == 1
            for name in ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version")
        )
        self.types = [part.get_content_type() for part in mail.walk()]
        bodies = {
            part.get_content_type(): part.get_content()
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        }
        self.text = bodies.get("text/plain", "")
        self.html = bodies.get("text/html", "")

    @property
    def purpose(self):
        """`alert`, `resolved` (one that goes on in the thread of an alert), `digest`, `source`."""
        word = self.id.lstrip("<").split(".")[0]
        return "resolved" if word == "alert" and self.subject.startswith("Re: ") else word


def letters(boxes, name):
    """The mails of an address, oldest first."""
    folder = pathlib.Path(boxes) / name / "new"
    paths = list(folder.iterdir()) if folder.is_dir() else []
    return [Letter(path) for path in sorted(paths, key=lambda p: (p.stat().st_mtime, p.name))]


def contains(folder, needle):
    """Files below a folder that hold some bytes."""
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            path = pathlib.Path(where) / name
            if path.is_file() and needle.encode() in path.read_bytes():
                found.append(str(path))
    return found
