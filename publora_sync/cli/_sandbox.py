"""``publora sandbox``: the stand-in for the service, in the foreground."""

import click

__all__ = ["run_sandbox"]


@click.command(
    "sandbox",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run_sandbox(arguments: tuple[str, ...]) -> None:
    """Run a local stand-in for Publora until Ctrl-C."""
    from publora_async.sandbox.__main__ import main

    # The sandbox parses them itself, as it does for python -m publora_async.sandbox.
    main(arguments, program="publora sandbox")
