"""Papers signed in the hospital: by whom and in which order, with what, in batches, stamped, shown and verified."""
