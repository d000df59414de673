"""The managers' figures on the screen: tiles, and charts with the table and the items behind each."""
