"""Beside the list of alerts: saying something to many, and planning when alerts shall make no sound."""
