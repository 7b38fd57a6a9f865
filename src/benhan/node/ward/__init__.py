"""Daily work on a ward: who lies where, who treats, what waits; transfers and what ends a stay."""
