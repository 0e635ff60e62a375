"""The suite on a DynamoDB that others wrote, and what that one does otherwise than AWS."""
