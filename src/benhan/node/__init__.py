"""The hospital node: intake, patients, results, exchange. Services take values and a unit of work, never a request."""
