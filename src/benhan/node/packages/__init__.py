"""Records handed from hospital to hospital: a package with everything, signed; and what becomes of one that arrives."""
