"""The invented market itself, in whole numbers: no text, no HTTP, no clock."""
