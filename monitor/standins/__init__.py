"""The portals as loopback servers with the real formats, for the demo and the tests."""
