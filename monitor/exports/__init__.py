"""Writing the record to files: what analysts take away, and what the site offers every day."""
