"""What batch and transaction are made of: steps, their references, their plan, their answers."""
