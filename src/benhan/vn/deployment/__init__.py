"""Deployment of the electronic medical record: what a hospital must show, by which live signals. Source: data/README.md."""
