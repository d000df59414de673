"""Service levels: when an item is due, at risk or breached, and why."""
