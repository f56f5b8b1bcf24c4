"""A gate before the PDS: the daemon's requests go through it, are counted, and get the PDS's own
answers. Two things can be arranged here that would take hours: that an access token is old, and that
the daemon's address has used up its quota. Neither answer is made up."""

import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGINS = ("createSession", "refreshSession")


def unpack(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def pack(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Asked:
    """A request and what came back."""

    def __init__(self, method, query):
        self.method, self.query, self.at = method, query, time.time()
        self.status, self.error, self.reset, self.identifier = None, None, None, None

    def __repr__(self):
        return f"{self.method} {self.status} {self.error or ''}".strip()


class Gate:
    """`secret`: what the PDS signs its sessions with; `address`: whom the daemon asks as."""

    def __init__(self, pds_port, secret, address):
        self.pds_port, self.secret, self.address = pds_port, secret, address
        self.asked, self.old, self.sessions = [], set(), []
        self.before_answer = self.after_answer = None
        self.lock = threading.Lock()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                gate.pass_on(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                """A daemon that was killed says no goodbye."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, call):
        path, _, query = call.path.partition("?")
        asked = Asked(path.rsplit(".", 1)[-1], query)
        with self.lock:
            self.asked.append(asked)
        body = call.rfile.read(int(call.headers.get("content-length") or 0))
        if asked.method == "createSession":
            asked.identifier = json.loads(body).get("identifier")
        headers = {k: v for k, v in call.headers.items()
                   if k.lower() not in ("host", "connection", "accept-encoding", "authorization")}
        token = (call.headers.get("authorization") or "").removeprefix("Bearer ")
        if token:
            headers["authorization"] = "Bearer " + (self.aged(token) if token in self.old else token)
        headers["x-forwarded-for"] = self.address
        line = http.client.HTTPConnection("127.0.0.1", self.pds_port, timeout=30)
        try:
            line.request(call.command, call.path, body or None, headers)
            reply = line.getresponse()
            said = reply.read()
        finally:
            line.close()
        if reply.status >= 400:
            asked.error = (json.loads(said or b"{}") or {}).get("error")
        elif asked.method in LOGINS:
            with self.lock:
                self.sessions.append(json.loads(said))
        asked.reset = int(reply.headers.get("ratelimit-reset") or 0)
        asked.status = reply.status
        if self.before_answer and self.before_answer(asked):
            call.close_connection = True
            return
        try:
            call.send_response(reply.status)
            for name, value in reply.headers.items():
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "date"):
                    call.send_header(name, value)
            call.send_header("content-length", str(len(said)))
            call.end_headers()
            call.wfile.write(said)
            call.wfile.flush()
        except OSError:
            return
        if self.after_answer:
            self.after_answer(asked)

    def aged(self, token):
        """The same token as it will be once its time is over, signed as the PDS signs it."""
        head, claims, _ = token.split(".")
        claims = unpack(claims)
        claims["exp"] = int(time.time()) - 60
        words = head + "." + pack(json.dumps(claims).encode())
        return words + "." + pack(hmac.new(self.secret, words.encode(), hashlib.sha256).digest())

    def let_tokens_age(self):
        """Every access token handed out so far is two hours old from now on."""
        with self.lock:
            self.old.update(session["accessJwt"] for session in self.sessions)

    def count(self, method, since=0, status=None):
        with self.lock:
            asked = self.asked[since:]
        return sum(a.method == method and status in (None, a.status) for a in asked)

    def mark(self):
        """How many requests there have been: what is asked later counts from here."""
        with self.lock:
            return len(self.asked)

    def since(self, mark):
        with self.lock:
            return self.asked[mark:]
