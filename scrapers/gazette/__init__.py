"""The official gazette's procurement edition: from the PDF of an issue to the notices in it."""
