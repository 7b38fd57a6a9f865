"""A patient's chart, a page at a time."""
