"""Plans of cloud storage: the catalogue, and the plan of each device."""
