"""The words of the country: identifiers, names, catalogues, the Ministry's formats. Pure."""
