"""Text in other formats: cells of a CSV file, Markdown, settings written as words."""
