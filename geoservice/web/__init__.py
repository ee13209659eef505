"""The HTTP doors: each is a sentence of typed inputs, one operation and one encoder."""
