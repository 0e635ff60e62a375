"""What is done about pictures that people give: for whatever they are of, and for avatars."""
