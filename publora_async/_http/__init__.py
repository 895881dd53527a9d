"""HTTP: from a request to the bytes of its response; the only user of aiohttp's client."""
