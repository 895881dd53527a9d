"""What ``--help`` teaches beside the options; a backspace keeps click from filling a paragraph."""

__all__ = ["CHECK", "CONNECTIONS", "PUBLORA", "SANDBOX"]

PUBLORA = """\
\b
Examples:
  publora connections --sandbox         made-up accounts: no key, no network
  publora connections                   all accounts, as a table
  publora connections --format csv > accounts.csv
  publora check --within 7d || echo "some accounts have to be reconnected"

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
  1    check only: some accounts have to be reconnected
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
Examples:
  publora connections --platform instagram --platform threads
  publora connections --user 6626a1f5e4b0c91a2d3f4567
  publora connections | grep "needs reconnect"
  publora connections --format ndjson | jq -r .platformId

\b
Exit codes:
  0    listed, also where nothing is connected
  2    could not find out, stderr says why
"""

CHECK = """\
\b
Examples:
  publora check                 as Publora judges: under 7 days, TikTok 30
  publora check --within 2w     w, d, h, m: weeks, days, hours, minutes
  publora check > report 2>&1 || mail -s Reconnect me@example.com < report

\b
Exit codes:
  0    no account has to be reconnected
  1    some have to be, now or soon
  2    could not find out, stderr says why
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
