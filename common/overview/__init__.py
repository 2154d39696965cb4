"""The library as a whole: all songs in a table, three sentences about them, and how they moved over years."""
