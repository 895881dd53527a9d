"""``publora completion``: the script that makes a shell complete commands, options, values."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from publora_sync.cli._shell import write

__all__ = ["completion"]

_SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}

_EPILOG = """\
It completes commands, options, platforms, formats and columns.

\b
bash, in ~/.bashrc:
  eval "$(publora completion bash)"

\b
zsh, in ~/.zshrc, below compinit:
  eval "$(publora completion zsh)"

\b
fish, once:
  publora completion fish > ~/.config/fish/completions/publora.fish
"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(context: click.Context, /, *, shell: str) -> None:
    """Print what makes a shell complete this command."""
    script = _SHELLS[shell](context.find_root().command, {}, "publora", "_PUBLORA_COMPLETE")
    write(f"{script.source()}\n")
