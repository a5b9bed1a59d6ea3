"""What the pages share in the browser: sound, spectrograms, small maps, and how a component is mounted."""
