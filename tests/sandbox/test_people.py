"""The invented people: one for each number, in many scripts."""

from publora_async.sandbox._people import Person, person


def test_a_person_follows_from_seed_and_number() -> None:
    assert person(0, 7) == Person("Trịnh Minh Anh", "minhanhtrinh7", "minhanh.trinh7@example.com")
    assert person(1, 7) != person(0, 7) != person(0, 8)


def test_no_two_people_share_a_handle_or_an_email() -> None:
    people = [person(0, number) for number in range(10_000)]
    assert len({who.handle for who in people}) == len({who.email for who in people}) == 10_000


def test_names_are_in_many_scripts_and_addresses_in_ascii() -> None:
    people = [person(0, number) for number in range(100)]
    assert {who.name.isascii() for who in people} == {True, False}
    assert all((who.handle + who.email).isascii() for who in people)
    assert all(who.handle.isalnum() and who.handle.islower() for who in people)
