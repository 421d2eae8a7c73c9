"""The engine of Deconfuse: arrays in, arrays out, and the three files that keep what came out."""
