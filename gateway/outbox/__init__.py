"""What must leave the house: messages written with the change that caused them."""
