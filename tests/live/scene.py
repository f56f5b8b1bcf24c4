"""The posts of a flow, and how the daemon is asked about them. A network of its own adds how people
post there and where mails arrive."""

from world import moment


class Scene:
    """The posts are known by name, each as its network tells it: a `uri` and more."""

    def __init__(self, daemon):
        self.daemon, self.posts = daemon, {}

    def stored(self):
        """Interactions of an export, in order."""
        return [line for line in self.daemon.export() if line.get("type") == "interaction"]

    def has(self, *names):
        ids = {line["id"] for line in self.stored()}
        return all(self.posts[name]["uri"] in ids for name in names)

    def cases(self):
        return self.daemon.ask("cases", "list") or []

    def case(self, name):
        found = [case for case in self.cases() if case["interaction"] == self.posts[name]["uri"]]
        return found[0] if len(found) == 1 else {}

    def sources(self, account):
        status = self.daemon.ask("status") or {}
        return [source for source in status.get("sources", []) if source["account"] == account]

    def troubles(self, account):
        """The classes of what is wrong with its streams; only those that failed say any."""
        return {source["error"]["class"] for source in self.sources(account) if source["error"]}

    def is_read(self, after=0.0):
        """Every stream of the working account was read to its end since then."""
        sources = self.sources("main")
        return bool(sources) and all(
            source["read_to_end_at"] and moment(source["read_to_end_at"]) > after for source in sources
        )
