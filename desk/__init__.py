"""What people work on: cases of citizens, and what is remembered of a citizen."""
