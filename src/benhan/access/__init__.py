"""Who may do what: accounts, sessions, machine tokens, and the permission of each route."""
