"""Who may see what: grants, emergencies, who looked and why."""
