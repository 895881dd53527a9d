"""The version stands in one place."""

from importlib.metadata import version

import publora_async
import publora_sync


def test_both_packages_say_the_version_of_what_is_installed() -> None:
    assert publora_async.__version__ == publora_sync.__version__ == version("publora")
