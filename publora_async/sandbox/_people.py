"""The invented people behind managed users and their accounts."""

from typing import NamedTuple

from publora_async.sandbox._seeded_random import SeededRandom

__all__ = ["Person", "person"]

# Names as they are shown, each with its spelling in an address; common ones, from
# many scripts, so that whoever displays them meets more than ASCII.
_NAMES = (
    (
        "{given} {family}",
        (("Amélie", "amelie"), ("Loïc", "loic"), ("Margaux", "margaux")),
        (("Lefèvre", "lefevre"), ("Garnier", "garnier"), ("Besançon", "besancon")),
    ),
    (
        "{given} {family}",
        (("Łucja", "lucja"), ("Paweł", "pawel"), ("Zofia", "zofia")),
        (("Wójcik", "wojcik"), ("Kamiński", "kaminski"), ("Mazur", "mazur")),
    ),
    (
        "{given} {family}",
        (("Ruby", "ruby"), ("Callum", "callum"), ("Priya", "priya")),
        (("Hartley", "hartley"), ("O'Shea", "oshea"), ("Whitcombe", "whitcombe")),
    ),
    (
        "{given} {family}",
        (("Inés", "ines"), ("Joaquín", "joaquin"), ("Begoña", "begona")),
        (("Núñez", "nunez"), ("Ibarra", "ibarra"), ("Quintana", "quintana")),
    ),
    (
        "{given} {family}",
        (("Søren", "soren"), ("Åse", "ase"), ("Jürgen", "jurgen")),
        (("Bjørnstad", "bjornstad"), ("Lindqvist", "lindqvist"), ("Weiß", "weiss")),
    ),
    (
        "{given} {family}",
        (("Олена", "olena"), ("Богдан", "bohdan"), ("Марія", "mariia")),
        (("Коваль", "koval"), ("Мельник", "melnyk"), ("Гончар", "honchar")),
    ),
    (
        "{family} {given}",
        (("結衣", "yui"), ("陽斗", "haruto"), ("美咲", "misaki")),
        (("佐々木", "sasaki"), ("小川", "ogawa"), ("中村", "nakamura")),
    ),
    (
        "{given} {family}",
        (("ليلى", "layla"), ("يوسف", "yusuf"), ("نور", "nour")),
        (("حداد", "haddad"), ("منصور", "mansour"), ("الخطيب", "khatib")),
    ),
    (
        "{family} {given}",
        (("Thảo", "thao"), ("Minh Anh", "minhanh"), ("Quân", "quan")),
        (("Nguyễn", "nguyen"), ("Trịnh", "trinh"), ("Đặng", "dang")),
    ),
    (
        "{given} {family}",
        (("Chidinma", "chidinma"), ("Kwame", "kwame"), ("Adaeze", "adaeze")),
        (("Okonjo", "okonjo"), ("Boateng", "boateng"), ("Eze", "eze")),
    ),
)


class Person(NamedTuple):
    """
    An invented person.

    Attributes:
        name: Full name, in its own script and order.

        handle: The person's username on most platforms, lower-case ASCII without blanks.

        email: An address at example.com, where no mail arrives. Its digits are the person's
            number.
    """

    name: str
    handle: str
    email: str


def person(seed: int, number: int) -> Person:
    """Invent the person with this *number*; no two numbers share a handle or an email."""
    random = SeededRandom("person", seed, number)
    order, given_names, family_names = random.pick(_NAMES)
    given, given_ascii = random.pick(given_names)
    family, family_ascii = random.pick(family_names)
    return Person(
        name=order.format(given=given, family=family),
        handle=f"{given_ascii}{family_ascii}{number}",
        email=f"{given_ascii}.{family_ascii}{number}@example.com",
    )
