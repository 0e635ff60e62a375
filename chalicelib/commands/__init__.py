"""What a camera is told to do: given, kept while it sleeps, brought down its channel, and answered."""
