"""Running processes: one server a role, its background tasks, and the supervisor of several."""
