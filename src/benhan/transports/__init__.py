"""Sockets: MLLP, and HTTP towards other systems."""
