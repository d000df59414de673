"""Rules: an administrator's own conditions that raise alerts, as validated JSON. docs/alerts.md tells of them."""
