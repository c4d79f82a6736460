"""What a plugin's author needs to test a plugin."""
