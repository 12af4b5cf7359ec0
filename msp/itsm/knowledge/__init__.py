"""Knowledge: articles that tell agents, every client or chosen clients how something is done."""
