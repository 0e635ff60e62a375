"""What a person may demand, and the proof that it was done."""
