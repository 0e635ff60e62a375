"""Use cases of pictures that people give: for whatever they are of, and for avatars."""
