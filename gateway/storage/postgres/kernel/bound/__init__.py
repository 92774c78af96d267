"""Links, references and watchers: how they are locked, loaded and written."""
