"""The engine of Deconfuse: rooms that compute, from arrays to arrays, and rooms that keep."""
