"""The letters: who is told what, and how it reaches them."""
