"""What cloud storage there is, and which device has it until when."""
