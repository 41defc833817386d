"""Experiments that show what Chandlery withstands: faults, crashes, load, attackers."""
