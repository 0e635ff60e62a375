"""Support: what people write to the operator, with pictures, and what they are answered (B16)."""
