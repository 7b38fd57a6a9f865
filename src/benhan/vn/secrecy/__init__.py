"""Special secrecy: what of a record the law keeps from most who may read the rest. Source: data/README.md."""
