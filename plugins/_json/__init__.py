"""The private part of parser_json."""
