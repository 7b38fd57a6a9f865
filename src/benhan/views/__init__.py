"""ViewDefinitions run on a store or on resources at hand, to rows, to Parquet and CSV. Source: SQL on FHIR 2.0."""
