"""What runs inside the notebook service. `zoe_lab` imports nothing of Zoe, and travels in the image."""
