"""The promises of a live test: each is one line, `ok …` or `FAIL …`; the last line counts them."""

import time
import traceback

passed, failed = 0, 0


def check(promise, holds, note=""):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(f"{'ok  ' if holds else 'FAIL'} {promise}" + (f"  [{note}]" if note and not holds else ""), flush=True)
    return bool(holds)


def until(limit, condition, step=0.25):
    """What the condition comes to once it holds; what it last was if it does not within `limit`."""
    end = time.monotonic() + limit
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(step)


def broken_off(error):
    """A flow that breaks off has failed, whatever it had shown before. Called while it is handled."""
    traceback.print_exc()
    check(f"the flow goes to its end ({type(error).__name__})", False)


def count(more=""):
    """Says the last line, and gives the exit code."""
    print(f"{passed} passed, {failed} failed{more}")
    return 1 if failed else 0
