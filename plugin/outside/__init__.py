"""What leaves for files, and what comes in from them: where, and by whose leave."""
