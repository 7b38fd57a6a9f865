"""Public fakes of the systems outside, for tests of ours and of those who build on this."""
