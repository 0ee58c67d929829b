"""Indicators of compromise: what they are, the lists and bundles they come from, and the file in which they are looked up."""
