"""Keeping the results of reads."""
