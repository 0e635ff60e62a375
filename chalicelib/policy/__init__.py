"""The privacy policy: its versions, what changed between them, and what people agree to."""
