"""The commands of `sowa`: one module for each kind of thing that operators care for."""
