"""How records are worded: abbreviations."""
