"""A camera made of real footage, and the whole life of one account played against a running cloud."""
