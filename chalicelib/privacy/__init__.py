"""Data subject rights: access, export, erasure, and the proof that they were carried out."""
