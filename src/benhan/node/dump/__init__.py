"""Everything that a hospital's node holds, as files with their description: the end of a contract, an inspection."""
