"""One file a source; the file's name is the source's slug (see scrapers/registry.py)."""
