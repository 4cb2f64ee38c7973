"""The common tongue: values and pure functions that every room may use; no database, no I/O."""
