"""Evidence that what was signed was there: trees over files, time-stamps over trees, renewed before they age."""
