"""Application plumbing: configuration, database, scope, events, jobs, audit, errors. Knows no ITSM word."""
