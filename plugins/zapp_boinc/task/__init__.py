"""What runs inside the service: holds the BOINC client to one task and tells how it ended. Standard library only."""
