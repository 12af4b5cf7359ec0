"""When agents work: their week, absences, what they say themselves, and who is on call for a team."""
