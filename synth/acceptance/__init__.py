"""What a role's product must pass, whoever made it: each check says what is wrong, or None."""
