"""Library: your own folders of sounds, put on the map and kept up to date."""
