"""Do escalations survive what kills workers and servers? Each step must take effect exactly once."""
