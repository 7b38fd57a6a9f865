"""The ledger: every act and every view, append-only, chained by hash, provable by a day's Merkle root."""
