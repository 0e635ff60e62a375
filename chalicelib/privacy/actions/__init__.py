"""Use cases of rights: one module for each."""
