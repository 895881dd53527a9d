"""Advice that several messages give."""

__all__ = ["WHERE_KEYS_COME_FROM"]

WHERE_KEYS_COME_FROM = "create a key at https://app.publora.com under API and set PUBLORA_API_KEY"
"""For every message about a key that is missing or wrong."""
