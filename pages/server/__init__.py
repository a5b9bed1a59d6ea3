"""What the pages share on the server: checkpoints and their notes, sounds, colours, words, and how requests are answered."""
