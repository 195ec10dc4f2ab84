"""Tables, manifests and the commands that check, compare and merge them."""
