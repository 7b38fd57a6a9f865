"""The rules of a claim before it is sent: a file a group, a small function a rule; `data/rules.csv` is their table."""
