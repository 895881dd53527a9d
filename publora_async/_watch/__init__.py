"""Tells what has changed between two looks at the same accounts, and remembers it."""
