"""The API's description: made of the endpoint table and of the types that it names."""
