"""Pictures of articles: taken in by whoever writes, given to whoever reads the text that shows them."""
