"""Writes the file of today's form."""

import sys

from tests.yesterday import write

write(sys.argv[1])
