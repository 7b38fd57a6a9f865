"""The BHYT XML: the tables of QĐ 130/QĐ-BYT as amended by 4750, 3176 and 1931, and the file that carries them."""
