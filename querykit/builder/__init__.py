"""Statements and expressions: pure, without input or output, and without a dialect."""
