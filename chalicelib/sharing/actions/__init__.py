"""What is done about shares: what owners do, what guests do, and what follows of itself."""
