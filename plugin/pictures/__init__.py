"""Images decoded, shrunk to thumbnails and laid out for a cell."""
