"""How close worlds synthesised from tool docs alone come to the official ones."""
