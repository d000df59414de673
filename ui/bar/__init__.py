"""The seldom-used tools of the queue's bar, each in a popover that a key opens too."""
