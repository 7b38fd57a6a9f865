"""benhan: Vietnam's electronic medical record, from the bedside to the nation."""

__version__ = "0.1.0"
