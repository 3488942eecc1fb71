"""One database: engine, tables, migrations. Imports no other room."""
