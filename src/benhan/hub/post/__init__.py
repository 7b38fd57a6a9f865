"""Messages in and out: the door that verifies, the letters that wait for members."""
