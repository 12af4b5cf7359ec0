"""Identity: sign-in, links, second factor, sessions, API tokens, and moving between one's companies."""
