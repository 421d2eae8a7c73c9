"""What is kept in the database: runs, iterations and their columns, fields, jobs."""
