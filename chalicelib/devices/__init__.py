"""The devices of people: bound to their owner, called something, set up and taken away."""
