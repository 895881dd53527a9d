"""What travels to workers and back: packed, and without secrets unless that is asked for."""

import pickle
import ssl

import pytest
from conftest import KEY

from publora_async import ConfigurationError
from publora_async._http.options import ClientOptions
from publora_sync._executors.parcel import Parcel, Settings, settings_of

URL = "https://api.publora.com/api/v1"
PROXY = "http://ada:made.up@proxy.example:3128"


def test_a_parcel_gives_what_has_travelled_and_shows_nothing_of_it() -> None:
    sent = pickle.loads(pickle.dumps(Parcel({"secret": KEY})))
    assert sent.unpacked() == {"secret": KEY}
    assert KEY not in repr(sent)
    assert repr(sent) == f"<publora parcel of {len(sent.packed)} bytes>"


def test_a_parcel_of_another_version_is_refused() -> None:
    sent = Parcel(None)
    sent.version = "0.0.1"
    with pytest.raises(ConfigurationError, match=r"0\.0\.1: install the same version"):
        sent.unpacked()


def test_the_key_travels_only_where_that_is_asked_for() -> None:
    options = ClientOptions(api_key=KEY, strict=True)
    assert settings_of(options, send_key=False) == Settings(None, URL, strict=True, proxy=None)
    sent = settings_of(options, send_key=True)
    assert (sent.api_key, type(sent.api_key)) == (KEY, str)
    assert KEY not in repr(sent)


def test_a_proxy_travels_and_its_password_only_where_that_is_asked_for() -> None:
    plain = ClientOptions(api_key=KEY, proxy="http://proxy.example:3128")
    assert settings_of(plain, send_key=False).proxy == str(plain.proxy)
    secret = ClientOptions(api_key=KEY, proxy=PROXY)
    with pytest.raises(ConfigurationError, match="the proxy's password would travel"):
        settings_of(secret, send_key=False)
    sent = settings_of(secret, send_key=True)
    assert sent.proxy == str(secret.proxy)
    assert "made.up" not in repr(sent)


def test_trust_does_not_travel() -> None:
    options = ClientOptions(api_key=KEY, ssl_context=ssl.create_default_context())
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        settings_of(options, send_key=True)
