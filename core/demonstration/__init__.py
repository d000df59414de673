"""The invented operation that a first start shows: what it is about, when things happened, and who did them."""
