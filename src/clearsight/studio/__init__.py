"""The studio: pictures, networks and their numbers in a browser on this machine."""
