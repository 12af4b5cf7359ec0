"""What an editor may save: content is brought into its stored form or refused, with a pointer to each fault."""
