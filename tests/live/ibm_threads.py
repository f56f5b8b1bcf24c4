#!/usr/bin/env python3
"""Turns public support threads into interchange lines that `affinityd import` takes.

  ibm_threads.py INPUT(.gz) BRAND > out.jsonl

INPUT: a JSON object a line: {id, brand, started_at, duration, turns: [{role, by, at, text, final}]}
(the shape of "twitter-customer-care-document-prediction"). BRAND: the brand id written on each line.
The last turn of the brand is `final` and carries no time: it is `started_at` + `duration`.
The file has lost whole days of that duration: where it is negative, or ends before a turn whose
time is known, the time of the last turn cannot be known and the thread is left out.

Each turn becomes one interaction. Ids are stable: the thread's id, `/` and the number of the turn.
A turn answers the turn before it, and the first one is the root of the thread. Customers are
renamed customer1, customer2… in each thread anew, so the same name in two threads is two people.
Turns of the brand that name nobody are bystanders' posts, as their words show.
No intent is given: that is for the classifier to find."""

import datetime
import gzip
import html
import json
import re
import sys

PLATFORM = "ibm-twitter"


def seconds(duration):
    """`HH:MM:SS.f`, which may be negative."""
    found = re.fullmatch(r"(-?)(\d+):(\d\d):(\d\d(?:\.\d*)?)", duration.strip())
    if not found:
        raise ValueError(f"`{duration}` is no duration")
    sign, hours, minutes, rest = found.groups()
    return (-1 if sign else 1) * (int(hours) * 3600 + int(minutes) * 60 + float(rest))


def ended_at(thread):
    """When the last turn was posted; None where the file says so only modulo a day."""
    start = datetime.datetime.fromisoformat(thread["started_at"].replace("Z", "+00:00"))
    end = start + datetime.timedelta(seconds=seconds(thread["duration"]))
    text = end.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")
    text = text.replace("+00:00", "Z")
    return text if all(turn["at"] is None or turn["at"] < text for turn in thread["turns"]) else None


def interactions(thread, brand):
    def name(number):
        return f"{thread['id']}/{number}"

    end = ended_at(thread)
    for number, turn in enumerate(thread["turns"]):
        at = turn["at"] or (end if turn.get("final") else None)
        if at is None:
            raise LookupError(f"{name(number)} has no time")
        own = turn["role"] == "brand" and turn["by"] is not None
        # A brand's accounts are the same everywhere; a customer's name is the thread's own.
        author = turn["by"] if own else f"{thread['id']}:{turn['by'] or 'bystander'}"
        yield {
            "v": 1,
            "brand": brand,
            "platform": PLATFORM,
            "id": name(number),
            "kind": "mention" if number == 0 and not own else "comment",
            "own": own,
            "author": {"id": author, "handle": turn["by"]},
            "text": html.unescape(turn["text"]),
            "lang": thread.get("lang"),
            "created_at": at,
            "in_reply_to": name(number - 1) if number else None,
            "thread": name(0),
        }


def threads(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    left_out = 0
    for thread in threads(sys.argv[1]):
        try:
            lines = list(interactions(thread, sys.argv[2]))
        except LookupError:
            left_out += 1
            continue
        for line in lines:
            print(json.dumps(line, ensure_ascii=False))
    if left_out:
        print(f"{left_out} threads left out: when they ended is not known", file=sys.stderr)


if __name__ == "__main__":
    main()
