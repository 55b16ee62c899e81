"""Figures against peers: ``make bench``."""
