"""Payment providers, for whatever is bought."""
