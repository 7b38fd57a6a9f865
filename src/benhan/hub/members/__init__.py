"""Who takes part: codes, keys, certificates, state; the signed configuration made of them."""
