"""Checks what affinityd says about imported threads against figures that are computed here anew,
by other means: business time is summed up day by day."""

import json
import os
import pathlib
import subprocess
import sys
from collections import defaultdict
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

WORK = pathlib.Path(os.environ["WORK"])
ZONE = ZoneInfo("America/New_York")
OPENS, CLOSES = time(9), time(17)


def affinityd(*args):
    done = subprocess.run([os.environ["AFFINITYD"], "--config", str(WORK / "affinityd.toml"), *args],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"affinityd {' '.join(args)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def at(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def business(start, end):
    """Seconds from Monday to Friday, nine to five, local time."""
    total, day = 0.0, start.astimezone(ZONE).date()
    while day <= end.astimezone(ZONE).date():
        if day.weekday() < 5:
            opens = datetime.combine(day, OPENS, ZONE).astimezone(timezone.utc)
            closes = datetime.combine(day, CLOSES, ZONE).astimezone(timezone.utc)
            total += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
        day += timedelta(days=1)
    return total


def expected(case, thread):
    """The first post of the brand after the one that opened the case: (who, wall, business)."""
    opening = next(post for post in thread if post["id"] == case["interaction"])
    start = at(opening["created_at"])
    for post in thread:
        if post["own"] and at(post["created_at"]) >= start:
            end = at(post["created_at"])
            return post["id"], (end - start).total_seconds(), business(start, end)
    return None


def show(thread, cases):
    print(f"\n== {thread[0]['thread']}")
    for post in thread:
        who = "BRAND" if post["own"] else post["author"]["handle"]
        print(f"  {at(post['created_at']).astimezone(ZONE):%a %Y-%m-%d %H:%M:%S}  {who}: "
              + " ".join(post["text"].split())[:150])
    for case in cases:
        reply = case["first_reply_seconds"] or {}
        print(f"  -> {case['kind']} {case['class']}, {case['state']}, {case['severity']}:"
              f" opened {at(case['opened_at']).astimezone(ZONE):%a %H:%M:%S},"
              f" due {at(case['due_at']).astimezone(ZONE):%a %H:%M:%S}, first reply after"
              f" {reply.get('wall')} s by the clock, {reply.get('business')} s of business time")
    if not cases:
        print("  -> no case")


def main():
    posts = [json.loads(line) for line in (WORK / "history.jsonl").open()]
    threads = defaultdict(list)
    for post in posts:
        threads[post["thread"]].append(post)
    for thread in threads.values():
        thread.sort(key=lambda post: at(post["created_at"]))
    print("import:", affinityd("import", str(WORK / "history.jsonl")).strip())
    print("again: ", affinityd("import", str(WORK / "history.jsonl")).strip())
    cases = json.loads(affinityd("cases", "list", "--json"))
    by_state = defaultdict(int)
    for case in cases:
        by_state[f"{case['class']}, {case['state']}"] += 1
    print(f"{len(threads)} threads, {len(posts)} posts, {len(cases)} cases: {dict(by_state)}")

    differ = 0
    for case in cases:
        wanted = expected(case, threads[case["thread"]])
        said = case["first_reply_seconds"]
        fits = (wanted is None and said is None) or (
            wanted and said and case["answered_by"] == wanted[0]
            and abs(said["wall"] - wanted[1]) < 0.01 and abs(said["business"] - wanted[2]) < 0.01)
        if not fits:
            differ += 1
            print(f"DIFFERS {case['id']} {case['interaction']}: {said} by {case['answered_by']}, expected {wanted}")

    of_thread = defaultdict(list)
    for case in sorted(cases, key=lambda case: case["opened_at"]):
        of_thread[case["thread"]].append(case)
    quiet = sorted(set(threads) - set(of_thread))
    print(f"{len(quiet)} threads make no case")
    many = int(sys.argv[1])
    long_ones = sorted(of_thread, key=lambda name: (-len(threads[name]), name))[: many // 2]
    short_ones = [name for name in sorted(of_thread) if name not in long_ones][: many - len(long_ones)]
    for name in long_ones + short_ones + quiet[: many // 2]:
        show(threads[name], of_thread[name])

    last = max(post["created_at"] for post in posts)[:10]
    print(f"\n== the digest as of {last}\n")
    print(affinityd("digest", "--as-of", last))
    print(f"{len(cases) - differ} cases as expected, {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
