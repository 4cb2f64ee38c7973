"""The record: what is known, and the only SQL of the project."""
