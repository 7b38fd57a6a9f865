"""The log of exchanges for an operator: search, states in words, again."""
