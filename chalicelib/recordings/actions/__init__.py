"""Actions of recordings: letting cameras in, taking what arrives, showing what stands, deleting, and counting anew."""
