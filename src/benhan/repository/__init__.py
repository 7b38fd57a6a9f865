"""The national repository: takes deliveries in, keeps one longitudinal record a citizen."""
