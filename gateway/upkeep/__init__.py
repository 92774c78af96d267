"""What time brings about, one duty a file: pure, like what senders and people do."""
