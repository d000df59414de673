"""One alert rule beside the list: the form that builds its JSON, and how it would have fared in the past."""
