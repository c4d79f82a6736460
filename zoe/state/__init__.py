"""What Zoe knows, in PostgreSQL: the only part of Zoe that speaks to a database."""
