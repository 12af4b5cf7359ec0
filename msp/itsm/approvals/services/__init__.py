"""Writes of approvals, split by what is done: asking, answering, what time brings, covering, links."""
