"""What doors answer: typed values with the API's field names, in one place for every door."""
