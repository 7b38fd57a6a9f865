"""Records (hồ sơ bệnh án): their life from opening to the archive, the papers in them, what is written on these."""
