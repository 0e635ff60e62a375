"""`sowa`: the command line of who runs an installation, local or deployed."""
