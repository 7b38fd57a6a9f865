"""The citizen's health book (Sổ sức khoẻ điện tử): their own record in plain words, and who has looked."""
