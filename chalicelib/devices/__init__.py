"""The cameras: from the factory to their owner, and what they are called."""
