"""Infrastructure: the declared resources, their deployment, and a local cloud."""
