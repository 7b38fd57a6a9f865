"""The lists of codes of the country and of a hospital: by code and day, with where each row comes from."""
