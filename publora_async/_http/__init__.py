"""HTTP: from a request to the bytes of its response. The only user of aiohttp's client."""
