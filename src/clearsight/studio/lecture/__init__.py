"""The lecture: its slides with commands and figures, and the glossary; tables that the studio and the documentation read."""
