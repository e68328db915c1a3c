"""The embedded model `nano`: the renderer that drew its pictures, its training, and its weights."""
