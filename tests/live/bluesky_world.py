"""People on a Bluesky network, through the API of their own server. Standard library only."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

from world import moment

POST, LIKE, REPOST = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"


class Refused(Exception):
    """An answer that is none: its status, its word for the error, its headers."""

    def __init__(self, status, error, headers):
        super().__init__(f"{status} {error}")
        self.status, self.error, self.headers = status, error, headers


def xrpc(base, method, query=None, body=None, token=None, headers=None):
    """Calls a method; a `body` makes it a POST, also an empty one."""
    url = f"{base}/xrpc/{method}" + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
    headers = {"user-agent": "affinityd-live-test", **(headers or {})}
    if token:
        headers["authorization"] = "Bearer " + token
    data = None
    if body is not None:
        data = json.dumps(body).encode() if body else b""
        headers.update({"content-type": "application/json"} if body else {})
    request = urllib.request.Request(url, data, headers, method="GET" if body is None else "POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        said = error.read()
        try:
            word = json.loads(said).get("error")
        except ValueError:
            word = said[:80]
        raise Refused(error.code, word, dict(error.headers)) from None


def ref(post):
    return {"uri": post["uri"], "cid": post["cid"]}


class Person:
    """An account with a password of its own and an app password for the daemon."""

    def __init__(self, base, name):
        self.base, self.handle = base, name + ".test"
        password = name + "-own-password"
        opened = xrpc(base, "com.atproto.server.createAccount", body={
            "handle": self.handle, "email": name + "@mail.test", "password": password})
        self.did, self.token = opened["did"], opened["accessJwt"]

    def call(self, method, query=None, body=None):
        return xrpc(self.base, method, query, body, self.token)

    def app_password(self, name):
        return self.call("com.atproto.server.createAppPassword", body={"name": name})["password"]

    def create(self, collection, record, rkey=None):
        body = {"repo": self.did, "collection": collection,
                "record": {"$type": collection, "createdAt": now(), **record}}
        return self.call("com.atproto.repo.createRecord", body={**body, **({"rkey": rkey} if rkey else {})})

    def delete(self, post):
        collection, rkey = post["uri"].split("/")[-2:]
        self.call("com.atproto.repo.deleteRecord",
                  body={"repo": self.did, "collection": collection, "rkey": rkey})

    def post(self, text, names=None, to=None, root=None, quotes=None, link=None, created_at=None, rkey=None):
        """Posts; `names`: the person whose handle in the text is a mention, `to`: what it answers."""
        return self.create(POST, self.record(text, names, to, root, quotes, link, created_at), rkey)

    def record(self, text, names=None, to=None, root=None, quotes=None, link=None, created_at=None):
        record = {"text": text, "langs": ["en"], "createdAt": created_at or now()}
        if names:
            start = text.encode().index(b"@" + names.handle.encode())
            record["facets"] = [{
                "index": {"byteStart": start, "byteEnd": start + 1 + len(names.handle)},
                "features": [{"$type": "app.bsky.richtext.facet#mention", "did": names.did}]}]
        if to:
            record["reply"] = {"root": ref(root or to), "parent": ref(to)}
        if quotes:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": ref(quotes)}
        if link:
            record["embed"] = {"$type": "app.bsky.embed.external",
                               "external": {"uri": link, "title": "Menu", "description": ""}}
        return record

    def post_all(self, records):
        """Many posts in one commit; their addresses."""
        writes = [{"$type": "com.atproto.repo.applyWrites#create", "collection": POST,
                   "value": {"$type": POST, **record}} for record in records]
        done = self.call("com.atproto.repo.applyWrites", body={"repo": self.did, "writes": writes})
        return [result["uri"] for result in done["results"]]

    def view(self, post):
        """The post as the network shows it; None once it is gone."""
        found = self.call("app.bsky.feed.getPosts", {"uris": [post["uri"]]})["posts"]
        return found[0] if found else None

    def taken_up(self, post):
        """When the network took the post up, by its own clock, in seconds since 1970."""
        return moment(self.view(post)["indexedAt"])

    def notifications(self):
        """All that the network tells this account of its own accord."""
        found, cursor = [], None
        while True:
            query = {"limit": 100, **({"cursor": cursor} if cursor else {})}
            page = self.call("app.bsky.notification.listNotifications", query)
            found += page["notifications"]
            cursor = page.get("cursor")
            if not cursor:
                return found


def now():
    return text_of(time.time())


def text_of(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
