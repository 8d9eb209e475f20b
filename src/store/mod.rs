//! The only module that speaks SQL: SQLite by default, PostgreSQL by configuration; one schema, one set of queries.
