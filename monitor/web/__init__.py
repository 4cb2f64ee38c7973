"""The pages and feeds over HTTP."""
