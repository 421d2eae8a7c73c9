"""How many wrong labels are left: drawing audits, estimating from them, and when to stop."""
