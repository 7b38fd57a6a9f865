"""The coordination hub: members, consents, who holds what of whom, exchanges. Decision 0015."""
