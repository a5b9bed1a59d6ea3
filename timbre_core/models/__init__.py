"""Models that map windows of frames to latents and back: encoder x decoder x prior x likelihood x conditions."""
