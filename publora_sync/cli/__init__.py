"""The ``publora`` command. It needs the extra ``cli``; the rest of the package does not."""

import click

from publora_sync.cli._check import check
from publora_sync.cli._completion import completion
from publora_sync.cli._connect import connect
from publora_sync.cli._connections import connections
from publora_sync.cli._sandbox import run_sandbox
from publora_sync.cli._shell import CommandGroup
from publora_sync.cli._test import run_test
from publora_sync.cli._users import users
from publora_sync.cli._watch import watch

__all__ = ["publora"]

# Here as in each command, a \b keeps click from filling the paragraph that it begins.
_EPILOG = """\
\b
Examples:
  publora connections --sandbox         made-up accounts: no key, no network
  publora connections                   all accounts, as a table
  publora connections --format csv > accounts.csv
  publora check                         what has to be reconnected, and why
  publora check --all-users             the accounts of all managed users
  publora watch --state accounts.db     tells when an account breaks
  publora users find ann                a managed user by e-mail or name
  publora connect USER --wait linkedin  a link for a user to connect with

\b
Environment:
  PUBLORA_API_KEY    your key, created at https://app.publora.com under API.
                     Without it you are asked to type the key. No option takes
                     it: other programs can read a command's arguments.
  PUBLORA_BASE_URL   another address of the service, such as a sandbox's.
  HTTPS_PROXY        the proxy to use, as curl does; also ALL_PROXY, NO_PROXY.
  SSL_CERT_FILE      whom to trust, such as the certificate of a proxy.
  NO_COLOR           set to anything: no colours.

\b
Exit codes:
  0    done
  1    check, test: an account has to be reconnected
  2    could not be done, stderr says why: wrong usage, bad key, no response
  3    check, test: whether an account has to be reconnected is not known
  130  ended by Ctrl-C

Answers go to stdout, everything else to stderr. publora COMMAND --help tells more.
"""


@click.group(
    cls=CommandGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="publora", message="%(prog)s %(version)s")
def publora() -> None:
    """
    See which social accounts are connected to Publora.

    Under which platform id, and which of them have to be reconnected: your own, or those of
    the users you manage.
    """


for _command in (connections, check, run_test, users, connect, watch, completion, run_sandbox):
    publora.add_command(_command)
