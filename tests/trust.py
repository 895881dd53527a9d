"""A certificate authority of the tests' own, and TLS contexts for both ends."""

import ssl
from datetime import datetime
from pathlib import Path

import trustme

__all__ = ["AUTHORITY", "STRANGER", "serving", "trusting", "written_to"]

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


def serving(
    name: str = "127.0.0.1", *, by: trustme.CA = AUTHORITY, until: datetime | None = None
) -> ssl.SSLContext:
    """What a server shows for itself: a certificate for *name*, good *until* then."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    by.issue_cert(name, not_after=until).configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    """What a client has to trust :data:`AUTHORITY`, and the system's authorities."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def written_to(folder: Path) -> str:
    """The path of a file in *folder* that holds :data:`AUTHORITY`, as SSL_CERT_FILE wants it."""
    path = folder / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)
