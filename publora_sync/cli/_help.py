"""What ``--help`` teaches beside the options; a backspace keeps click from filling a paragraph."""

__all__ = ["CHECK", "CONNECT", "CONNECTIONS", "PUBLORA", "SANDBOX", "TEST", "USERS"]

PUBLORA = """\
\b
Examples:
  publora connections --sandbox         made-up accounts: no key, no network
  publora connections                   all accounts, as a table
  publora connections --format csv > accounts.csv
  publora check --within 7d || echo "some accounts have to be reconnected"
  publora check --all-users             the accounts of all managed users
  publora connect USER --wait linkedin  a link for a user to connect with

\b
Environment:
  PUBLORA_API_KEY    your key, created at https://app.publora.com under API.
                     Without it you are asked to type the key. No option takes
                     it: other programs can read a command's arguments.
  PUBLORA_BASE_URL   another address of the service, such as a sandbox's.
  NO_COLOR           set to anything: no colours.

\b
Exit codes:
  0    done
  1    check, test: an account has to be reconnected
  2    could not be done, stderr says why: wrong usage, bad key, no answer
  130  ended by Ctrl-C

Answers go to stdout, everything else to stderr. publora COMMAND --help tells more.
"""

CONNECTIONS = """\
\b
Formats:
  table    for people: a table, or plain aligned text where stdout is no
           terminal, one account a line
  json     Publora's own answer, indented
  ndjson   Publora's own answer, one account a line
  csv      a header, then one flat row an account; times in UTC

\b
Many users (--users-file, --all-users, or --user more than once):
  Each account says whose it is: ndjson by "userId", csv and aligned text in
  the first column; json is {"users": [{"userId", "connections"}, ...]}.
  ndjson and csv are written as the answers arrive, and hold nothing. table
  and json hold everything to the end, and are in the order of the users.
  A user who fails ends nothing. stderr names each ("user ID failed: why")
  and sums up at the end, also after Ctrl-C or when the key is refused;
  json has "error" in place of the user's "connections".
  A users file has one id a line, and blank lines and # comments. A user
  named twice is asked about once.

\b
Examples:
  publora connections --platform instagram --platform threads
  publora connections --user 6626a1f5e4b0c91a2d3f4567
  publora connections | grep "needs reconnect"
  publora connections --format ndjson | jq -r .platformId
  publora connections --all-users --format csv > accounts.csv 2> log
  awk '/ failed: /{print $2}' log | publora connections --users-file -

\b
Exit codes:
  0    listed, also where nothing is connected
  2    could not find out, or not about every user; stderr says why
  130  ended by Ctrl-C; the lines on stdout are whole
"""

CHECK = """\
\b
Examples:
  publora check                 as Publora judges: under 7 days, TikTok 30
  publora check --within 2w     w, d, h, m, s: weeks, days, hours, ...
  publora check --all-users --within 14d
  publora check --users-file customers.txt
  publora check > list || [ $? = 2 ] || mail -s Reconnect a@example.com < list

\b
Many users (--users-file, --all-users, or --user more than once):
  The accounts are printed at the end, each with its user. A user who fails
  ends nothing: stderr names each ("user ID failed: why") and sums up. A
  users file has one id a line, and blank lines and # comments.

\b
Exit codes:
  0    no account has to be reconnected
  1    some have to be, now or soon
  2    could not find out, or not about every user; stderr says why
"""

TEST = """\
\b
Examples:
  publora test linkedin-Tz4NqVnrPU
  publora test telegram--1001234567890 --user 6626a1f5e4b0c91a2d3f4567
  publora test mastodon-1 > said || cat said

\b
Exit codes:
  0    the credential works
  1    it does not: the account has to be reconnected
  2    could not find out, stderr says why
"""

USERS = """\
\b
Formats:
  table    for people: a table, or plain aligned text where stdout is no
           terminal; LINK UNTIL is when the user's link lapses
  json     Publora's own answer, indented
  ndjson   Publora's own answer, one user a line
  csv      a header, then one row a user; times in UTC
A link in json, ndjson or csv lets whoever has it connect accounts.

\b
Examples:
  publora users
  publora users --format ndjson | jq -r ._id > customers.txt

\b
Exit codes:
  0    listed, also where there is nobody
  2    could not find out, stderr says why
"""

CONNECT = """\
The link is the first line on stdout. With --wait, the platform id of the
account that was connected is the second. One that had expired and works
again counts, too.

\b
Examples:
  publora connect 6626a1f5e4b0c91a2d3f4567
  publora connect 6626a1f5e4b0c91a2d3f4567 --days 7 --rotate
  publora connect 6626a1f5e4b0c91a2d3f4567 --wait linkedin --timeout 1h
  publora connect $(publora users --sandbox --format ndjson \\
    | head -1 | jq -r ._id) --sandbox --wait linkedin

\b
Exit codes:
  0    there is the link, and the account that was waited for
  2    no link, or no account in time; stderr says why
  130  ended by Ctrl-C; the link works on
"""

SANDBOX = """\
\b
Once it listens, the first two lines on stdout are
  PUBLORA_BASE_URL=http://127.0.0.1:8787/api/v1
  PUBLORA_API_KEY=sk_sandbox.workspace

\b
Examples:
  publora sandbox
  publora sandbox --port 0 --users 1000000
  curl http://127.0.0.1:8787/api/v1/platform-connections \\
    -H "x-publora-key: YOUR_API_KEY"

\b
Exit codes:
  0    ended, by Ctrl-C or SIGTERM
  2    wrong usage, or the port is taken
"""
