"""How records and lists show themselves: tables for notebooks and terminals, frames, plots."""
