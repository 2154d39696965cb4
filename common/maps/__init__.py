"""The library as a map: where songs lie, its figures for print, its page."""
