"""The sources: what to fetch and how to read it. No database, no schedule."""
