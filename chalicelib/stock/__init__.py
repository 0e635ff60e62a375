"""The cameras as they were made: from the factory, on their channel, and what they say of themselves."""
