"""Search: one file per parameter type, each giving conditions; `page` runs them."""
