"""One failure group beside the list: how it is to be settled, what would come of it, and how far it is."""
