"""Decoding: from the bytes of a response to records; the only user of cattrs."""
