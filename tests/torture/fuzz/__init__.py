"""Every parser against inputs that nobody meant: one harness each, guided by coverage or not."""
