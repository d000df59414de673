"""Looking through records by itself for what a person should see to."""
