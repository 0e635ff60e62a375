"""What is asked for beside the password: codes of an authenticator app, passkeys, and recovery codes."""
