"""A synthetic country from a seed: people, facilities, illness, and its traces in every format. Nobody is real."""
