"""Does the proof of isolation notice? Each safeguard is taken away in turn, and the proof must fail."""
