"""What is kept in the database: samples and their fields, runs, iterations, columns, jobs."""
