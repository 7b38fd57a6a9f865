"""Which member holds what kind of data of whom, never the data."""
