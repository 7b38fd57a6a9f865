"""Pages: Jinja, htmx, uPlot. Vietnamese first, English second."""
