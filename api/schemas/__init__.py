"""The shapes that programs send and get: exact keys, nothing unknown accepted."""
