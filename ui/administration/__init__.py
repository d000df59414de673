"""The parts of the administration page, one module a tab."""
