"""Bodies that are text: what their values look like, and which key each field of a record gets."""
