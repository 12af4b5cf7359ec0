"""The rules of an approval, pure: definitions in, recorded entries in, one state out. No database, no clock of its own."""
