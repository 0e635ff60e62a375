"""Who is signed in, on which terminal, and how sure we are."""
