"""The process that the browser talks to; it never imports torch."""
