"""The node's messages to authorities: planned out of the ledger, made, signed, sent, and looked after by people."""
