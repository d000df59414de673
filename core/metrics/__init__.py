"""Metrics: what a period brought and how things stand, group by group. docs/metrics.md defines every figure."""
