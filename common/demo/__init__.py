"""The demo library: Italodance and Trance songs, composed and rendered by our own code."""
