"""One file per interaction of http.html."""
