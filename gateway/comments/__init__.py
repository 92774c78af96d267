"""What people write on tickets."""
