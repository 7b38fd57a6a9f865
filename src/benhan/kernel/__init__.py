"""The few words that every package shares. Standard library only."""
