"""Deployment of the electronic record: what a hospital must show, by which signals. Source: data/README.md."""
