"""Listen: what turns spectrograms back into sound, side by side."""
