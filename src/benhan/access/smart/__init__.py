"""Apps: an OAuth 2.0 authorization server as SMART App Launch 2.2 and OpenID Connect say.

Source: RFC 6749, 6750, 7009, 7523, 7636, 7662; https://hl7.org/fhir/smart-app-launch/STU2.2/. Not there: PKCE `plain`,
implicit and password grants, dynamic registration, `fhirContext` beyond patient and encounter.
"""
