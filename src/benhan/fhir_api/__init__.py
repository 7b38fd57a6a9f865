"""The FHIR R4 RESTful API: a table of routes, one file per interaction. Source: FHIR R4 http.html."""
