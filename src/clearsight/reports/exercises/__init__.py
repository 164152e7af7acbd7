"""Sheets of exercises as pages: HTML, PDF, Markdown and text, Moodle."""
