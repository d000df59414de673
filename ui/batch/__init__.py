"""Batches on the screen: choosing many items, what to do to them, seeing what would come of it, and doing it."""
