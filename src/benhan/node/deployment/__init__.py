"""How far this hospital has deployed the electronic record: measured here, signed, sent to the portal."""
