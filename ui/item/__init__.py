"""One item beside the list: what it is about, what may be done to it now, and what was done before."""
