"""New sounds from a latent space: paths through it, walks, and pitch over time."""
