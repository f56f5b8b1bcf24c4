"""The daemon's configuration in the live tests, in the parts that they share. What stands in single
braces is filled in when it is written."""

# Where a daemon that is no unit keeps everything.
PLACE = """
[daemon]
socket = "{work}/affinityd.sock"
state = "{work}/state"
"""

SENDER = """
[mail]
from = "affinityd <affinityd@mail.test>"
"""

SMTP = """
[mail.smtp]
host = "localhost"
port = {mail_port}
security = "{security}"
user = "affinityd@mail.test"
password-{secret}{password}"
ca-file = "{mail_ca}"
"""

BRAND = """
[[brands]]
id = "acme"
name = "Acme Coffee"
zone = "Europe/Stockholm"
recipients = ["care@mail.test"]
hours = {{ daily = "00:00-24:00" }}
accounts = [{{ platform = "{platform}", account = "{account}" }}]

[brands.terms]
terms = ["Acme Coffee", "acmecoffee"]
"""

# Everybody waits for a minute at the most, and is told of soon after that: an alert that waited for
# its group would leave with the sweep a minute later.
CARE = """
[brands.targets]
safety = "1m"
complaint = "1m"
question = "1m"
request = "1m"
at-risk-percent = 100
at-risk-before = "0s"

[brands.alerts]
group-wait = "0s"
group-interval = "1m"
"""


def digest(schedule, more=""):
    return f'\n[brands.digest]\nschedule = "{schedule}"\n{more}'


def mastodon(name, token, url="{url}"):
    """An account on such a server; `token` is the name of its secret."""
    return f"""
[[platforms.mastodon]]
name = "{name}"
url = "{url}"
token-{{secret}}{token}"
poll-notifications = "2s"
poll-posts = "2s"
"""


# Everything works.
GOOD = ("{places}" + SENDER + 'list-id = "alerts.mail.test"\n' + SMTP + BRAND + CARE
        + digest("* * * * *", 'empty = "always"\n') + mastodon("main", "{token}"))

# Two accounts that cannot work, beside the one that does.
WORSE = mastodon("expired", "dead") + mastodon("nobody-home", "token", "http://localhost:{dead_port}")

# What the files in the folder of secrets hold.
SECRETS = {
    "password": "right-password",
    "wrong-password": "not-the-password",
    "token": "tok-acmecoffee",
    "dead": "tok-of-somebody-who-left",
}
