"""Who there is: users, the groups they are in, the roles they hold, and tokens."""
