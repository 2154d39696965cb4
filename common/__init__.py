"""What the four stages share: the layout, audio, features, the library, charts and the console."""
