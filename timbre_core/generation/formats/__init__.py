"""File formats of sampled instruments: one description, and a file with one writer for each format."""
