"""What the audit page is made of: its questions and its check of the whole record."""
