"""Rules of clips: how much is in one, what its parts say of themselves, and where they are cut and joined."""
