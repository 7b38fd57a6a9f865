"""Topic-based subscriptions: the ledger is followed, receivers are told. Source: Subscriptions R5 Backport 1.1.0."""
