"""Text that does not show itself, whatever is done with it."""

import copy
import pickle
from collections.abc import Callable

import pytest

from publora_async.secret import Secret

SECRET = Secret("sk_swordfish")


def test_a_secret_is_the_text_that_it_holds() -> None:
    assert SECRET == "sk_swordfish"
    assert str(SECRET) == f"{SECRET}" == "sk_swordfish"
    assert hash(SECRET) == hash("sk_swordfish")


def test_its_repr_is_masked_also_inside_of_other_values() -> None:
    assert repr(SECRET) == "***"
    assert repr({"key": [SECRET]}) == "{'key': [***]}"
    assert f"{SECRET!r}" == "***"


def test_a_part_of_it_is_masked_too() -> None:
    assert SECRET[3:] == "swordfish"
    assert repr(SECRET[3:]) == repr(SECRET[0]) == "***"


@pytest.mark.parametrize("travel", [pickle.dumps, copy.copy, copy.deepcopy])
def test_pickling_and_copying_it_are_refused_with_advice(
    travel: Callable[[object], object],
) -> None:
    with pytest.raises(TypeError, match="read it anew where it is needed"):
        travel(SECRET)
