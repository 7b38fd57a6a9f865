"""Orders (y lệnh) of doctors: what is ordered, what speaks against it, where it stands on the treatment sheet."""
