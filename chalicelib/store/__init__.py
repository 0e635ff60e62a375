"""Records, keys, commits and ciphers: what DynamoDB holds, and the only ways to read and write it."""
