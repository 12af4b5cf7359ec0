"""What tests share: servers, databases, applications and people."""
