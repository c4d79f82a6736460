"""What runs inside the notebook service. `zoe_lab` is on its own: it imports nothing of Zoe, and travels in the image."""
