"""From an ask to a receipt."""
