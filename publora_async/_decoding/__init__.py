"""Decoding: from the bytes of a response to records; the only user of cattrs."""

# Now, with whatever imports the client: at the first response, it would stall the event loop.
import cattrs.gen  # noqa: F401
